import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { warningsOf } from '../../src/domain/early-warnings.ts';
import type { RunningWorker } from '../../src/temporal/worker.ts';
import { connectionWorkflowId } from '../../workflows/names.ts';
import {
  acme,
  globex,
  openConnectionWorld,
  patientIntervals,
  type ConnectionWorld,
} from '../support/connection-world.ts';
import { allHistories } from '../support/history.ts';
import { connect as connectAtSalesforce } from '../unit/stand-in/oauth-browser.ts';

let world: ConnectionWorld;
let worker: RunningWorker;
/** Of the test under way; disconnected at its end, so that the next one may connect the org again. */
let accountId: string;

beforeAll(async () => {
  world = await openConnectionWorld();
  worker = await world.startWorker();
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.standIn.control.reset();
  Object.assign(world.parts, {
    intervals: patientIntervals,
    limits: { callMs: 5_000, takeOverMs: 3_000 },
    licence: { namespace: 'trunkline', permissionSetLicense: undefined },
  });
});
afterEach(async () => {
  await world.standIn.control.clearFaults();
  await Promise.all([world.engine.disconnect(acme), world.engine.disconnect(globex)]);
  await world.temporal.client.workflow
    .getHandle(connectionWorkflowId(acme))
    .result()
    .catch(() => undefined);
});

const fault = (name: string, rest: object = {}) =>
  world.standIn.control.addFault({ fault: name as never, org: acme, ...rest });
const rotation = (on: boolean) => world.standIn.control.changeOrg(acme, { policies: { rotation: on } });
/** Retries an expectation for as long as a busy machine may need. */
const until = <T>(read: () => T) => expect.poll(read, { timeout: 10_000, interval: 20 });
const tokenPath = '/services/oauth2/token';
const timeline = async () => (await world.audit.list(accountId, 50)).map(({ action }) => action);
const version = async () => (await world.credentials.read(acme))?.version;
const intervals = (changed: Partial<typeof patientIntervals>) => {
  world.parts.intervals = { ...patientIntervals, ...changed };
};
const connect = async () => {
  const connected = await world.connect();
  ({ accountId } = connected);
  return connected.connection;
};

describe('connecting', () => {
  it('makes the org active, with the user, the org and the first check', async () => {
    expect(await connect()).toMatchObject({
      orgId: acme,
      state: 'active',
      cause: undefined,
      username: 'admin@acme.example',
      orgName: 'ACME',
      isSandbox: false,
    });
    await until(timeline).toEqual(['connection.connected']);
  });

  it.each([
    ['admin-nolicence@acme.example', 'acd-licence-missing', ['trunkline']],
    ['user@acme.example', 'not-administrator', ['Modify All Data', 'Customize Application']],
    ['frozen@acme.example', 'user-frozen', undefined],
  ])('refuses %s with %s, and revokes the grant', async (username, reason, missing) => {
    // A frozen user cannot log in: frozen meanwhile.
    world.standIn.control.changeOrg(acme, { users: { [username]: { frozen: false } } });
    const { data } = world.parts;
    accountId = await world.account();
    if (reason === 'user-frozen') {
      world.parts.data = {
        ...data,
        query: (session, soql, signal) => {
          world.standIn.control.changeOrg(acme, { users: { [username]: { frozen: true } } });
          return data.query(session, soql, signal);
        },
      };
    }
    const attempt = await world.outcome(await world.authorize(accountId, username));
    world.parts.data = data;
    expect(attempt).toMatchObject({
      status: 'refused',
      reason,
      reasonDetail: { username, ...(missing ? { missing } : {}) },
    });
    await until(() => world.standIn.control.describeOrg(acme).grants).toBe(0);
    expect(await world.connections.ofAccount(accountId)).toBeUndefined();
  });

  it('refuses an org that another account has connected, and leaves that connection as it is', async () => {
    const connection = await connect();
    const other = await world.account();
    const attempt = await world.outcome(await world.authorize(other));
    expect(attempt).toMatchObject({ status: 'refused', reason: 'org-connected-by-another-account' });
    await until(() => world.standIn.control.describeOrg(acme).grants).toBe(1);
    expect(await world.connections.ofAccount(accountId)).toMatchObject({ id: connection.id, state: 'active' });
  });

  it('refuses another org while one is connected', async () => {
    await connect();
    const attempt = await world.outcome(await world.authorize(accountId, 'admin@globex.example'));
    expect(attempt).toMatchObject({
      status: 'refused',
      reason: 'another-org-connected',
      reasonDetail: { orgId: acme },
    });
    await until(() => world.standIn.control.describeOrg(globex).grants).toBe(0);
  });

  it('takes a new authorization over, keeps the row and revokes the former grant', async () => {
    const connection = await connect();
    await world.outcome(await world.authorize(accountId));
    await until(version).toBe(2);
    await until(() => world.standIn.control.describeOrg(acme).grants).toBe(1);
    expect(await world.row(accountId, { state: 'active' })).toMatchObject({ id: connection.id });
    await until(timeline).toContain('connection.authorized-again');
    await world.engine.refreshNow(acme);
    expect(await version()).toBe(3);
  });

  it('does not count the former grant among the five', async () => {
    for (let count = 0; count < 3; count++) await connectAtSalesforce(world.standIn);
    await connect();
    await until(async () => (await world.connections.ofAccount(accountId))?.observed.grants).toBe(4);
    await world.outcome(await world.authorize(accountId));
    await until(async () => (await world.connections.ofAccount(accountId))?.observed.grants).toBe(4);
    expect(await timeline()).not.toContain('connection.warned');
  });

  it('mends the connection when the former grant takes a shared access token along', async () => {
    await connect();
    world.standIn.control.changeOrg(acme, { policies: { sameAccessToken: true } });
    await world.outcome(await world.authorize(accountId));
    await until(() => world.standIn.control.describeOrg(acme).grants).toBe(1);
    await until(version).toBe(3);
    await world.row(accountId, { state: 'active' });
  });

  it('asks to click again when the answer to the exchange is lost', async () => {
    accountId = await world.account();
    await fault('spend-then-drop-answer', { times: 1 });
    const attempt = await world.outcome(await world.authorize(accountId));
    expect(attempt).toMatchObject({ status: 'refused', reason: 'outcome-unknown' });
    expect(world.standIn.control.journal().counts[tokenPath]).toBe(1);
  });
});

