import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { trouble } from '../../../src/domain/answer.ts';
import type { Finding } from '../../../src/domain/lookup.ts';
import type { AskSalesforce } from '../../../src/use-cases/ask-salesforce.ts';
import { createLookupCalls, type LookupCalls, type LookupRequest } from '../../../src/use-cases/lookup-calls.ts';
import { readQuestion } from '../../../src/use-cases/read-question.ts';
import {
  createFakeLookupEngine,
  createFakeLookupMetrics,
  createFakeLookupRuns,
  foundContact,
  lookup,
  orgId,
  pbx,
  rules,
} from '../../support/fakes/lookups.ts';
import { matched, readNumber } from '../../support/phone-api.ts';

const errors: unknown[] = [];
const logger = {
  info: () => undefined,
  warn: () => undefined,
  error: (...logged: unknown[]) => void errors.push(logged),
};

let engine = createFakeLookupEngine();
let runs = createFakeLookupRuns();
let metrics = createFakeLookupMetrics();
let asked = 0;
let askSalesforce: AskSalesforce = async () => matched('201');
let calls: LookupCalls;

const newCalls = (options: Parameters<typeof createLookupCalls>[1]) =>
  createLookupCalls(
    {
      askSalesforce: (question, signal) => {
        asked += 1;
        return askSalesforce(question, signal);
      },
      engine,
      runs,
      clock: { now: () => Date.now() },
      marginMs: () => 20,
      metrics,
      logger,
    },
    { repeatForMs: 150, recordWithinMs: 50, pauseMs: 5, ...options },
  );

beforeEach(() => {
  engine = createFakeLookupEngine();
  runs = createFakeLookupRuns();
  metrics = createFakeLookupMetrics();
  asked = 0;
  askSalesforce = async () => matched('201');
  calls = newCalls({});
});
afterEach(async () => {
  await calls.close();
  expect(calls.size).toBe(0);
  expect(errors).toEqual([]);
});

const request = (callerId: string, changes: Partial<LookupRequest> = {}): LookupRequest => ({
  service: 'extension',
  pbx,
  lookup,
  orgId,
  question: { callerId },
  read: readQuestion({ callerId }, readNumber),
  readMs: 0.02,
  rules,
  arrivedAtMs: Date.now(),
  ...changes,
});

/** Answers when it is told to. */
function held(): { ask: AskSalesforce; answer: (finding: Finding) => void } {
  const { promise, resolve } = Promise.withResolvers<Finding>();
  return { ask: () => promise, answer: resolve };
}

/** Does what the workflow does. */
async function recordAll(): Promise<void> {
  for (const { runId } of engine.starts) {
    const call = calls.find(runId);
    await call?.result;
    calls.recorded(runId, call?.repeats ?? 0);
  }
}

describe('identical questions', () => {
  it('in flight share one call and one run', async () => {
    const salesforce = held();
    askSalesforce = salesforce.ask;
    const answers = [calls.answer(request('0752543312')), calls.answer(request('+49 752543312'))];
    salesforce.answer(matched('201'));
    const [first, second] = await Promise.all(answers);
    expect(second).toEqual(first);
    expect(asked).toBe(1);
    await expect.poll(() => engine.starts.length).toBe(1);
    expect(metrics.counts).toMatchObject({ repeated: 1, matched: 2 });
  });

  it('get a repeated answer with the same run id for a while, then a new one', async () => {
    const first = await calls.answer(request('0752543312'));
    expect((await calls.answer(request('0752543312'))).runId).toBe(first.runId);
    await expect.poll(async () => (await calls.answer(request('0752543312'))).runId).not.toBe(first.runId);
    expect(asked).toBe(2);
  });

  it.each([
    ['no-match', true],
    ['owner-inactive', true],
    ['salesforce-slow', false],
    ['not-connected', false],
    ['quota', false],
  ] as const)('after the answer %s: repeated %s', async (reason, isRepeated) => {
    askSalesforce = async () => trouble(reason);
    const first = await calls.answer(request('0752543312'));
    const second = await calls.answer(request('0752543312'));
    expect(second.runId === first.runId).toBe(isRepeated);
    expect(asked).toBe(isRepeated ? 1 : 2);
  });

  it('are not identical when the number, the lookup, its version or the phone system differ', async () => {
    const ids = new Set<string>();
    for (const other of [
      request('0752543312'),
      request('0752543313'),
      request('0752543312', { lookup: { ...lookup, version: 2 } }),
      request('0752543312', { lookup: { ...lookup, id: 'AAAAAA-AAAAAA-AAAAAA' } }),
      request('0752543312', { pbx: { ...pbx, version: 2 } }),
      request('0752543312', { pbx: { ...pbx, id: 'AAAAAA-AAAAAA-AAAAAA' } }),
      request('0752543312', { read: readQuestion({ callerId: '0752543312', ivrId: '00001002' }, readNumber) }),
      request('0752543312', { service: 'data' }),
      request('0752543312', { orgId: undefined }),
      ...['0752543314', 'anonymous', 'a b'].map((calledId) =>
        request('0752543312', { read: readQuestion({ callerId: '0752543312', calledId }, readNumber) }),
      ),
    ]) {
      ids.add((await calls.answer(other)).runId);
    }
    expect(ids.size).toBe(11); // a called number that is withheld is like none
  });
});

