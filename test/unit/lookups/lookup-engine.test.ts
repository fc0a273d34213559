import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { beforeEach, expect, it } from 'vitest';
import type { AskedLookup, LookupStart } from '../../../src/domain/lookup.ts';
import { createSealer } from '../../../src/crypto/sealer.ts';
import { createLookupEngine } from '../../../src/temporal/lookup-engine.ts';
import { openQuestion } from '../../../src/use-cases/lookup-record.ts';
import { accountId, createFakeLookupMetrics, lookup, orgId, pbx } from '../../support/fakes/lookups.ts';

const sealer = createSealer([{ id: 'test', key: randomBytes(32) }]);

/** What the engine's server does with a start. */
let answer: () => Promise<{ eagerlyStarted: boolean }>;
let sent: string[];
let sentArguments: LookupStart[];
let atOnce: number;
let mostAtOnce: number;
/** What the pace was told. */
let waited: number[];
let tookMs: number[];

beforeEach(() => {
  answer = async () => ({ eagerlyStarted: true });
  sent = [];
  sentArguments = [];
  atOnce = 0;
  mostAtOnce = 0;
  tookMs = [];
  waited = [];
});

const client = {
  withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
  workflow: {
    async start(_type: string, { workflowId, args }: { workflowId: string; args: [LookupStart] }) {
      sent.push(workflowId);
      sentArguments.push(args[0]);
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      try {
        return await answer();
      } finally {
        atOnce -= 1;
      }
    },
  },
} as unknown as Client;

/** As the pace allows. */
const allowed = { width: 16 };
const open = ({ width = 16, ...options }: Parameters<typeof createLookupEngine>[1] & { width?: number } = {}) => {
  allowed.width = width;
  const metrics = createFakeLookupMetrics();
  const pace = {
    width: () => allowed.width,
    asked: (waiting: number) => void waited.push(waiting),
    took: (ms: number) => void tookMs.push(ms),
  };
  const logger = { warn: () => undefined, info: () => undefined };
  return {
    engine: createLookupEngine({ client, metrics, sealer, pace, logger }, { pauseMs: 5, ...options }),
    counts: metrics.counts,
  };
};

const answered = {
  finding: { reason: 'no-match', matches: 0 },
  answer: { runId: '', reason: 'no-match', matches: 0, extension: undefined, fields: {}, ms: 1 },
  trace: { readMs: 0.02, events: [], leftOut: 0 },
} as const;
const unanswered = new Promise<never>(() => undefined);

const start = (runId: string): AskedLookup => ({
  runId,
  askedAtMs: 0,
  deadlineAtMs: 0,
  accountId,
  pbxId: pbx.id,
  lookupId: lookup.id,
  lookupVersion: 1,
  orgId,
  question: { callerId: '0752543312' },
  number: '+49752543312',
});

it('sends a bounded number at once, in the order of their coming', async () => {
  const { engine, counts } = open({ width: 3 });
  answer = () => new Promise((resolve) => setTimeout(() => resolve({ eagerlyStarted: true }), 2));
  const ids = Array.from({ length: 20 }, (_, index) => String(index));
  expect(await Promise.all(ids.map((id) => engine.start(start(id), unanswered)))).toEqual(ids.map(() => 'started'));
  expect(sent).toEqual(ids.map((id) => `lookup-${id}`));
  expect(mostAtOnce).toBe(3);
  expect(counts['eager']).toBe(20);
  expect(tookMs).toHaveLength(20);
  expect(Math.min(...tookMs)).toBeGreaterThan(1);
  await engine.close();
});

it('keeps what cannot be started until the engine is back, and tries with one alone', async () => {
  const { engine, counts } = open();
  answer = () => Promise.reject(new Error('away'));
  const starting = Promise.all(['1', '2', '3'].map((id) => engine.start(start(id), unanswered)));
  await expect.poll(() => counts['start-failed']).toBeGreaterThan(5);
  mostAtOnce = 0;
  const before = counts['start-failed'] ?? 0;
  await expect.poll(() => counts['start-failed']).toBeGreaterThan(before + 2);
  expect(mostAtOnce).toBe(1);
  answer = async () => ({ eagerlyStarted: false });
  expect(await starting).toEqual(['started', 'started', 'started']);
  expect(counts['polled']).toBe(3);
  await engine.close();
});

