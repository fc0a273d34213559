import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/domain/connection.ts';
import { AppError } from '../../src/errors.ts';
import type { Account } from '../../src/ports.ts';
import { connection, orgId } from '../support/fakes/lookups.ts';
import { createTestPortal, textOf, type Browser, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
let account: Account;
let browser: Browser;
beforeEach(async () => {
  portal = await createTestPortal();
  account = await portal.newAccount();
  browser = await portal.newSignedInBrowser(account);
});
afterEach(() => portal.app.close());

const connect = (changes: Partial<Connection> = {}) =>
  portal.connections.byAccount.set(account.id, {
    ...connection,
    accountId: account.id,
    lastCheckedAtMs: portal.clock.now(),
    ...changes,
  });
const statusOf = (html: string) => textOf(/<div[^>]*role="status"[^>]*>.*?<\/div>/s.exec(html)?.[0] ?? '');
const buttonOf = (html: string) => textOf(/<button type="submit" id="connect".*?<\/button>/s.exec(html)?.[0] ?? '');

describe('the connection page', () => {
  it('says Inactive and offers to connect on the first visit', async () => {
    const page = await browser.get('/salesforce-connection');
    expect(statusOf(page.body)).toBe('Inactive Not connected yet');
    expect(buttonOf(page.body)).toBe('Click To Connect Salesforce');
    expect(page.body).not.toContain('Org ID');
  });

  it('says Active with the Org ID and offers to refresh when connected', async () => {
    connect();
    const page = await browser.get('/salesforce-connection');
    expect(statusOf(page.body)).toBe('Active Connected to ACME');
    expect(buttonOf(page.body)).toBe('Click To Refresh Salesforce Connection');
    expect(page.body).toContain(`>${orgId}</code>`);
    expect(page.body).toContain(`data-copy="${orgId}"`);
    expect(textOf(page.body)).toContain('it stands right behind the PBX id');
  });

  it('says Active with a warning while Salesforce is away', async () => {
    connect({ state: 'degraded', cause: 'salesforce-unreachable' });
    const page = await browser.get('/salesforce-connection');
    expect(statusOf(page.body)).toMatch(/^Active .* with a warning$/);
    expect(buttonOf(page.body)).toBe('Click To Refresh Salesforce Connection');
    expect(textOf(page.body)).toContain('Salesforce cannot be reached');
  });

  it('says Inactive, since when, why and what to do when the connection is broken', async () => {
    connect({ state: 'broken', cause: 'user-frozen', sinceMs: Date.UTC(2026, 10, 22, 20, 0, 0) });
    const page = await browser.get('/salesforce-connection');
    const text = textOf(page.body);
    expect(statusOf(page.body)).toBe('Inactive The Salesforce user is frozen');
    expect(buttonOf(page.body)).toBe('Click To Connect Salesforce');
    expect(text).toContain('Since 22 Nov 2026, 21:00:00');
    expect(text).toContain('admin@acme.example');
    expect(text).toContain('Setup → Users → Users → the user → Unfreeze');
  });

  it('shows how things stand in the frame of every page', async () => {
    connect({ state: 'broken', cause: 'token-revoked' });
    for (const url of ['/salesforce-connection', '/phone-systems', '/phone-systems/new', '/nowhere']) {
      expect(textOf((await browser.get(url)).body)).toContain('Salesforce: Inactive');
    }
  });

  it('asks for a check when it is opened, without waiting for it', async () => {
    connect({ lastCheckedAtMs: portal.clock.now() - 10_000 });
    portal.engine.fail('checkNow', new AppError('TEMPORAL_UNAVAILABLE', 'Away.'));
    expect((await browser.get('/salesforce-connection')).statusCode).toBe(200);
    portal.engine.mend();
    await browser.get('/salesforce-connection');
    expect(portal.engine.idsOf('checkNow')).toEqual([orgId]);
  });

  it.each<[string, Partial<Connection>]>([
    ['one is younger than ten seconds', {}],
    ['it is disconnected', { state: 'disconnected', lastCheckedAtMs: undefined }],
  ])('asks for no check when %s', async (_when, changes) => {
    connect({ lastCheckedAtMs: portal.clock.now() - 9_999, ...changes });
    await browser.get('/salesforce-connection');
    expect(portal.engine.idsOf('checkNow')).toEqual([]);
  });

  it('shows an error page while the database is away', async () => {
    portal.connections.fail('ofAccount', new AppError('DATABASE_UNAVAILABLE', 'Away.'));
    const page = await browser.get('/salesforce-connection');
    expect(page.statusCode).toBe(503);
    expect(textOf(page.body)).toContain('database cannot be reached');
  });
});

describe('beginning an attempt', () => {
  it.each([
    [{ choice: 'production' }, 'https://login.salesforce.com'],
    [{}, 'https://login.salesforce.com'],
    [{ choice: 'sandbox' }, 'https://test.salesforce.com'],
    [{ choice: 'my-domain', myDomain: ' Acme.my.salesforce.com ' }, 'https://acme.my.salesforce.com'],
  ])('with %j goes to %s', async (fields, origin) => {
    await browser.get('/salesforce-connection');
    const answer = await browser.post('/salesforce-connection/authorizations', { ...fields });
    expect(answer.statusCode).toBe(303);
    expect(new URL(answer.headers.location ?? '').origin).toBe(origin);
    expect(portal.authorizations.all).toMatchObject([{ accountId: account.id, loginHost: origin, status: 'begun' }]);
    expect(portal.audit.events.at(-1)).toMatchObject({
      action: 'authorization.begun',
      accountId: account.id,
      subject: portal.authorizations.all[0]?.id,
    });
  });

  it.each(['evil.example', 'http://acme.my.salesforce.com', 'acme.lightning.force.com', ''])(
    'refuses the My Domain %j at its field and keeps it',
    async (myDomain) => {
      await browser.get('/salesforce-connection');
      const answer = await browser.post('/salesforce-connection/authorizations', { choice: 'my-domain', myDomain });
      expect(answer.statusCode).toBe(400);
      expect(answer.body).toContain('id="myDomain-fault"');
      expect(answer.body).toContain(`value="${myDomain}"`);
      expect(answer.body).toMatch(/value="my-domain" checked/);
      expect(portal.authorizations.all).toEqual([]);
    },
  );

  it('sends a state and a challenge of which only hashes and the verifier are kept', async () => {
    await browser.get('/salesforce-connection');
    const answer = await browser.post('/salesforce-connection/authorizations', { choice: 'production' });
    const { searchParams } = new URL(answer.headers.location ?? '');
    const state = searchParams.get('state') ?? '';
    const [attempt] = portal.authorizations.all;
    expect(Buffer.from(state, 'base64url')).toHaveLength(32);
    expect(attempt?.stateHash).not.toBe(state);
    expect(attempt?.codeVerifier.length).toBeGreaterThanOrEqual(43);
    expect(searchParams.get('code_challenge')).not.toBe(attempt?.codeVerifier);
    expect(attempt?.expiresAtMs).toBe(portal.clock.now() + 15 * 60_000);
    const cookie = answer.cookies.find(({ name }) => name.startsWith('trunkline-authorization-'));
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', maxAge: 900 });
    expect(attempt?.browserHash).not.toBe(cookie?.value);
  });

  it('lets the form lead to Salesforce and to an identity provider, and no other page’s form anywhere', async () => {
    const policy = async (url: string) => String((await browser.get(url)).headers['content-security-policy']);
    expect(await policy('/salesforce-connection')).toMatch(/form-action 'self' https:(?:;|$)/);
    expect(await policy('/phone-systems')).toMatch(/form-action 'self'(?:;|$)/);
  });

  it('remembers where the last attempt went', async () => {
    await browser.get('/salesforce-connection');
    await browser.post('/salesforce-connection/authorizations', {
      choice: 'my-domain',
      myDomain: 'acme.my.salesforce.com',
    });
    const page = await browser.get('/salesforce-connection');
    expect(page.body).toMatch(/value="my-domain" checked/);
    expect(page.body).toContain('value="acme.my.salesforce.com"');
  });

  it('has the stand-in as the only login host where there is one, and says so', async () => {
    await portal.app.close();
    portal = await createTestPortal({ standIn: { url: 'http://localhost:3001' } });
    browser = await portal.newSignedInBrowser();
    const page = await browser.get('/salesforce-connection');
    expect(page.body).not.toContain('name="choice"');
    expect(textOf(page.body)).toContain('stand-in for Salesforce, http://localhost:3001');
    expect(page.headers['content-security-policy']).toContain('http://localhost:3001');
    const answer = await browser.post('/salesforce-connection/authorizations', { choice: 'sandbox' });
    expect(new URL(answer.headers.location ?? '').origin).toBe('http://localhost:3001');
  });
});

describe('the callback', () => {
  /** Begins an attempt and answers with what Salesforce would send back. */
  async function begin(): Promise<{ state: string; id: string }> {
    await browser.get('/salesforce-connection');
    const answer = await browser.post('/salesforce-connection/authorizations', { choice: 'production' });
    const state = new URL(answer.headers.location ?? '').searchParams.get('state') ?? '';
    return { state, id: portal.authorizations.all.at(-1)?.id ?? '' };
  }
  const callback = (parameters: Record<string, string>, from = browser) =>
    from.get(`/salesforce/callback?${new URLSearchParams(parameters).toString()}`);
  const attempt = () => portal.authorizations.all.at(-1);

  it('stores the code, starts the workflow with the id only, and shows that it is being checked', async () => {
    const { state, id } = await begin();
    const answer = await callback({ state, code: 'aPrx==' });
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe('/salesforce-connection');
    expect(attempt()).toMatchObject({ status: 'code-received', code: 'aPrx==' });
    expect(portal.engine.idsOf('startAuthorization')).toEqual([id]);
    expect(textOf((await browser.get('/salesforce-connection')).body)).toContain('Checking what Salesforce told us…');
    expect(portal.audit.events.at(-1)).toMatchObject({ action: 'authorization.returned', subject: id });
  });

  it('works when the session ended meanwhile: sign-in comes next, then the result', async () => {
    const { state } = await begin();
    portal.sessions.byHash.clear();
    const answer = await callback({ state, code: 'aPrx' });
    expect(answer.headers.location).toBe('/salesforce-connection');
    expect(attempt()?.status).toBe('code-received');
    expect((await browser.get('/salesforce-connection')).headers.location).toContain('/sign-in?next=');
    expect(portal.audit.events.at(-1)).toMatchObject({ action: 'authorization.returned', accountId: account.id });
  });

  it('shows the result when it is loaded again, and takes no second code', async () => {
    const { state } = await begin();
    await callback({ state, code: 'first' });
    expect((await callback({ state, code: 'second' })).headers.location).toBe('/salesforce-connection');
    expect(attempt()?.code).toBe('first');
    await portal.authorizations.end(attempt()?.id ?? '', { status: 'refused', reason: 'code-expired' });
    const before = portal.engine.calls.length;
    expect((await callback({ state, code: 'third' })).headers.location).toBe('/salesforce-connection');
    expect(portal.engine.calls).toHaveLength(before);
    expect(portal.audit.events.filter(({ action }) => action === 'authorization.returned')).toHaveLength(1);
  });

  it('starts the workflow when it is loaded again after a start that failed', async () => {
    const { state, id } = await begin();
    portal.engine.fail('startAuthorization', new AppError('TEMPORAL_UNAVAILABLE', 'Away.'));
    const failed = await callback({ state, code: 'aPrx' });
    expect(failed.statusCode).toBe(503);
    expect(textOf(failed.body)).toContain('nothing is lost');
    portal.engine.mend();
    expect((await callback({ state, code: 'aPrx' })).statusCode).toBe(303);
    expect(portal.engine.idsOf('startAuthorization')).toEqual([id]);
  });

  it('refuses any other browser, even with the same account, and changes nothing', async () => {
    const { state } = await begin();
    const other = await portal.newSignedInBrowser(account);
    const answer = await callback({ state, code: 'stolen' }, other);
    expect(answer.statusCode).toBe(400);
    expect(textOf(answer.body)).toContain('no attempt of this browser');
    expect(attempt()?.status).toBe('begun');
    expect(portal.engine.calls).toEqual([]);
    expect((await callback({ state, code: 'own' })).statusCode).toBe(303);
  });

  it.each([{}, { state: '' }, { state: 'unknown' }, { code: 'aPrx' }])(
    'refuses %j, which belongs to no attempt',
    async (parameters) => {
      await begin();
      expect((await callback(parameters)).statusCode).toBe(400);
      expect(attempt()?.status).toBe('begun');
    },
  );

  it('shows what Salesforce refused, in words', async () => {
    const { state } = await begin();
    const answer = await callback({
      state,
      error: 'access_denied',
      error_description: 'end-user denied authorization',
    });
    expect(answer.headers.location).toBe('/salesforce-connection');
    expect(attempt()).toMatchObject({ status: 'refused', reason: 'denied-by-user' });
    const text = textOf((await browser.get('/salesforce-connection')).body);
    expect(text).toContain('The last attempt to connect did not succeed');
    expect(text).toContain('Access was denied');
    expect(portal.engine.idsOf('startAuthorization')).toEqual([]);
  });

  it('refuses an answer that is too late', async () => {
    const { state } = await begin();
    portal.clock.pass(15 * 60_000);
    await callback({ state, code: 'late' });
    expect(attempt()).toMatchObject({ status: 'refused', reason: 'attempt-expired' });
    expect(attempt()?.code).toBeUndefined();
  });

  it('names the user who was refused and what is missing', async () => {
    const { id } = await begin();
    await portal.authorizations.end(id, {
      status: 'refused',
      reason: 'not-administrator',
      detail: { username: 'user@acme.example', missing: ['Modify All Data', 'Customize Application'] },
    });
    const text = textOf((await browser.get('/salesforce-connection')).body);
    expect(text).toContain('user@acme.example lacks Modify All Data, Customize Application');
    expect(text).toContain('Setup → Users → Permission Sets');
  });

  it('writes neither code nor state into the log', async () => {
    const { state } = await begin();
    await callback({ state, code: 'very-secret-code' });
    const log = portal.logLines.join('');
    expect(log).toContain('/salesforce/callback?state=***');
    expect(log).not.toContain(state);
    expect(log).not.toContain('very-secret-code');
  });
});
