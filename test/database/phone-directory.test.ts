import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createSealer } from '../../src/crypto/sealer.ts';
import { createAccounts } from '../../src/database/accounts.ts';
import { openChangeFeed } from '../../src/database/changes.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { credentialsContext } from '../../src/database/credentials.ts';
import { createLookups } from '../../src/database/lookups.ts';
import { createPbxs } from '../../src/database/pbxs.ts';
import { defaultDialingRules } from '../../src/phone-numbers/numbering-plans.ts';
import { openPhoneDirectory } from '../../src/database/phone-directory.ts';
import { tripletId, toOrgId } from '../../src/domain/ids.ts';
import type { Pbx } from '../../src/domain/lookup.ts';
import type { ChangeFeed } from '../../src/ports.ts';
import { lookup, pbx } from '../support/fakes/lookups.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let database: Database;
let changes: ChangeFeed & { close(): Promise<void> };
let directory: Awaited<ReturnType<typeof openPhoneDirectory>>;
let mine: Pbx;
let orgId: string;
let orgs = 0;
const sealer = createSealer([{ id: 'test', key: randomBytes(32) }]);
const signingSecret = randomBytes(32);
const warnings: unknown[] = [];
const logger = { warn: (...logged: unknown[]) => void warnings.push(logged), error: () => undefined };

beforeAll(async () => {
  test = await createTestDatabase();
  database = openDatabase(test.url);
  changes = await openChangeFeed(database.sql);
});
afterAll(async () => {
  await changes.close();
  await database.close();
  await test.drop();
});

/** Each test has its own account with a phone system, a lookup and a connected org. */
beforeEach(async () => {
  const account = await createAccounts(database.db).create({
    email: `${randomUUID()}@example.com`,
    passwordHash: 'hash',
    firstName: 'Ada',
    lastName: 'Example',
    company: undefined,
    timeZone: 'UTC',
  });
  const created = await createLookups(database.db).create({
    ...lookup,
    id: tripletId(randomBytes(9)),
    accountId: account.id,
  });
  mine = await createPbxs(database.db, sealer).create(
    { ...pbx, id: tripletId(randomBytes(9)), accountId: account.id, defaultExtensionLookupId: created.id },
    signingSecret,
  );
  orgs += 1;
  orgId = toOrgId(`00DA00000000${String(orgs).padStart(3, '0')}`) ?? '';
  const [connected] = await database.sql<[{ id: string }]>`
    insert into connections (account_id, org_id, state, user_id, username)
    values (${account.id}, ${orgId}, 'active', '005A0000000AbCdIAK', 'admin@acme.example') returning id`;
  await database.sql`
    insert into credentials (org_id, connection_id, version, access_token_sealed, refresh_token_sealed, instance_url, identity_url, login_host, issued_at)
    values (${orgId}, ${connected.id}, 1, ${sealer.seal('access-1', credentialsContext(orgId, 'access'))},
      ${sealer.seal('refresh-1', credentialsContext(orgId, 'refresh'))}, 'https://acme.my.salesforce.com',
      'https://login.salesforce.com/id/x/y', 'https://login.salesforce.com', now())`;
  directory = await openDirectory();
});
afterEach(() => directory.close());

const openDirectory = (db = database.db) =>
  openPhoneDirectory({
    db,
    sealer,
    changes,
    pbxs: createPbxs(database.db, sealer),
    rulesOfCountry: defaultDialingRules,
    logger,
  });
const notify = (change: object) => database.sql`select pg_notify('trunkline_changes', ${JSON.stringify(change)})`;

async function setVersion(version: number): Promise<void> {
  await database.sql`
    update credentials set version = ${version},
      access_token_sealed = ${sealer.seal(`access-${version}`, credentialsContext(orgId, 'access'))}
    where org_id = ${orgId}`;
}

it('knows phone systems with their secrets, lookups, connections and credentials from the start', () => {
  expect(directory.pbx(mine.id)?.pbx).toEqual(mine);
  expect(Buffer.from(directory.pbx(mine.id)?.signingSecret ?? [])).toEqual(signingSecret);
  expect(directory.lookup(mine.defaultExtensionLookupId)?.steps).toEqual(lookup.steps);
  expect(directory.connection(mine.accountId)).toMatchObject({ orgId, state: 'active' });
  expect(directory.credentials(orgId)).toMatchObject({ version: 1, accessToken: 'access-1' });
});

it('hears within a second of a new phone system, of changed settings and of a token made and revoked', async () => {
  const pbxs = createPbxs(database.db, sealer);
  const id = randomUUID();
  await pbxs.createToken({ id, pbxId: mine.id, name: 'Kamailio', expiresAtMs: undefined });
  await expect.poll(() => directory.token(id), { timeout: 1_000 }).toMatchObject({ pbxId: mine.id });
  await pbxs.revokeToken(mine.id, id);
  await expect.poll(() => directory.token(id)?.revokedAtMs, { timeout: 1_000 }).toBeTypeOf('number');
  await pbxs.update({ ...mine, fallbackExtension: '999' });
  await expect
    .poll(() => directory.pbx(mine.id)?.pbx, { timeout: 1_000 })
    .toMatchObject({ fallbackExtension: '999', version: 2 });
});

