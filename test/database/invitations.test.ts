import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createSealer } from '../../src/crypto/sealer.ts';
import { createAccounts } from '../../src/database/accounts.ts';
import { createAudit } from '../../src/database/audit.ts';
import { createAuthorizations } from '../../src/database/authorizations.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { createConnections } from '../../src/database/connections.ts';
import { createOneTimeLinks } from '../../src/database/one-time-links.ts';
import type { Grant } from '../../src/ports.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const sealer = createSealer([{ id: 'test', key: randomBytes(32) }]);
const org = '00DA0000000BhM2MAK';
const otherOrg = '00DB0000000CaT5MAK';

let testDatabase: TestDatabase;
let database: Database;
let accountId: string;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.url);
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});
beforeEach(async () => {
  await database.sql`delete from connections`;
  accountId = await newAccount();
});

const newAccount = async () =>
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

const grantOf = (orgId: string): Grant & { refreshToken: string; instanceUrl: string } => ({
  accessToken: 'access',
  refreshToken: randomUUID(),
  instanceUrl: 'https://acme.my.salesforce.com',
  orgId,
  userId: '005A0000001aDm1IAE',
  identityUrl: `https://login.salesforce.com/id/${orgId}/005A0000001aDm1IAE`,
  issuedAtMs: Date.UTC(2026, 10, 1),
});

async function invite(recipient = 'boss@acme.example'): Promise<string> {
  const tokenHash = randomUUID();
  await createOneTimeLinks(database.db).create({
    tokenHash,
    purpose: 'invitation',
    accountId,
    expiresAtMs: Date.now() + 60_000,
    recipient,
  });
  return tokenHash;
}
const find = (tokenHash: string) => createOneTimeLinks(database.db).find(tokenHash, 'invitation');

async function attempt(invitationHash?: string): Promise<string> {
  const { id } = await createAuthorizations(database.db, sealer).create({
    accountId,
    loginHost: 'https://login.salesforce.com',
    stateHash: randomUUID(),
    browserHash: 'browser',
    codeVerifier: 'verifier',
    expiresAtMs: Date.now() + 60_000,
    invitationHash,
  });
  return id;
}

const handOver = (authorizationId: string, orgId = org) => {
  const grant = grantOf(orgId);
  return createConnections(database.db, sealer).handOver({
    authorizationId,
    accountId,
    grant,
    loginHost: 'https://login.salesforce.com',
    user: { userId: grant.userId, username: 'admin@acme.example', orgName: 'ACME', isSandbox: false },
    observed: { grants: 3 },
    takeOverMs: 1_000,
  });
};

it('is used up by the hand-over, which may be repeated', async () => {
  const link = await invite();
  const id = await attempt(link);
  expect(await find(link)).toBe(accountId);
  expect(await handOver(id)).toMatchObject({ kind: 'handed-over', connection: { observed: { grants: 3 } } });
  expect(await find(link)).toBeUndefined();
  expect(await handOver(id)).toMatchObject({ kind: 'handed-over' });
});

it('connects once, however many attempts were begun with it', async () => {
  const link = await invite();
  const ids = await Promise.all([attempt(link), attempt(link), attempt(link)]);
  const outcomes = await Promise.all(ids.map((id) => handOver(id)));
  expect(outcomes.map((outcome) => (outcome.kind === 'refused' ? outcome.reason : outcome.kind)).sort()).toEqual([
    'handed-over',
    'invitation-used',
    'invitation-used',
  ]);
});

it('is not used up by an attempt that is refused', async () => {
  const stranger = await newAccount();
  await database.sql`insert into connections (account_id, org_id, state, user_id, username)
    values (${stranger}, ${otherOrg}, 'active', '005', 'admin@globex.example')`;
  const link = await invite();
  expect(await handOver(await attempt(link), otherOrg)).toMatchObject({ reason: 'org-connected-by-another-account' });
  expect(await find(link)).toBe(accountId);
});

it('ends when it is withdrawn, also for an attempt under way', async () => {
  const [link, other] = [await invite(), await invite()];
  const id = await attempt(link);
  await createOneTimeLinks(database.db).withdraw(accountId, 'invitation');
  expect([await find(link), await find(other)]).toEqual([undefined, undefined]);
  expect(await handOver(id)).toMatchObject({ kind: 'refused', reason: 'invitation-used' });
});

it('is told of with the attempt and its grant', async () => {
  const authorizations = createAuthorizations(database.db, sealer);
  const [invited, own] = [await attempt(await invite('boss@acme.example')), await attempt()];
  for (const id of [invited, own]) await authorizations.storeGrant(id, grantOf(org));
  expect(await authorizations.find(invited)).toMatchObject({ isInvited: true });
  expect(await authorizations.readGrant(invited)).toMatchObject({ accountId, invitedAs: 'boss@acme.example' });
  expect(await authorizations.find(own)).toMatchObject({ isInvited: false });
  expect((await authorizations.readGrant(own))?.invitedAs).toBeUndefined();
});

it('lists of the audit what belongs to a story, the newest first', async () => {
  const audit = createAudit(database.db);
  for (const action of ['connection.connected', 'pbx.created', 'connection.broken', 'connection.repaired']) {
    await audit.record({ accountId, actor: 'system', action, subject: org });
  }
  const story = ['connection.connected', 'connection.broken', 'connection.repaired'];
  const actions = async (limit: number) => (await audit.list(accountId, limit, story)).map(({ action }) => action);
  expect(await actions(10)).toEqual(['connection.repaired', 'connection.broken', 'connection.connected']);
  expect(await actions(1)).toEqual(['connection.repaired']);
});
