import { join } from 'node:path';
import { causes, isBreaking, refusals, type Cause, type Connection } from '../../src/domain/connection.ts';
import { secretTokens } from '../../src/crypto/tokens.ts';
import { freePort } from '../../src/local/network.ts';
import { launchBrowser } from '../support/browser.ts';
import { connection } from '../support/fakes/lookups.ts';
import { createCookies } from '../../web/plugins/cookies.ts';
import { createFakeClock } from '../support/fakes/world.ts';
import { createTestPortal, password } from '../support/portal.ts';
import { shoot, wide } from './shoot.ts';

/*
 * Photographs the connection page in every state, with every cause, refusal and early warning, and the pages beside it, from made-up
 * connections (.local/screenshots/causes/), to be looked at. Beginnings of names as arguments choose among them.
 */

const folder = join('.local', 'screenshots', 'causes');
const minute = 60_000;
const day = 24 * 60 * minute;

await using cleanup = new AsyncDisposableStack();
const port = await freePort();
// The browser forgets a session that is over by its own clock.
const portal = await createTestPortal({ publicUrl: `http://localhost:${port}` }, createFakeClock(Date.now()));
cleanup.defer(() => portal.app.close());
await portal.app.listen({ host: '127.0.0.1', port });
const account = await portal.newAccount();
const browser = await launchBrowser();
cleanup.defer(() => browser.close());
const page = await (await browser.newContext({ viewport: wide, timezoneId: 'Europe/Berlin' })).newPage();

const nowMs = portal.clock.now();
const well: Connection = {
  ...connection,
  accountId: account.id,
  connectedAtMs: nowMs - 40 * day,
  sinceMs: nowMs - 3 * day,
  lastCheckedAtMs: nowMs - 2_000,
  lastRefreshedAtMs: nowMs - 50 * minute,
  nextRefreshAtMs: nowMs + 70 * minute,
  apiUsed: 4_210,
  apiMax: 15_000,
  observed: { grants: 2, appInstalled: true, licenceEndsAtMs: null, rotationMissing: false },
};

const detailOf: Partial<Record<Cause, Connection['causeDetail']>> = {
  'not-administrator': { missing: ['Modify All Data', 'Customize Application'] },
  'acd-licence-missing': { missing: ['trunkline'] },
  'salesforce-error': { answer: 'HTTP 503' },
  'session-refused': { answer: 'INVALID_SESSION_ID' },
  'request-refused': { answer: 'redirect_uri_mismatch' },
  'org-changed': { orgId: '00DB0000000CaT5MAK' },
};

await page.goto(`http://localhost:${port}/sign-in`);
await page.getByLabel('E-mail').fill(account.email);
await page.getByLabel('Password').fill(password);
await page.getByRole('button', { name: 'Sign in' }).click();
await page.waitForURL('**/salesforce-connection');

const chosen = process.argv.slice(2);

async function photograph(name: string, changes: Partial<Connection> | undefined, path = '/salesforce-connection') {
  if (changes) portal.connections.byAccount.set(account.id, { ...well, ...changes });
  else portal.connections.byAccount.delete(account.id);
  if (chosen.length > 0 && !chosen.some((beginning) => name.startsWith(beginning))) return;
  await page.goto(`http://localhost:${port}${path}`);
  await shoot(page, folder, name);
}