it('hears of a broken connection and of erased credentials', async () => {
  await database.sql`update connections set state = 'broken', revision = 2 where org_id = ${orgId}`;
  await notify({ kind: 'connection', accountId: mine.accountId, orgId, revision: 2 });
  await expect.poll(() => directory.connection(mine.accountId)?.state).toBe('broken');
  await database.sql`delete from credentials where org_id = ${orgId}`;
  await notify({ kind: 'credentials', orgId, version: 1 });
  await expect.poll(() => directory.credentials(orgId)).toBeUndefined();
});

it('reads credentials again when it is asked to, and wakes those who wait for a newer version', async () => {
  const waiting = directory.waitForVersionAbove(orgId, 1, AbortSignal.timeout(5_000));
  await setVersion(2);
  expect(await directory.reread(orgId)).toMatchObject({ version: 2, accessToken: 'access-2' });
  expect(await waiting).toBe(true);
  expect(await directory.waitForVersionAbove(orgId, 1, AbortSignal.timeout(5_000))).toBe(true);
});

it('lets nobody wait beyond the signal, or for a connection that is broken', async () => {
  expect(await directory.waitForVersionAbove(orgId, 1, AbortSignal.timeout(20))).toBe(false);
  const waiting = directory.waitForVersionAbove(orgId, 1, AbortSignal.timeout(5_000));
  await database.sql`update connections set state = 'broken', revision = 2 where org_id = ${orgId}`;
  await notify({ kind: 'connection', accountId: mine.accountId, orgId, revision: 2 });
  expect(await waiting).toBe(false);
});

it('gives each of many simultaneous readings a row that was read after it was asked for', async () => {
  const readings = [];
  for (let version = 2; version <= 6; version++) {
    await setVersion(version);
    readings.push(directory.reread(orgId).then((known) => expect(known?.version).toBeGreaterThanOrEqual(version)));
  }
  await Promise.all(readings);
});

it('confirms what an account is connected to before news of it has come, over another org too', async () => {
  await database.sql`update connections set state = 'broken', revision = 2 where org_id = ${orgId}`;
  await notify({ kind: 'connection', accountId: mine.accountId, orgId, revision: 2 });
  await expect.poll(() => directory.connection(mine.accountId)?.state).toBe('broken');
  await database.sql`update connections set state = 'active', revision = 3 where org_id = ${orgId}`;
  await setVersion(2);
  await directory.confirm(mine.accountId);
  expect(directory.connection(mine.accountId)).toMatchObject({ state: 'active' });
  expect(directory.credentials(orgId)).toMatchObject({ version: 2 });
});

it('confirms for each who asks what was written before, and for all who ask at once by one reading', async () => {
  let statements = 0;
  const counting = new Proxy(database.db, {
    get(target, name) {
      if (name === 'select') statements += 1;
      return Reflect.get(target, name) as unknown;
    },
  });
  const other = await openDirectory(counting);
  statements = 0;
  const confirmations = [];
  for (let version = 2; version <= 4; version++) {
    await setVersion(version);
    for (let times = 0; times < 20; times++) {
      const known = other.confirm(mine.accountId).then(() => other.credentials(orgId)?.version);
      confirmations.push(known.then((found) => expect(found).toBeGreaterThanOrEqual(version)));
    }
  }
  await Promise.all(confirmations);
  expect(statements).toBeLessThanOrEqual(6);
  await other.close();
});

it('reads everything again after a lost LISTEN, when changes went unheard', async () => {
  await setVersion(7);
  await database.sql`update pbxs set fallback_extension = '777' where id = ${mine.id}`;
  await database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query ilike 'listen%' and pid <> pg_backend_pid()`;
  await expect.poll(() => directory.credentials(orgId)?.version, { timeout: 15_000 }).toBe(7);
  expect(directory.pbx(mine.id)?.pbx.fallbackExtension).toBe('777');
});

it('goes on without the one phone system whose secret cannot be opened', async () => {
  await database.sql`update pbxs set signing_secret_sealed = 'gone:AAAA' where id = ${mine.id}`;
  const other = await openDirectory();
  expect(other.pbx(mine.id)).toBeUndefined();
  expect(other.lookup(mine.defaultExtensionLookupId)).toBeDefined();
  await other.close();
});

it('writes when tokens were used, at the latest when it closes', async () => {
  const pbxs = createPbxs(database.db, sealer);
  const id = randomUUID();
  await pbxs.createToken({ id, pbxId: mine.id, name: 'Kamailio', expiresAtMs: undefined });
  const other = await openDirectory();
  other.tokenUsed(id, 1_700_000_000_000);
  await other.close();
  expect(warnings).toEqual([]);
  expect(await pbxs.tokens(mine.id)).toMatchObject([{ id, lastUsedAtMs: 1_700_000_000_000 }]);
});
