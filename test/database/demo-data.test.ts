import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { createLookups } from '../../src/database/lookups.ts';
import { demoPbxId, seedDemo } from '../../src/local/demo-data.ts';
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

it('gives the demo PBX a lookup of each service, also when it was made before, and the same token each time', async () => {
  const environment = { DATABASE_URL: test.url, TRUNKLINE_KEYS: `demo:${'A'.repeat(43)}=` };
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-demo-'));
  const chosen = async () => {
    const [pbx] = await database.sql<{ accountId: string; dataLookupId: string | null }[]>`
      select account_id as "accountId", default_data_lookup_id as "dataLookupId" from pbxs where id = ${demoPbxId}`;
    return pbx;
  };

  const token = await seedDemo(environment, folder);
  const { accountId = '', dataLookupId = '' } = (await chosen()) ?? {};
  const lookups = createLookups(database.db);
  expect((await lookups.list(accountId)).map(({ kind }) => kind)).toEqual(['extension', 'data']);

  await database.sql`update pbxs set default_data_lookup_id = null where id = ${demoPbxId}`;
  await lookups.remove(accountId, dataLookupId ?? '');
  expect(await seedDemo(environment, folder)).toBe(token);
  expect(await seedDemo(environment, folder)).toBe(token);
  expect((await chosen())?.dataLookupId).toBe(dataLookupId);
  expect((await lookups.list(accountId)).map(({ kind }) => kind)).toEqual(['extension', 'data']);
});
