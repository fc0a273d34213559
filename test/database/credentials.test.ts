import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createSealer } from '../../src/crypto/sealer.ts';
import { createAccounts } from '../../src/database/accounts.ts';
import { createAuthorizations } from '../../src/database/authorizations.ts';
import { openChangeFeed } from '../../src/database/changes.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { createConnections } from '../../src/database/connections.ts';
import { createCredentials } from '../../src/database/credentials.ts';
import type { Authorizations, Change, Connections, CredentialsStore, Grant, HandOverOutcome } from '../../src/ports.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const sealer = createSealer([{ id: 'test', key: randomBytes(32) }]);
const orgA = '00DA0000000BhM2MAK';
const orgB = '00DB0000000CaT5MAK';
const takeOverMs = 150_000;

let testDatabase: TestDatabase;
let database: Database;
let authorizations: Authorizations;
let connections: Connections;
let credentials: CredentialsStore;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url);
  authorizations = createAuthorizations(database.db, sealer);
  connections = createConnections(database.db, sealer);
  credentials = createCredentials(database.db, sealer);
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});
beforeEach(async () => {
  await database.sql`delete from connections`;
});

const account = async () =>
  (
    await createAccounts(database.db).create({
      email: `${randomUUID()}@example.org`,
      passwordHash: 'none',
      firstName: 'Ada',
      lastName: 'Admin',
      company: undefined,
      timeZone: 'Europe/Berlin',
    })
  ).id;

type WholeGrant = Grant & { refreshToken: string; instanceUrl: string };
const grant = (name: string, orgId = orgA): WholeGrant => ({
  accessToken: `access ${name}`,
  refreshToken: `refresh ${name}`,
  instanceUrl: 'https://acme.my.salesforce.com',
  orgId,
  userId: '005A0000001aDm1IAE',
  identityUrl: `https://login.salesforce.com/id/${orgId}/005A0000001aDm1IAE`,
  issuedAtMs: Date.UTC(2026, 10, 1),
});

const attempt = async (accountId: string) =>
  (
    await authorizations.create({
      accountId,
      loginHost: 'https://login.salesforce.com',
      stateHash: randomUUID(),
      browserHash: 'browser',
      codeVerifier: 'verifier',
      expiresAtMs: Date.now() + 60_000,
    })
  ).id;

async function handOver(accountId: string, given: WholeGrant, authorizationId?: string): Promise<HandOverOutcome> {
  return connections.handOver({
    authorizationId: authorizationId ?? (await attempt(accountId)),
    accountId,
    grant: given,
    loginHost: 'https://login.salesforce.com',
    user: { userId: given.userId, username: 'admin@acme.example', orgName: 'ACME', isSandbox: false },
    takeOverMs,
  });
}
const connected = async () => {
  const accountId = await account();
  const outcome = await handOver(accountId, grant('1'));
  if (outcome.kind !== 'handed-over') throw new Error('not handed over');
  return { accountId, connection: outcome.connection };
};
const agedBy = (ms: number) =>
  database.sql`update credentials set refresh_started_at = now() - ${ms} * interval '1 millisecond'`;

it('stores tokens sealed, and opens them for their own row only', async () => {
  await connected();
  const [row] = await database.sql`select * from credentials`;
  expect(JSON.stringify(row)).not.toMatch(/access 1|refresh 1/);
  expect(await credentials.read(orgA)).toMatchObject({
    version: 1,
    accessToken: 'access 1',
    refreshToken: 'refresh 1',
  });
  await database.sql`update credentials set access_token_sealed = refresh_token_sealed`;
  await expect(credentials.read(orgA)).rejects.toMatchObject({ code: 'STORED_SECRET_UNREADABLE' });
});

it('marks a refresh once, for one version', async () => {
  await connected();
  expect(await credentials.markRefresh(orgA, 2, randomUUID())).toBe(false);
  const marked = await Promise.all(Array.from({ length: 8 }, () => credentials.markRefresh(orgA, 1, randomUUID())));
  expect(marked.filter(Boolean)).toHaveLength(1);
});

it('lets a mark be taken over only when it is old enough by the database’s clock', async () => {
  await connected();
  await credentials.markRefresh(orgA, 1, randomUUID());
  await agedBy(takeOverMs - 5_000);
  expect(await credentials.takeOverMark(orgA, 1, randomUUID(), takeOverMs)).toBe(false);
  expect(await credentials.markAgeMs(orgA)).toBeGreaterThan(takeOverMs - 5_001);
  await agedBy(takeOverMs + 1);
  expect(await credentials.takeOverMark(orgA, 1, randomUUID(), takeOverMs)).toBe(true);
  expect(await credentials.markAgeMs(orgA)).toBeLessThan(5_000);
});