await photograph('state-none', undefined);
for (const event of [
  { action: 'invitation.sent', actor: 'account', detail: { to: 'boss@acme.example' } },
  {
    action: 'connection.connected',
    actor: 'salesforce-user',
    detail: { username: 'admin@acme.example', invitedAs: 'boss@acme.example' },
  },
  { action: 'connection.refreshed', actor: 'system', detail: {} },
  { action: 'connection.check-asked', actor: 'account', detail: { found: 'active' } },
  { action: 'connection.warned', actor: 'system', detail: { warning: 'api-calls-high' } },
  { action: 'connection.broken', actor: 'system', detail: { cause: 'acd-licence-missing' } },
  { action: 'connection.repaired', actor: 'system', detail: {} },
] as const) {
  await portal.audit.record({ ...event, accountId: account.id, subject: connection.orgId });
  portal.clock.pass(47 * minute);
}
portal.clock.pass(nowMs - portal.clock.now());
await photograph('state-active', {});
await photograph('state-active-sandbox', { isSandbox: true });
await photograph('state-disconnecting', { disconnecting: true });
await photograph('page-disconnect', {}, '/salesforce-connection/disconnect');
await photograph('page-invite', {}, '/salesforce-connection/invitation');
await photograph('page-secret-key', {}, '/salesforce-connection/secret-key');
await portal.alertTargets.addMail({
  accountId: account.id,
  address: 'telephony@acme.example',
  confirmTokenHash: 'unconfirmed',
});
await portal.alertTargets.addWebhook({
  accountId: account.id,
  address: 'https://hooks.acme.example/trunkline?team=phones',
  secret: 'secret',
});
await photograph('page-messages', {}, '/settings/alerts');
await photograph('page-account-tokens', {}, '/settings/tokens');
await photograph(
  'page-secret-key-inactive',
  { state: 'broken', cause: 'user-frozen' },
  '/salesforce-connection/secret-key',
);
await photograph('state-disconnected', { state: 'disconnected' });
await photograph('warnings', {
  lastRefreshedAtMs: nowMs - 21 * day,
  apiUsed: 13_100,
  observed: { grants: 5, appInstalled: false, licenceEndsAtMs: nowMs + 12 * day, rotationMissing: true },
});
for (const cause of Object.keys(causes) as Cause[]) {
  await photograph(`cause-${cause}`, {
    state: isBreaking(cause) ? 'broken' : 'degraded',
    cause,
    causeDetail: detailOf[cause] ?? {},
    sinceMs: nowMs - 12 * minute,
  });
}
for (const reason of refusals) {
  const { id } = await portal.authorizations.create({
    accountId: account.id,
    loginHost: 'https://login.salesforce.com',
    stateHash: reason,
    browserHash: '',
    codeVerifier: '',
    expiresAtMs: nowMs + 15 * minute,
  });
  await portal.authorizations.end(id, {
    status: 'refused',
    reason,
    detail: { username: 'admin@acme.example', orgId: well.orgId, answer: 'server_error' },
  });
  await photograph(`refusal-${reason}`, undefined);
}
const token = secretTokens.create();
await portal.links.create({
  tokenHash: secretTokens.hash(token),
  purpose: 'invitation',
  accountId: account.id,
  expiresAtMs: nowMs + day,
});
await photograph('page-invitation', undefined, `/invitation?token=${token}`);
for (const status of ['checking', 'connected', 'refused'] as const) {
  const browserToken = secretTokens.create();
  const stateHash = secretTokens.hash(secretTokens.create());
  const { id } = await portal.authorizations.create({
    accountId: account.id,
    loginHost: 'https://login.salesforce.com',
    stateHash,
    browserHash: secretTokens.hash(browserToken),
    codeVerifier: '',
    expiresAtMs: nowMs + 15 * minute,
    invitationHash: secretTokens.hash(token),
  });
  if (status === 'checking') await portal.authorizations.receiveCode(id, 'code');
  else if (status === 'connected') await portal.authorizations.end(id, { status: 'succeeded' });
  else {
    const detail = { username: 'bob@acme.example', missing: ['Modify All Data'] };
    await portal.authorizations.end(id, { status: 'refused', reason: 'not-administrator', detail });
  }
  const url = `http://localhost:${port}`;
  await page.context().addCookies([{ name: createCookies(url).authorization(stateHash), value: browserToken, url }]);
  await photograph(`page-invitation-${status}`, undefined, `/invitation/attempts/${stateHash}`);
}
