import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSealer } from '../../src/crypto/sealer.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { createAccounts } from '../../src/database/accounts.ts';
import { createLookupRuns } from '../../src/database/lookup-runs.ts';
import { reseal, sealedColumns } from '../../src/database/sealed-columns.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = openDatabase(test.url);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

const key = (id: string) => ({ id, key: randomBytes(32) });

it('lists every column of the schema whose name says that it is sealed', async () => {
  const columns = await database.sql<{ name: string }[]>`
    select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = 'public' and column_name like '%\_sealed' and table_name !~ '^lookup_runs_'`;
  expect(columns.map(({ name }) => name).sort()).toEqual(Object.keys(sealedColumns).sort());
});

it('seals again with the first key, counts what no key opens, and keeps runs findable by number', async () => {
  const [old, fresh, lost] = [key('old'), key('fresh'), key('lost')];
  const account = await createAccounts(database.db).create({
    email: `${randomUUID()}@example.com`,
    passwordHash: '',
    firstName: 'Ada',
    lastName: 'Example',
    company: undefined,
    timeZone: 'UTC',
  });
  const run = (number: string) =>
    ({
      id: randomUUID(),
      askedAtMs: Date.now(),
      accountId: account.id,
      pbxId: '47EC1B-B70D69-818AE6',
      orgId: undefined,
      lookupId: '47EC1B-B70D69-818AE7',
      lookupVersion: 1,
      question: { callerId: number },
      number,
      answer: { reason: 'no-match', extension: undefined, matches: 0, ms: 1 },
      found: undefined,
      foundAtMs: undefined,
      repeats: 0,
      isTest: false,
    }) as const;
  await createLookupRuns(database.db, createSealer([old])).record(run('+4930231250001'));
  await createLookupRuns(database.db, createSealer([lost])).record(run('+4930231250002'));

  const both = createSealer([fresh, old]);
  const outcome = await reseal(database.sql, both, 'fresh', 'lookup_runs.question_sealed');
  expect(outcome).toMatchObject({ resealed: 1, unreadable: 1 });
  const [row] = await database.sql<{ question_sealed: string }[]>`
    select question_sealed from lookup_runs where number_hash = ${both.keyedHash('+4930231250001')}`;
  expect(row?.question_sealed).toMatch(/^fresh:/);
  expect(await reseal(database.sql, both, 'fresh', 'lookup_runs.question_sealed')).toMatchObject({ resealed: 0 });
});