describe('refreshing', () => {
  it('refreshes when a lookup was refused, once for any number of them', async () => {
    await connect();
    await fault('expire-access');
    await Promise.all(Array.from({ length: 50 }, () => world.engine.tokenRejected(acme, 1)));
    await until(version).toBe(2);
    await world.row(accountId, { state: 'active' });
    expect(world.refreshes()).toHaveLength(1);
    await until(timeline).toContain('connection.refreshed');
  });

  it('shows a warning while lookups wait for a refresh that is slow, and for no longer', async () => {
    world.parts.limits = { callMs: 20_000, takeOverMs: 25_000 };
    await connect();
    world.standIn.control.changeOrg(acme, { policies: { tokenLatencyMs: 8_000 } });
    await fault('expire-access');
    await world.engine.tokenRejected(acme, 1);
    await world.row(accountId, { state: 'degraded', cause: 'salesforce-slow' });
    expect(await version()).toBe(1);
    await world.row(accountId, { state: 'active' });
    expect(await version()).toBe(2);
  });

  it('keeps every token that rotation gives', async () => {
    rotation(true);
    await connect();
    for (const expected of [2, 3, 4]) {
      expect(await world.engine.refreshNow(acme)).toBe('refreshed');
      expect(await version()).toBe(expected);
    }
    expect(world.refreshes().some((entry) => entry.spentToken)).toBe(false);
    await world.row(accountId, { state: 'active' });
  });

  it('refreshes ahead of the end that introspection tells', async () => {
    intervals({ refreshAheadMs: 60_000 });
    world.standIn.control.changeOrg(acme, { policies: { accessTokenLifeMs: 4_000 } });
    await connect();
    await until(version).toBeGreaterThan(1);
    await world.row(accountId, { state: 'active' });
  });

  it('refreshes at least as often as is asked', async () => {
    intervals({ refreshAtLeastEveryMs: 500 });
    await connect();
    await until(version).toBeGreaterThan(2);
  });

  it('follows the org to another host', async () => {
    await connect();
    const before = (await world.credentials.read(acme))?.instanceUrl;
    await fault('move-host');
    await world.engine.checkNow(acme);
    await world.row(accountId, { state: 'active' });
    expect((await world.credentials.read(acme))?.instanceUrl).toBe(world.standIn.orgUrl(acme));
    expect(world.standIn.orgUrl(acme)).not.toBe(before);
  });

  it('is broken right after a definite refusal, and stays so without asking again', async () => {
    await connect();
    await fault('revoke');
    const refusedAtMs = Date.now();
    await world.engine.tokenRejected(acme, 1);
    const row = await world.row(accountId, { state: 'broken', cause: 'token-revoked' });
    expect(row.sinceMs - refusedAtMs).toBeLessThan(2_000);
    expect(row.nextRefreshAtMs).toBeUndefined();
    await world.engine.checkNow(acme);
    expect(world.refreshes()).toHaveLength(1);
    await until(timeline).toContain('connection.broken');
  });

  it('is broken after one cycle when the new token is refused like the old one', async () => {
    await connect();
    await fault('unauthorized');
    await world.engine.tokenRejected(acme, 1);
    await world.row(accountId, { state: 'broken', cause: 'session-refused' });
    expect(world.refreshes()).toHaveLength(1);
  });

  it('is degraded while Salesforce is away, and recovers by itself', async () => {
    await connect();
    await fault('html-503', { match: '/services' });
    await world.engine.checkNow(acme);
    await world.row(accountId, { state: 'degraded', cause: 'salesforce-error' });
    await world.standIn.control.clearFaults();
    await world.row(accountId, { state: 'active' });
    await until(timeline).toEqual(expect.arrayContaining(['connection.degraded', 'connection.recovered']));
  });
});

