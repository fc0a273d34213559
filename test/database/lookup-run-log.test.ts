import { randomBytes, randomUUID } from 'node:crypto';
import { drizzle } from 'drizzle-orm/postgres-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSealer } from '../../src/crypto/sealer.ts';
import { createAccounts } from '../../src/database/accounts.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { createLookupRunLog } from '../../src/database/lookup-run-log.ts';
import { createLookupRunRetention } from '../../src/database/lookup-run-retention.ts';
import { createLookupRuns } from '../../src/database/lookup-runs.ts';
import type { LookupRun } from '../../src/domain/lookup.ts';
import type { LookupRunFilter, LookupRunLog, LookupRunRetention, LookupRuns } from '../../src/ports.ts';
import { lookup, orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let database: Database;
let runs: LookupRuns;
let log: LookupRunLog;
let retention: LookupRunRetention;
const sealer = createSealer([{ id: 'test', key: randomBytes(32) }]);

beforeAll(async () => {
  test = await createTestDatabase();
  database = openDatabase(test.url);
  runs = createLookupRuns(database.db, sealer);
  log = createLookupRunLog(database.db, sealer);
  retention = createLookupRunRetention(database.db);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

const day = 86_400_000;

async function newAccount(): Promise<string> {
  const account = await createAccounts(database.db).create({
    email: `${randomUUID()}@acme.example`,
    passwordHash: 'x',
    firstName: 'Ada',
    lastName: 'Admin',
    company: undefined,
    timeZone: 'UTC',
  });
  return account.id;
}

const run = (accountId: string, changes: Partial<LookupRun> = {}): LookupRun => ({
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
  found: undefined,
  foundAtMs: undefined,
  repeats: 0,
  ...changes,
});

async function record(accountId: string, ...changes: Partial<LookupRun>[]): Promise<LookupRun[]> {
  const made = changes.map((change) => run(accountId, change));
  for (const each of made) await runs.record(each);
  return made;
}

describe('the log', () => {
  it('gives pages, newest first, forth and back without a gap, also where runs share a moment', async () => {
    const accountId = await newAccount();
    const nowMs = Date.now();
    await record(
      accountId,
      ...Array.from({ length: 25 }, (_, index) => ({ askedAtMs: nowMs - Math.floor(index / 5) * 1_000 })),
    );
    const first = await log.page(accountId, {}, { limit: 10 });
    const second = await log.page(accountId, {}, { limit: 10, olderThan: last(first.runs) });
    const third = await log.page(accountId, {}, { limit: 10, olderThan: last(second.runs) });
    expect([first, second, third].map((page) => [page.runs.length, page.hasNewer, page.hasOlder])).toEqual([
      [10, false, true],
      [10, true, true],
      [5, true, false],
    ]);
    expect(new Set([first, second, third].flatMap((page) => page.runs.map(({ id }) => id))).size).toBe(25);
    const [newest] = third.runs;
    if (!newest) throw new Error('the third page is empty');
    const back = await log.page(accountId, {}, { limit: 10, newerThan: newest });
    expect(back.runs).toEqual(second.runs);
    expect(back).toMatchObject({ hasNewer: true, hasOlder: true });
  });

  it('finds by number without storing one', async () => {
    const accountId = await newAccount();
    const [made] = await record(accountId, { number: '+4989111' }, { number: '+4989112' });
    const { runs: found } = await log.page(accountId, { numbers: ['+4989111', '+33123'] }, { limit: 10 });
    expect(found).toEqual([made]);
    const [{ count } = { count: -1 }] = await database.sql<{ count: number }[]>`
      select count(*)::int as count from lookup_runs where lookup_runs::text like '%4989111%'`;
    expect(count).toBe(0);
  });

  it.each<[keyof LookupRunFilter, LookupRunFilter]>([
    ['pbxId', { pbxId: '000000-000000-000001' }],
    ['lookupId', { lookupId: '000000-000000-000002' }],
    ['reason', { reason: 'quota' }],
    ['fromMs', { fromMs: Date.now() + day }],
    ['toMs', { toMs: Date.now() - day }],
  ])('filters by %s', async (_, filter) => {
    const accountId = await newAccount();
    await record(accountId, {});
    const [wanted] = await record(accountId, {
      pbxId: '000000-000000-000001',
      lookupId: '000000-000000-000002',
      askedAtMs: 'fromMs' in filter ? Date.now() + 2 * day : 'toMs' in filter ? Date.now() - 2 * day : Date.now(),
      answer: { reason: 'quota', extension: undefined, matches: 0, ms: 3 },
    });
    expect((await log.page(accountId, filter, { limit: 10 })).runs).toEqual([wanted]);
  });

  it('finds a run for its own account only', async () => {
    const accountId = await newAccount();
    const [made] = await record(accountId, {});
    expect(await log.find(accountId, made?.id ?? '')).toEqual(made);
    expect(await log.find(await newAccount(), made?.id ?? '')).toBeUndefined();
  });

  it('counts answers with their repeats, and durations, by spans of time; without those of the test box', async () => {
    const accountId = await newAccount();
    const startMs = Math.floor(Date.now() / 60_000) * 60_000 - 600_000;
    const answer = (reason: LookupRun['answer']['reason'], ms: number | undefined) => ({
      answer: { reason, extension: undefined, matches: 0, ms },
    });
    await record(
      accountId,
      ...Array.from({ length: 100 }, (_, index) => ({ askedAtMs: startMs + index, ...answer('matched', index + 1) })),
      { askedAtMs: startMs + 60_000, ...answer('no-match', 7), repeats: 4 },
      { askedAtMs: startMs + 60_001, ...answer('unknown', undefined) },
      { askedAtMs: startMs + 60_002, ...answer('quota', 9), isTest: true },
    );
    expect(await log.spans(accountId, pbx.id, { fromMs: startMs, toMs: startMs + 120_000, spanMs: 60_000 })).toEqual({
      spans: [
        { startMs, answers: { matched: 100 }, p50: 50, p95: 95, p99: 99 },
        { startMs: startMs + 60_000, answers: { 'no-match': 5, unknown: 1 }, p50: 7, p95: 7, p99: 7 },
      ],
      whole: { answers: { matched: 100, 'no-match': 5, unknown: 1 }, p50: 50, p95: 95, p99: 99 },
    });
  });

  describe('over a hundred thousand runs', () => {
    const pbxIds = ['AAAAAA-AAAAAA-AAAAA0', 'AAAAAA-AAAAAA-AAAAA1', 'AAAAAA-AAAAAA-AAAAA2'] as const;
    const lookupIds = ['BBBBBB-BBBBBB-BBBBB0', 'BBBBBB-BBBBBB-BBBBB1', 'BBBBBB-BBBBBB-BBBBB2'] as const;
    const asked: { query: string; params: unknown[] }[] = [];
    let accountId: string;
    let reading: LookupRunLog;

    beforeAll(async () => {
      accountId = await newAccount();
      const db = drizzle(database.sql, { logger: { logQuery: (query, params) => void asked.push({ query, params }) } });
      const nothingSealed = { ...sealer, open: () => '{"question":{}}', keyedHash: (number: string) => number };
      reading = createLookupRunLog(db, nothingSealed);
      await database.sql.begin(async (sql) => {
        await sql`set local statement_timeout = 0`;
        await sql`select create_lookup_run_partitions((now() at time zone 'utc')::date - 150, 9)`;
        // Each phone system uses a lookup of its own; the third finds nobody; one number calls every tenth time.
        await sql`
          insert into lookup_runs (id, asked_at, account_id, pbx_id, lookup_id, lookup_version, question_sealed, number_hash,
            answer_reason, answer_matches, answer_ms)
          select gen_random_uuid(), now() - n * interval '100 seconds', ${accountId}, 'AAAAAA-AAAAAA-AAAAA' || n % 3,
            'BBBBBB-BBBBBB-BBBBB' || n % 3, 1, repeat('sealed', 40), case when n % 10 = 0 then 'often' else 'number ' || n % 5000 end,
            case when n % 3 = 2 then 'no-match' when n % 1000 = 0 then 'quota' else 'matched' end, 1, n % 900
          from generate_series(1, 100000) n`;
      });
      await database.sql`vacuum analyze lookup_runs`;
    }, 60_000);

    const [pbxId, , loser] = pbxIds;
    const [, lookupId] = lookupIds;
    it.each<[string, LookupRunFilter]>([
      ['no filter', {}],
      ['a phone system', { pbxId }],
      ['a phone system that never asked', { pbxId: 'AAAAAA-AAAAAA-AAAAA9' }],
      ['a lookup', { lookupId }],
      ['a lookup that was never used', { lookupId: 'BBBBBB-BBBBBB-BBBBB9' }],
      ['a reason', { reason: 'quota' }],
      ['a reason that never was', { reason: 'deadline' }],
      ['a phone system with its lookup', { pbxId, lookupId: lookupIds[0] }],
      ['a phone system with a lookup that it never used', { pbxId, lookupId }],
      ['a phone system with a reason', { pbxId, reason: 'matched' }],
      ['a phone system with a reason that it never had', { pbxId: loser, reason: 'matched' }],
      ['a lookup with a reason that it never had', { lookupId: lookupIds[2], reason: 'matched' }],
      ['a phone system and its lookup with a reason', { pbxId, lookupId: lookupIds[0], reason: 'quota' }],
      ['all three, never together', { pbxId: loser, lookupId: lookupIds[2], reason: 'matched' }],
      ['numbers', { numbers: ['number 17', 'number 18'] }],
      ['a number that calls often', { numbers: ['often'] }],
      ['a number that calls often, with a reason that it never had', { numbers: ['often'], reason: 'deadline' }],
      ['a number that never called', { numbers: ['nobody'] }],
      ['a number with a phone system that it never called', { numbers: ['number 17'], pbxId }],
    ])('reads little for a page by %s, also far back', async (name, filter) => {
      for (const daysBack of [0, 60, 110]) {
        const askedAtMs = Date.now() - daysBack * day;
        const place = { askedAtMs, id: 'ffffffff-ffff-4fff-8fff-ffffffffffff' };
        for (const part of [{ olderThan: place }, { newerThan: place }]) {
          asked.length = 0;
          await reading.page(accountId, filter, { limit: 50, ...part });
          expect(await blocksRead(asked), `${name}, ${daysBack} days back`).toBeLessThan(800);
        }
      }
    });

    it('reads the figures of a week from an index alone', async () => {
      asked.length = 0;
      const toMs = Date.now();
      const { whole } = await reading.spans(accountId, pbxId, { fromMs: toMs - 7 * day, toMs, spanMs: 3_600_000 });
      expect(Object.keys(whole.answers).sort()).toEqual(['matched', 'quota']);
      // Which scan is cheapest depends on what was vacuumed; that an index alone is enough does not.
      const [figures] = asked;
      const text = await database.sql.begin(async (sql) => {
        await sql`set local enable_seqscan = off`;
        await sql`set local enable_bitmapscan = off`;
        return JSON.stringify(await sql.unsafe(`explain (format json) ${figures?.query}`, figures?.params as never[]));
      });
      expect(text).toContain('"Node Type":"Index Only Scan"');
      expect(text).not.toMatch(/"Node Type":"(?:Seq Scan|Index Scan|Bitmap Heap Scan)"/);
    });
  });
});

describe('retention', () => {
  it('keeps runs 90 days unless the account says otherwise', async () => {
    const accountId = await newAccount();
    expect(await retention.daysOf(accountId)).toBe(90);
    await retention.setDays(accountId, 7);
    expect(await retention.daysOf(accountId)).toBe(7);
  });

  it('deletes what is older than its account wants, in portions, and nothing else', async () => {
    const [short, long] = [await newAccount(), await newAccount()];
    await retention.setDays(short, 7);
    const ages = [1, 6, 8, 30, 80].map((days) => ({ askedAtMs: Date.now() - days * day }));
    await record(short, ...ages);
    await record(long, ...ages);
    expect(await retention.deleteOldRuns(2)).toBe(2);
    while ((await retention.deleteOldRuns(1_000)) > 0);
    expect((await log.page(short, {}, { limit: 10 })).runs).toHaveLength(2);
    expect((await log.page(long, {}, { limit: 10 })).runs).toHaveLength(5);
  });

  it('drops partitions that nobody keeps anything of, and only those', async () => {
    await database.sql`select create_lookup_run_partitions((now() at time zone 'utc')::date - 1200, 2)`;
    const partitions = async () =>
      (
        await database.sql<{ name: string }[]>`select inhrelid::regclass::text as name from pg_inherits
        where inhparent = 'lookup_runs'::regclass order by 1`
      ).map(({ name }) => name);
    const before = await partitions();
    const keeper = await newAccount();
    await retention.setDays(keeper, 1_095);
    const dropped = await retention.dropOldPartitions();
    expect(dropped).toEqual(before.slice(0, 2));
    expect(await partitions()).toEqual(before.slice(2));
    expect(await retention.dropOldPartitions()).toEqual([]);
  });

  it('makes the partitions of the months to come, again and again', async () => {
    await retention.preparePartitions();
    await retention.preparePartitions();
    const [{ name } = { name: '' }] = await database.sql<{ name: string }[]>`
      select 'lookup_runs_' || to_char(now() at time zone 'utc' + interval '3 months', 'YYYY_MM') as name`;
    const [{ found } = { found: null }] = await database.sql<{ found: string | null }[]>`
      select to_regclass(${name})::text as found`;
    expect(found).toBe(name);
  });
});

interface ExplainedPlan {
  readonly Plan: { readonly 'Shared Hit Blocks': number; readonly 'Shared Read Blocks': number };
}

const plans = (asked: readonly { readonly query: string; readonly params: readonly unknown[] }[]) =>
  Promise.all(
    asked.map(async ({ query, params }) => {
      const rows = await database.sql.unsafe<{ 'QUERY PLAN': readonly ExplainedPlan[] }[]>(
        `explain (analyze, buffers, format json) ${query}`,
        params as never[],
      );
      const plan = rows[0]?.['QUERY PLAN'][0];
      if (!plan) throw new Error('there is no plan');
      return plan.Plan;
    }),
  );

async function blocksRead(asked: Parameters<typeof plans>[0]): Promise<number> {
  expect(asked).not.toEqual([]);
  return (await plans(asked)).reduce((sum, plan) => sum + plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], 0);
}

function last(list: readonly LookupRun[]): LookupRun {
  const run = list.at(-1);
  if (!run) throw new Error('the page is empty');
  return run;
}