describe('an answer', () => {
  it('comes before the deadline when Salesforce does not', async () => {
    askSalesforce = (_question, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(trouble('salesforce-slow')));
      });
    const arrivedAtMs = Date.now();
    const answer = await calls.answer(request('0752543312', { pbx: { ...pbx, deadlineMs: 300 }, arrivedAtMs }));
    expect(Date.now() - arrivedAtMs).toBeLessThan(300);
    expect(answer).toMatchObject({ reason: 'salesforce-slow', extension: '100' });
  });

  it('does not wait for an engine that is away', async () => {
    const { promise, resolve } = Promise.withResolvers<'closed'>();
    engine.outcome = promise;
    expect(await calls.answer(request('0752543312'))).toMatchObject({ extension: '201' });
    resolve('closed');
  });

  it('is the lookup’s fallback before the phone system’s', async () => {
    askSalesforce = async () => trouble('no-match');
    const withOwn = request('0752543312', { lookup: { ...lookup, fallbackExtension: '150' } });
    expect(await calls.answer(withOwn)).toMatchObject({ extension: '150' });
    expect(await calls.answer(request('0752543313'))).toMatchObject({ extension: '100' });
  });

  it('needs no call to Salesforce when there is nothing to search for', async () => {
    expect(await calls.answer(request('anonymous'))).toMatchObject({ reason: 'withheld', extension: '100' });
    expect(asked).toBe(0);
    await expect.poll(() => engine.starts.length).toBe(1);
  });
});

