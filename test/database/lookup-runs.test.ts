import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSealer } from '../../src/crypto/sealer.ts';
import { openChangeFeed } from '../../src/database/changes.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { createLookupRunLog } from '../../src/database/lookup-run-log.ts';
import { createLookupRuns } from '../../src/database/lookup-runs.ts';
import type { LookupTrace } from '../../src/domain/lookup-trace.ts';
import type { LookupRun } from '../../src/domain/lookup.ts';
import type { Change, LookupRuns } from '../../src/ports.ts';
import { accountId, lookup, orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let database: Database;
let runs: LookupRuns;
const sealer = createSealer([{ id: 'test', key: randomBytes(32) }]);

beforeAll(async () => {
  test = await createTestDatabase();
  database = openDatabase(test.url);
  runs = createLookupRuns(database.db, sealer);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

const found = {
  reason: 'matched',
  matches: 1,
  extension: '201',
  recordId: '003A0000000AbCdIAK',
  object: 'Contact',
} as const;
const run = (changes: Partial<LookupRun> = {}): LookupRun => ({
  id: randomUUID(),
  askedAtMs: Date.now(),
  accountId,
  pbxId: pbx.id,
  orgId,
  lookupId: lookup.id,
  lookupVersion: 1,
  isTest: false,
  question: { callerId: '0752543312' },
  number: '+49752543312',
  answer: { reason: 'matched', extension: '201', matches: 1, ms: 23 },
  found,
  foundAtMs: Date.now(),
  repeats: 0,
  ...changes,
});
const unknown = { reason: 'unknown', extension: undefined, matches: 0, ms: undefined } as const;
const stored = (id: string) => createLookupRunLog(database.db, sealer).find(accountId, id);

it('gives back what was recorded, and tells of it', async () => {
  const changes: Change[] = [];
  const feed = await openChangeFeed(database.sql);
  feed.subscribe((change) => changes.push(change));
  const recorded = run();
  await runs.record(recorded);
  expect(await stored(recorded.id)).toEqual(recorded);
  const change = { kind: 'lookup-run', id: recorded.id, accountId, pbxId: pbx.id };
  await expect.poll(() => changes).toEqual([change]);
  await runs.record({ ...recorded, answer: unknown });
  await expect.poll(() => changes).toEqual([change, { ...change, isUnanswered: true }]);
  await feed.close();
});

it('keeps the number sealed and findable by its keyed hash, and no value of a record', async () => {
  const recorded = run({ found: { ...found, fields: { FirstName: 'Marc' } } });
  await runs.record(recorded);
  const [row] = await database.sql<[Record<string, unknown>]>`select * from lookup_runs where id = ${recorded.id}`;
  expect(JSON.stringify(row)).not.toMatch(/752543312|Marc/);
  expect(row['number_hash']).toBe(sealer.keyedHash('+49752543312'));
});

it('keeps what was asked for, and how many fields were told', async () => {
  const answer = { reason: 'matched', extension: undefined, fields: 3, matches: 1, ms: 23 } as const;
  const recorded = run({ service: 'data', answer });
  await runs.record({ ...recorded, service: undefined, answer: unknown });
  await runs.record(recorded);
  await runs.record({ ...recorded, service: undefined, answer: unknown });
  expect(await stored(recorded.id)).toEqual(recorded);
});

it('keeps how an answer came about, sealed, for the page of the run alone', async () => {
  const trace: LookupTrace = {
    readMs: 0.02,
    caller: { kind: 'number', e164: '+49752543312' },
    events: [['judged', 12, 0, 'winner', 'Contact', ['003A0000000TraceIAK']]],
    leftOut: 0,
  };
  const foundTrace: LookupTrace = { ...trace, events: [['asking', 2_000, 'values', 3]] };
  const recorded = run({ trace });
  await runs.record(recorded);
  await runs.record({ ...recorded, trace: undefined, foundTrace });
  await runs.record({ ...recorded, trace: undefined });
  expect(await stored(recorded.id)).toEqual({ ...recorded, foundTrace });
  const log = createLookupRunLog(database.db, sealer);
  const { runs: listed } = await log.page(accountId, { pbxId: pbx.id }, { limit: 100 });
  expect(listed.find(({ id }) => id === recorded.id)).toEqual({ ...recorded, trace: undefined });
  const [row] = await database.sql<[Record<string, unknown>]>`select * from lookup_runs where id = ${recorded.id}`;
  expect(row['trace_sealed']).toMatch(/^test:/);
  expect(JSON.stringify(row)).not.toMatch(/003A0000000TraceIAK|752543312|winner/);
  await database.sql`update lookup_runs set trace_sealed = found_trace_sealed where id = ${recorded.id}`;
  await expect(stored(recorded.id)).rejects.toThrow();
});

it('is one row, whoever writes it and in whatever order', async () => {
  const complete = run({ repeats: 3 });
  const parts: LookupRun[] = [
    { ...complete, answer: unknown, found: undefined, foundAtMs: undefined, repeats: 0 },
    { ...complete, answer: unknown, repeats: 1 },
    { ...complete, found: undefined, foundAtMs: undefined, repeats: 3 },
  ];
  for (const order of [parts, parts.toReversed(), [...parts, ...parts]]) {
    const id = randomUUID();
    await Promise.all(order.map((part) => runs.record({ ...part, id })));
    expect(await stored(id)).toEqual({ ...complete, id });
  }
});

it('keeps a fallback answer when Salesforce is heard later', async () => {
  const answer = { reason: 'salesforce-slow', extension: '100', matches: 0, ms: 1_480 } as const;
  const recorded = run({ answer, found: undefined, foundAtMs: undefined });
  await runs.record(recorded);
  await runs.record({ ...recorded, found, foundAtMs: recorded.askedAtMs + 5_000 });
  expect(await stored(recorded.id)).toMatchObject({ answer, found: { extension: '201' } });
});

it('fails without telling a number', async () => {
  const recorded = run({ askedAtMs: Number.MAX_SAFE_INTEGER / 1_100, pbxId: '\u0000' });
  await expect(runs.record(recorded)).rejects.toThrow(/^The database refused a value \(22...\)\.$/);
  await expect(runs.record(recorded)).rejects.not.toThrow(/752543312/);
});