describe('a refresh whose outcome is unknown', () => {
  it('is not sent again while the access token works', async () => {
    rotation(true);
    await connect();
    await fault('spend-then-drop-answer', { times: 1 });
    expect(await world.engine.refreshNow(acme)).toBe('trouble');
    expect(await world.engine.refreshNow(acme)).toBe('uncertain');
    await world.engine.checkNow(acme);
    const row = await world.row(accountId, { state: 'active' });
    expect(warningsOf(row, Date.now())).toEqual(['refresh-uncertain']);
    expect(world.refreshes()).toHaveLength(1);
    await until(timeline).toContain('connection.refresh-uncertain');
    expect(await timeline()).not.toContain('connection.warned');
  });

  it('is warned of when it lasts', async () => {
    intervals({ uncertainWarningMs: 200, validateEveryMs: 100 });
    rotation(true);
    await connect();
    await fault('spend-then-drop-answer', { times: 1 });
    await world.engine.refreshNow(acme);
    await world.row(accountId, { state: 'degraded', cause: 'refresh-uncertain' });
    expect(world.refreshes()).toHaveLength(1);
  });

  it('ends broken with the right reason once the access token is refused too', async () => {
    rotation(true);
    await connect();
    await fault('spend-then-drop-answer', { times: 1 });
    await world.engine.refreshNow(acme);
    await fault('expire-access');
    await world.engine.tokenRejected(acme, 1);
    await world.row(accountId, { state: 'broken', cause: 'refresh-lost' });
    expect(world.refreshes()).toHaveLength(2);
  });

  it('is mended by sending again when the token was not spent', async () => {
    await connect();
    await fault('error-500', { match: tokenPath, times: 1 });
    await world.engine.refreshNow(acme);
    await fault('expire-access');
    await world.engine.tokenRejected(acme, 1);
    await until(version).toBe(2);
    await world.row(accountId, { state: 'active' });
  });
});