describe('a run', () => {
  it('that its workflow recorded is not written again', async () => {
    await calls.answer(request('0752543312'));
    await expect.poll(() => engine.starts.length).toBe(1);
    await recordAll();
    await expect.poll(() => calls.size).toBe(0);
    expect(runs.recorded).toEqual([]);
  });

  it('is written here when another process got its workflow', async () => {
    const { runId } = await calls.answer(request('0752543312'));
    await expect.poll(() => calls.size).toBe(0);
    expect(runs.recorded).toMatchObject([
      { id: runId, answer: { reason: 'matched', extension: '201' }, found: { extension: '201' }, repeats: 0 },
    ]);
  });

  it('tells what was asked for, and of data only how many fields there were', async () => {
    askSalesforce = async () => ({ ...matched('201'), fields: { Name: 'Marc', Level: 'Gold' } });
    await calls.answer(request('0752543312', { service: 'data' }));
    await expect.poll(() => runs.recorded.length).toBe(1);
    expect(engine.starts).toMatchObject([{ service: 'data' }]);
    expect(runs.recorded).toMatchObject([{ service: 'data', answer: { reason: 'matched', fields: 2 } }]);
    expect(JSON.stringify(runs.recorded[0]?.answer)).not.toMatch(/Marc|Gold/);
  });

  it('says how its answer came about, in the result and in the log, and nothing of what came after it', async () => {
    let observe: Parameters<AskSalesforce>[0]['observe'];
    const record = foundContact('003A0000000AbCdIAK');
    askSalesforce = async (question) => {
      observe = question.observe;
      observe?.({ kind: 'asking', call: 'values', count: 1, texts: () => ['SELECT'] });
      observe?.({ kind: 'answered', call: 'values', rows: () => 1 });
      observe?.({ kind: 'judged', records: () => [{ step: 0, record, verdict: 'winner' }] });
      return matched('201');
    };
    const { runId } = await calls.answer(request('0752543312', { readMs: 0.0234 }));
    const held = calls.find(runId);
    observe?.({ kind: 'answered', call: 'digits', rows: () => 9 });
    const atMs = expect.any(Number) as number;
    const trace = {
      readMs: 0.02,
      caller: { kind: 'number', e164: '+49752543312' },
      events: [
        ['asking', atMs, 'values', 1],
        ['answered', atMs, 'values', 1],
        ['judged', atMs, 0, 'winner', 'Contact', ['003A0000000AbCdIAK']],
      ],
      leftOut: 0,
    };
    expect((await held?.result)?.trace).toEqual(trace);
    await expect.poll(() => runs.recorded.length).toBe(1);
    expect(runs.recorded[0]?.trace).toEqual(trace);
  });

  it('is started when its question is out, and explained when its caller has the answer', async () => {
    let startsWhenAsked: number | undefined;
    const rows = vi.fn(() => 1);
    askSalesforce = async ({ observe }) => {
      startsWhenAsked = await Promise.resolve().then(() => engine.starts.length);
      await nextTurn(); // as Salesforce, which answers when the run is held
      observe?.({ kind: 'answered', call: 'values', rows });
      return matched('201');
    };
    const { runId } = await calls.answer(request('0752543312'));
    expect(startsWhenAsked).toBe(0);
    expect(rows).not.toHaveBeenCalled();
    expect((await calls.find(runId)?.result)?.trace.events).toMatchObject([
      ['answered', expect.any(Number), 'values', 1],
    ]);
    expect(engine.starts).toMatchObject([{ runId }]);
  });

  it('is recorded, though its answer cannot be explained', async () => {
    askSalesforce = async ({ observe }) => {
      const rows = () => {
        throw new Error('a bug');
      };
      observe?.({ kind: 'answered', call: 'values', rows });
      return matched('201');
    };
    await calls.answer(request('0752543312'));
    await expect.poll(() => runs.recorded.length).toBe(1);
    expect(runs.recorded).toMatchObject([{ answer: { extension: '201' }, trace: { events: [] } }]);
    expect(errors.splice(0)).toMatchObject([[{ err: { message: 'a bug' } }, 'an answer could not be explained']]);
  });

  it('has the fallback, and is not repeated, where asking breaks', async () => {
    askSalesforce = async () => {
      throw new TypeError('a bug');
    };
    const answers = [await calls.answer(request('0752543312')), await calls.answer(request('0752543312'))];
    expect(answers).toMatchObject([
      { reason: 'salesforce-error', extension: '100' },
      { reason: 'salesforce-error', extension: '100' },
    ]);
    await expect.poll(() => runs.recorded.length).toBe(2);
    expect(runs.recorded).toMatchObject(answers.map(({ runId, reason }) => ({ id: runId, answer: { reason } })));
    const logged = [{ err: { message: 'a bug' } }, 'a lookup failed'];
    expect(errors.splice(0)).toMatchObject([logged, logged]);
  });

  it('has the fallback, and is not repeated, where no answer can be made of what was found', async () => {
    askSalesforce = async () => ({
      ...matched('201'),
      get extension(): string {
        throw new TypeError('a bug');
      },
    });
    const answers = [await calls.answer(request('0752543312')), await calls.answer(request('0752543312'))];
    expect(answers).toMatchObject([{ reason: 'salesforce-error' }, { reason: 'salesforce-error' }]);
    expect(asked).toBe(2);
    expect(errors.splice(0)).toHaveLength(2);
  });

  it('is written at once where another process recorded it without its answer', async () => {
    await calls.close();
    calls = newCalls({ recordWithinMs: 60_000, repeatForMs: 60_000 });
    const { runId } = await calls.answer(request('0752543312'));
    await expect.poll(() => engine.starts.length).toBe(1);
    calls.recordedUnanswered(runId);
    await expect.poll(() => runs.recorded.length).toBe(1);
    expect(runs.recorded).toMatchObject([{ id: runId, answer: { reason: 'matched', extension: '201' } }]);
    expect(calls.size).toBe(1);
  });

  it('that another process recorded before the answer is written with it', async () => {
    const salesforce = held();
    askSalesforce = salesforce.ask;
    await calls.close();
    calls = newCalls({ recordWithinMs: 60_000 });
    const answer = calls.answer(request('0752543312'));
    await expect.poll(() => engine.starts.length).toBe(1);
    calls.recordedUnanswered(engine.starts[0]?.runId ?? '');
    salesforce.answer(matched('201'));
    const { runId } = await answer;
    await expect.poll(() => runs.recorded.length).toBe(1);
    expect(runs.recorded).toMatchObject([{ id: runId, answer: { reason: 'matched' } }]);
  });

  it('is not written again while its answer is repeated, if nobody asks', async () => {
    await calls.answer(request('0752543312'));
    await expect.poll(() => runs.recorded.length).toBe(1);
    await expect.poll(() => calls.size).toBe(0);
    expect(runs.recorded).toHaveLength(1);
  });

  it('has the repeats counted that came after it was recorded', async () => {
    const { runId } = await calls.answer(request('0752543312'));
    await expect.poll(() => engine.starts.length).toBe(1);
    await recordAll();
    await calls.answer(request('0752543312'));
    await calls.answer(request('0752543312'));
    await expect.poll(() => calls.size).toBe(0);
    expect(runs.recorded).toMatchObject([{ id: runId, repeats: 2 }]);
  });

  it('is written as soon as the database is back', async () => {
    runs.failure = new Error('away');
    await calls.answer(request('0752543312'));
    await expect.poll(() => runs.attempts).toBeGreaterThan(1);
    runs.failure = undefined;
    await expect.poll(() => runs.recorded.length).toBe(1);
  });

  it('that the engine had no room for is forgotten', async () => {
    engine.outcome = Promise.resolve('dropped');
    await calls.answer(request('0752543312'));
    await expect.poll(() => calls.size).toBe(0);
    expect(runs.recorded).toEqual([]);
  });

  it('is written by a process that closes before the engine is back', async () => {
    const { promise, resolve } = Promise.withResolvers<'closed'>();
    engine.outcome = promise;
    await calls.answer(request('0752543312'));
    resolve('closed');
    await calls.close();
    expect(runs.recorded).toHaveLength(1);
  });

  it('knows nothing found when there was trouble', async () => {
    askSalesforce = async () => trouble('salesforce-error');
    await calls.answer(request('0752543312'));
    await expect.poll(() => runs.recorded.length).toBe(1);
    expect(runs.recorded).toMatchObject([
      { answer: { reason: 'salesforce-error', extension: '100' }, found: undefined },
    ]);
  });
});