it('renews the mark of an attempt that is known to have ended, and of no other', async () => {
  await connected();
  const ended = randomUUID();
  await credentials.markRefresh(orgA, 1, ended);
  expect(await credentials.renewMark(orgA, 1, randomUUID(), randomUUID())).toBe(false);
  expect(await credentials.renewMark(orgA, 1, ended, randomUUID())).toBe(true);
});

it('writes what was refreshed whole, and nothing for another attempt or version', async () => {
  await connected();
  const id = randomUUID();
  await credentials.markRefresh(orgA, 1, id);
  expect(await credentials.writeRefreshed(orgA, 1, randomUUID(), grant('2'))).toBe(false);
  expect(await credentials.writeRefreshed(orgA, 2, id, grant('2'))).toBe(false);
  expect(await credentials.writeRefreshed(orgA, 1, id, grant('2'))).toBe(true);
  expect(await credentials.read(orgA)).toMatchObject({
    version: 2,
    accessToken: 'access 2',
    refreshToken: 'refresh 2',
    refreshAttempt: undefined,
    refreshStartedAtMs: undefined,
  });
});

it('keeps the refresh token and the host when the answer has none', async () => {
  await connected();
  const id = randomUUID();
  await credentials.markRefresh(orgA, 1, id);
  await credentials.writeRefreshed(orgA, 1, id, { ...grant('2'), refreshToken: undefined, instanceUrl: undefined });
  expect(await credentials.read(orgA)).toMatchObject({
    accessToken: 'access 2',
    refreshToken: 'refresh 1',
    instanceUrl: 'https://acme.my.salesforce.com',
  });
});

it('tells every process of new credentials when they are there', async () => {
  const heard: Change[] = [];
  const feed = await openChangeFeed(database.sql);
  feed.subscribe((change) => heard.push(change));
  await connected();
  const id = randomUUID();
  await credentials.markRefresh(orgA, 1, id);
  await credentials.writeRefreshed(orgA, 1, id, grant('2'));
  await expect.poll(() => heard).toContainEqual({ kind: 'credentials', orgId: orgA, version: 2 });
  expect(heard).toContainEqual(expect.objectContaining({ kind: 'connection', orgId: orgA }));
  await feed.close();
});

it('lets a new authorization win over a refresh under way, and keeps the former grant for being revoked', async () => {
  const { accountId } = await connected();
  const id = randomUUID();
  await credentials.markRefresh(orgA, 1, id);
  const authorizationId = await attempt(accountId);
  expect(await handOver(accountId, grant('new'), authorizationId)).toMatchObject({
    kind: 'handed-over',
    version: 2,
    isNew: false,
    revokeFormerAfterMs: takeOverMs,
  });
  expect(await credentials.writeRefreshed(orgA, 1, id, grant('2'))).toBe(false);
  expect(await credentials.read(orgA)).toMatchObject({ version: 2, refreshToken: 'refresh new' });
  expect(await authorizations.readFormerGrant(authorizationId)).toEqual({
    loginHost: 'https://login.salesforce.com',
    refreshToken: 'refresh 1',
  });
  await authorizations.forgetGrants(authorizationId);
  expect(await authorizations.readFormerGrant(authorizationId)).toBeUndefined();
});

it('hands over once, however often it is told to', async () => {
  const accountId = await account();
  const id = await attempt(accountId);
  await handOver(accountId, grant('1'), id);
  expect(await handOver(accountId, grant('1'), id)).toMatchObject({ kind: 'handed-over', version: 1 });
});

it('gives an org to one account only, also when two claim it at the same moment', async () => {
  const accounts = await Promise.all(Array.from({ length: 6 }, account));
  const outcomes = await Promise.all(accounts.map((id, index) => handOver(id, grant(String(index)))));
  expect(outcomes.filter(({ kind }) => kind === 'handed-over')).toHaveLength(1);
  for (const outcome of outcomes.filter(({ kind }) => kind === 'refused')) {
    expect(outcome).toMatchObject({ reason: 'org-connected-by-another-account' });
  }
});

it('gives an account one org only', async () => {
  const { accountId } = await connected();
  expect(await handOver(accountId, grant('b', orgB))).toEqual({
    kind: 'refused',
    reason: 'another-org-connected',
    otherOrgId: orgA,
  });
});

it('erases the credentials when it disconnects, and frees account and org', async () => {
  const { accountId, connection } = await connected();
  expect(await connections.disconnect(connection.id, orgA, 2)).toBe(false);
  expect(await connections.disconnect(connection.id, orgA, 1)).toBe(true);
  expect(await connections.disconnect(connection.id, orgA, 1)).toBe(true);
  expect(await credentials.read(orgA)).toBeUndefined();
  expect(await connections.ofAccount(accountId)).toMatchObject({ state: 'disconnected' });
  expect(await handOver(accountId, grant('b', orgB))).toMatchObject({ kind: 'handed-over', isNew: true });
  expect(await handOver(await account(), grant('2'))).toMatchObject({ kind: 'handed-over', isNew: true });
});