describe('broken', () => {
  it('is active again by itself when a right was taken away and given back', async () => {
    intervals({ recheckDelaysMs: [200], rightsCheckEveryMs: 0 });
    await connect();
    const admin = (permissions: string[]) =>
      world.standIn.control.changeOrg(acme, { users: { 'admin@acme.example': { permissions } } });
    const all = world.standIn.control.describeOrg(acme).users.find((user) => user.username === 'admin@acme.example');
    admin(['ApiEnabled', 'ModifyAllData']);
    await world.engine.checkNow(acme);
    await world.row(accountId, {
      state: 'broken',
      cause: 'not-administrator',
      causeDetail: { missing: ['Customize Application'] },
    });
    admin([...(all?.permissions ?? [])]);
    await world.row(accountId, { state: 'active' });
    await until(timeline).toContain('connection.repaired');
  });

  it('is found when a person asks for a check, at any time of the day', async () => {
    await connect();
    world.standIn.control.changeOrg(acme, {
      users: { 'admin@acme.example': { permissions: ['ApiEnabled', 'ModifyAllData'] } },
    });
    await world.engine.checkNow(acme);
    await world.row(accountId, { state: 'active' });
    await world.engine.checkNow(acme, { thorough: true });
    await world.row(accountId, { state: 'broken', cause: 'not-administrator' });
  });

  it('keeps its refresh token in use, for the day on which a missing right comes back', async () => {
    intervals({ refreshAtLeastEveryMs: 1_000, recheckDelaysMs: [200], rightsCheckEveryMs: 0 });
    await connect();
    world.standIn.control.changeOrg(acme, {
      users: { 'admin@acme.example': { permissions: ['ApiEnabled', 'ModifyAllData'] } },
    });
    await world.engine.checkNow(acme);
    await world.row(accountId, { state: 'broken', cause: 'not-administrator' });
    const before = await version();
    await until(version).toBeGreaterThan((before ?? 0) + 1);
    await world.row(accountId, { state: 'broken', cause: 'not-administrator' });
  });

  it('answers whoever asks for a check with what came of the refresh that is owed, and asks Salesforce once for many', async () => {
    const everyMs = 3_000;
    intervals({ checkNowEveryMs: everyMs });
    await connect();
    world.standIn.control.changeOrg(acme, { policies: { loginHoursClosed: true } });
    await fault('expire-access');
    await world.engine.tokenRejected(acme, 1);
    const { lastCheckedAtMs: brokenAtMs = 0 } = await world.row(accountId, { state: 'broken', cause: 'login-hours' });
    await until(() => Date.now()).toBeGreaterThan(brokenAtMs + everyMs);
    const askedAtMs = Date.now();
    await world.engine.checkNow(acme);
    expect(Date.now() - askedAtMs).toBeLessThan(9_000);
    await world.engine.checkNow(acme);
    expect(world.refreshes()).toHaveLength(2);
    expect((await world.connections.ofAccount(accountId))?.lastCheckedAtMs).toBeGreaterThan(askedAtMs);
  });

  it('is mended by a new authorization after the token was revoked', async () => {
    await connect();
    await fault('revoke');
    await world.engine.tokenRejected(acme, 1);
    await world.row(accountId, { state: 'broken' });
    await world.outcome(await world.authorize(accountId));
    await world.row(accountId, { state: 'active', cause: undefined });
  });
});

it('is mended by a new authorization when the key that sealed the tokens is lost', async () => {
  await connect();
  await world.database.sql`update credentials set refresh_token_sealed = access_token_sealed`;
  await world.engine.checkNow(acme);
  await world.row(accountId, { state: 'broken', cause: 'stored-secret-unreadable' });
  await world.outcome(await world.authorize(accountId));
  await world.row(accountId, { state: 'active', cause: undefined });
});