it('drops the new one when too many wait, and counts it', async () => {
  const { engine, counts } = open({ maxWaiting: 2, width: 1 });
  const held = Promise.withResolvers<{ eagerlyStarted: boolean }>();
  answer = () => held.promise;
  const starting = ['1', '2', '3', '4'].map((id) => engine.start(start(id), unanswered));
  expect(await starting[3]).toBe('dropped');
  expect(counts['unrecorded']).toBe(1);
  held.resolve({ eagerlyStarted: true });
  expect(await Promise.all(starting)).toEqual(['started', 'started', 'started', 'dropped']);
  await engine.close();
});

it('starts what waits before it closes, and says of the rest that it closed', async () => {
  const { engine } = open({ width: 1 });
  answer = () => new Promise((resolve) => setTimeout(() => resolve({ eagerlyStarted: true }), 5));
  const starting = ['1', '2', '3'].map((id) => engine.start(start(id), unanswered));
  await engine.close();
  expect(await Promise.all(starting)).toEqual(['started', 'started', 'started']);
  expect(await engine.start(start('4'), unanswered)).toBe('closed');
});

it('does not wait for an engine that is away when it closes', async () => {
  const { engine, counts } = open({ pauseMs: 60_000 });
  answer = () => Promise.reject(new Error('away'));
  const starting = ['1', '2'].map((id) => engine.start(start(id), unanswered));
  await expect.poll(() => counts['start-failed']).toBeGreaterThan(0);
  await engine.close();
  expect(await Promise.all(starting)).toEqual(['closed', 'closed']);
});

it('starts no more than the worker keeps up with', async () => {
  const { engine } = open({ width: 2, recordWithinMs: 60_000 });
  const ids = ['1', '2', '3', '4'];
  const starting = ids.map((id) => engine.start(start(id), Promise.resolve(answered)));
  await Promise.all(starting.slice(0, 2));
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toEqual(['lookup-1', 'lookup-2']);
  engine.recorded('1');
  await starting[2];
  expect(sent).toEqual(['lookup-1', 'lookup-2', 'lookup-3']);
  engine.recorded('2');
  engine.recorded('3');
  expect(await Promise.all(starting)).toEqual(ids.map(() => 'started'));
  await engine.close();
});

it('counts a workflow that does not record in time no longer', async () => {
  const { engine } = open({ width: 1, recordWithinMs: 5 });
  const starting = ['1', '2'].map((id) => engine.start(start(id), Promise.resolve(answered)));
  expect(await Promise.all(starting)).toEqual(['started', 'started']);
  await engine.close();
});

it('starts none while the pace holds them, and goes on by itself', async () => {
  const { engine } = open({ width: 0 });
  const first = engine.start(start('1'), unanswered);
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(sent).toEqual([]);
  allowed.width = 1;
  expect(await first).toBe('started');
});

it('tells the pace of each that is asked, and how many wait', async () => {
  const { engine } = open({ width: 0 });
  const starting = ['1', '2'].map((id) => engine.start(start(id), unanswered));
  expect(waited).toEqual([1, 2]);
  allowed.width = 2;
  await Promise.all(starting);
  await engine.close();
});

it('does not hold back those that wait for Salesforce, up to what the worker has room for', async () => {
  const { engine } = open({ width: 1, maxOpen: 3 });
  const starting = ['1', '2', '3', '4'].map((id) => engine.start(start(id), unanswered));
  await Promise.all(starting.slice(0, 3));
  expect(sent).toHaveLength(3);
  engine.recorded('2');
  await starting[3];
  await engine.close();
});

it('seals the question for its run before it leaves', async () => {
  const { engine } = open();
  await engine.start(start('1'), unanswered);
  expect(JSON.stringify(sentArguments)).not.toContain('752543312');
  const { sealedQuestion = '' } = sentArguments[0] ?? {};
  expect(openQuestion(sealer, '1', sealedQuestion)).toEqual({
    question: { callerId: '0752543312' },
    number: '+49752543312',
  });
  expect(() => openQuestion(sealer, 'another', sealedQuestion)).toThrow();
  await engine.close();
});