it('finds the connection of an org by its id as a URL writes it', async () => {
  const { connection } = await connected();
  for (const named of [orgA, orgA.toLowerCase(), orgA.slice(0, 15), orgA.slice(0, 15).toLowerCase()]) {
    expect(await connections.ofOrgInUrl(named), named).toMatchObject({ id: connection.id });
  }
  for (const named of ['', '0', orgA.slice(0, 14), `${orgA.slice(0, 15)}___`, `${orgA.slice(0, 14)}%`, orgB]) {
    expect(await connections.ofOrgInUrl(named), named).toBeUndefined();
  }
  const sister = '00Da0000000BhM2IAK';
  await handOver(await account(), grant('sister', sister));
  expect(await connections.ofOrgInUrl(sister.slice(0, 15))).toMatchObject({ orgId: sister });
  expect(await connections.ofOrgInUrl(orgA.slice(0, 15))).toMatchObject({ orgId: orgA });
});

it('never writes an older state over the one of newer credentials', async () => {
  const { accountId, connection } = await connected();
  await handOver(accountId, grant('new'));
  expect(await connections.update(connection.id, 1, { state: 'broken', cause: 'token-revoked' })).toBe(false);
  expect(await connections.update(connection.id, 2, { state: 'degraded', cause: 'salesforce-slow' })).toBe(true);
  const row = await connections.ofOrg(orgA);
  expect(row).toMatchObject({ state: 'degraded', cause: 'salesforce-slow', username: 'admin@acme.example' });
  expect(row?.revision).toBe(connection.revision + 2);
});

it('never writes what was known before over what was known later, however late it arrives', async () => {
  const { connection } = await connected();
  const nowMs = Date.now();
  const write = (cause: 'salesforce-slow' | 'salesforce-error', knownAtMs: number) =>
    connections.update(connection.id, 1, { state: 'degraded', cause }, knownAtMs);
  expect(await write('salesforce-slow', nowMs)).toBe(true);
  expect(await write('salesforce-error', nowMs - 1)).toBe(false);
  expect(await connections.ofOrg(orgA)).toMatchObject({ cause: 'salesforce-slow' });
  // Once more, because nobody heard that it was written.
  expect(await write('salesforce-slow', nowMs)).toBe(true);
  // By a clock that was wrong, and the right one after it.
  expect(await write('salesforce-slow', nowMs + 3_600_000)).toBe(true);
  expect(await write('salesforce-error', nowMs + 1)).toBe(true);
  expect(await connections.ofOrg(orgA)).toMatchObject({ cause: 'salesforce-error' });
});

it('hands a code out once, and only while the attempt is young', async () => {
  const accountId = await account();
  const id = await attempt(accountId);
  expect(await authorizations.takeCode(id)).toBeUndefined();
  expect(await authorizations.receiveCode(id, 'the code')).toBe(true);
  expect(await authorizations.receiveCode(id, 'another')).toBe(false);
  const taken = await Promise.all([authorizations.takeCode(id), authorizations.takeCode(id)]);
  expect(taken.filter((each) => each?.code === 'the code' && each.codeVerifier === 'verifier')).toHaveLength(1);
  const old = await attempt(accountId);
  await database.sql`update authorizations set expires_at = now() - interval '1 second' where id = ${old}`;
  expect(await authorizations.receiveCode(old, 'too late')).toBe(false);
});

it('ends an attempt once, without code and verifier', async () => {
  const id = await attempt(await account());
  await authorizations.receiveCode(id, 'the code');
  await authorizations.end(id, { status: 'refused', reason: 'not-administrator', detail: { username: 'u' } });
  await authorizations.end(id, { status: 'succeeded' });
  expect(await authorizations.find(id)).toMatchObject({
    status: 'refused',
    reason: 'not-administrator',
    reasonDetail: { username: 'u' },
  });
  const [row] = await database.sql`select code_sealed, code_verifier_sealed from authorizations where id = ${id}`;
  expect(row).toEqual({ code_sealed: null, code_verifier_sealed: null });
});

it('keeps what a hand-over wrote from a late write of the workflow that knew the former credentials', async () => {
  const { connection } = await connected();
  const handingOver = await database.sql.reserve();
  await handingOver`begin`;
  await handingOver`update connections set since = now() where id = ${connection.id}`;
  await handingOver`update credentials set version = 2 where connection_id = ${connection.id}`;
  const late = connections.update(connection.id, 1, { state: 'broken', cause: 'token-revoked' });
  await expect
    .poll(async () => {
      const [{ count } = { count: 0 }] = await database.sql<{ count: number }[]>`
        select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return count;
    })
    .toBe(1);
  await handingOver`commit`;
  handingOver.release();
  expect(await late).toBe(false);
  expect(await connections.ofOrg(orgA)).toMatchObject({ state: 'active', cause: undefined });
});