describe('watching', () => {
  it('tells the connection of an inactive token once, and costs no history while all is well', async () => {
    await connect();
    const signals = async () =>
      (await world.history(acme)).events?.filter(
        (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'tokenDoubted',
      ).length;
    const before = await signals();
    for (let look = 0; look < 20; look++) await world.engine.watching(acme, false);
    expect(await signals()).toBe(before);
    await fault('revoke');
    await world.engine.watching(acme, false);
    await world.row(accountId, { state: 'broken', cause: 'token-revoked' });
    for (let look = 0; look < 20; look++) await world.engine.watching(acme, false);
    expect(await signals()).toBe((before ?? 0) + 1);
  });
});

describe('disconnecting', () => {
  it('revokes at Salesforce, erases the credentials and frees the org', async () => {
    await connect();
    await world.engine.disconnect(acme);
    expect(await world.connections.ofAccount(accountId)).toMatchObject({ state: 'disconnected' });
    expect(await world.credentials.read(acme)).toBeUndefined();
    await until(() => world.standIn.control.describeOrg(acme).grants).toBe(0);
    const { connection } = await world.connect();
    expect(connection.accountId).not.toBe(accountId);
  });

  it.each([
    ['goes on', async () => undefined],
    ['had to be started again', () => world.temporal.client.workflow.getHandle(connectionWorkflowId(acme)).terminate()],
  ])('works without the key that sealed the tokens, also when its execution %s', async (_how, happen) => {
    await connect();
    await happen();
    // A token that stands in the other column opens as little as one whose key is lost.
    await world.database.sql`update credentials set refresh_token_sealed = access_token_sealed`;
    await world.engine.disconnect(acme);
    expect(await world.connections.ofAccount(accountId)).toMatchObject({ state: 'disconnected' });
    expect(await world.credentials.readVersion(acme)).toBeUndefined();
  });

  it('waits for a refresh under way, shows so, and leaves nothing behind', async () => {
    rotation(true);
    await connect();
    world.standIn.control.changeOrg(acme, { policies: { tokenLatencyMs: 1_000 } });
    const refresh = world.engine.refreshNow(acme);
    await until(async () => (await world.credentials.read(acme))?.refreshAttempt).toBeDefined();
    const disconnect = world.engine.disconnect(acme);
    await world.row(accountId, { disconnecting: true });
    await Promise.all([refresh, disconnect]);
    await until(() => world.standIn.control.describeOrg(acme).grants).toBe(0);
  });

  it('is checked when it is connected again while the former grant still waits to be revoked', async () => {
    await connect();
    await fault('error-500', { match: '/services/oauth2/revoke' });
    await world.engine.disconnect(acme);
    await world.outcome(await world.authorize(accountId));
    await world.row(accountId, { state: 'active' });
    await until(async () => (await world.connections.ofAccount(accountId))?.nextRefreshAtMs).toBeDefined();
    await fault('revoke');
    await world.engine.watching(acme, false);
    await world.row(accountId, { state: 'broken', cause: 'token-revoked' });
  });

  it('connects again while it is under way', async () => {
    await connect();
    await world.engine.disconnect(acme);
    await world.outcome(await world.authorize(accountId));
    await world.row(accountId, { state: 'active' });
    expect(await world.engine.refreshNow(acme)).toBe('refreshed');
  });
});

describe('its execution', () => {
  it('continues as new with all it knows, and goes on', async () => {
    intervals({ historyEvents: 120 });
    await connect();
    const handle = world.temporal.client.workflow.getHandle(connectionWorkflowId(acme));
    const { runId } = await handle.describe();
    for (let round = 0; round < 12; round++) await world.engine.refreshNow(acme);
    await until(async () => (await handle.describe()).runId).not.toBe(runId);
    expect(await version()).toBe(13);
    await world.row(accountId, { state: 'active' });
    // Each has a moment of its own, by which a repetition is known.
    const refreshes = await world.database.sql<{ occurrence: string | null }[]>`
      select occurrence from audit_events where account_id = ${accountId} and action = 'connection.refreshed'`;
    expect(refreshes).toHaveLength(12);
    expect(new Set(refreshes.map(({ occurrence }) => occurrence ?? 'none'))).toHaveProperty('size', 12);
    const [row] = await world.database.sql<{ is_known: boolean }[]>`
      select known_at > now() - interval '1 minute' as is_known from connections where account_id = ${accountId}`;
    expect(row).toEqual({ is_known: true });
  });

  it('is there again after it was terminated by mistake', async () => {
    await connect();
    await world.temporal.client.workflow.getHandle(connectionWorkflowId(acme)).terminate();
    await fault('expire-access');
    await world.engine.tokenRejected(acme, 1);
    await until(version).toBe(2);
  });

  it('goes on after its worker was stopped and another started', async () => {
    await connect();
    await worker.close();
    await fault('expire-access');
    await world.engine.tokenRejected(acme, 1);
    worker = await world.startWorker();
    await until(version).toBe(2);
    await world.row(accountId, { state: 'active' });
  });

  it('keeps secrets and names out of history', async () => {
    rotation(true);
    await connect();
    const secrets = new Set<string>();
    const remember = async () => {
      const current = await world.credentials.read(acme);
      if (current) for (const token of [current.accessToken, current.refreshToken]) secrets.add(token);
    };
    await remember();
    await world.engine.refreshNow(acme);
    await remember();
    await world.outcome(await world.authorize(accountId, 'user@acme.example'));
    const histories = await allHistories(world.temporal.client, (ids) => expect(ids.length).toBeGreaterThan(2));
    expect(histories.length).toBeGreaterThan(2);
    for (const { text } of histories) {
      expect(text).not.toMatch(/@acme\.example|ACME|aPrx|5Aep|!AQ/);
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
  });
});
