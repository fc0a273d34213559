import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { standInClientId, standInClientSecret, startStandIn } from '../../../src/local/salesforce/server.ts';
import type { StandIn } from '../../../src/local/salesforce/server.ts';
import type { Policies } from '../../../src/local/salesforce/types.ts';
import {
  acme,
  adminId,
  ask,
  authorize,
  authorizeUrl,
  callback,
  connect,
  createBrowser,
  decide,
  globex,
  pkcePair,
  post,
  refresh,
  signIn,
} from './oauth-browser.ts';

let standIn: StandIn;
let nowMs = Date.now();

beforeAll(async () => {
  standIn = await startStandIn({
    port: 0,
    clock: () => nowMs,
    callbackUrls: ['https://portal.example/from-the-start'],
  });
});
afterAll(() => standIn.close());
beforeEach(async () => {
  nowMs = Date.now();
  await standIn.control.reset();
  setPolicies({ tokenLatencyMs: 0 });
});

function setPolicies(policies: Partial<Policies>): void {
  standIn.control.changeOrg(acme, { policies });
}

const exchange = (code: string, params: Record<string, string> = {}) =>
  post(standIn, 'token', { grant_type: 'authorization_code', code, redirect_uri: callback, ...params });
const codeOf = async (params: Record<string, string> = {}): Promise<string> =>
  (await authorize(standIn, params)).searchParams.get('code') ?? '';
const isActive = async (token: string): Promise<unknown> =>
  (await post(standIn, 'introspect', { token })).body['active'];

/** What every page says, whatever else is on it. */
const notSalesforce = "This is Trunkline's stand-in for Salesforce, not Salesforce itself.";

const expired = { error: 'invalid_grant', error_description: 'expired access/refresh token' };

describe('authorize', () => {
  it('leads over login and Allow page back to the app with a code and the state', async () => {
    const browser = createBrowser(standIn.url);
    const login = await browser.go(authorizeUrl(standIn, { state: 'a state', login_hint: 'admin@acme.example' }));
    expect(login.url.search).toMatch(/^\?ec=302&startURL=%2Fsetup%2Fsecur%2FRemoteAccessAuthorizationPage\.apexp/);
    expect(login.page).toMatch(/id="username"[\s\S]*value="admin@acme\.example"/);
    expect(login.page).toMatch(/id="password"[\s\S]*name="Login"/);
    const approval = await signIn(browser, login);
    for (const { page } of [login, approval]) expect(page).toContain(notSalesforce);
    expect(approval.url.pathname).toBe('/setup/secur/RemoteAccessAuthorizationPage.apexp');
    expect(approval.page).toMatch(/id="oadeny"[\s\S]*id="oaapprove"/);
    const { url } = await decide(browser, approval, 'save');
    expect(url.origin + url.pathname).toBe(callback);
    expect(url.searchParams.get('state')).toBe('a state');
    expect(url.searchParams.get('code')).toMatch(/^aPrx.+==$/);
  });

  it('tells the app that the user pressed Deny', async () => {
    const browser = createBrowser(standIn.url);
    const approval = await signIn(browser, await browser.go(authorizeUrl(standIn, { state: 's' })));
    const { url } = await decide(browser, approval, 'cancel');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      error: 'access_denied',
      error_description: 'end-user denied authorization',
      state: 's',
    });
  });

  it.each([
    ['a wrong password', 'admin@acme.example', 'wrong'],
    ['a frozen user', 'frozen@acme.example', 'stand-in'],
    ['an inactive user', 'inactive@acme.example', 'stand-in'],
    ['an unknown user', '<b>nobody@acme.example', 'stand-in'],
  ])('does not sign in %s', async (_who, username, password) => {
    const browser = createBrowser(standIn.url);
    const again = await signIn(browser, await browser.go(authorizeUrl(standIn)), username, password);
    expect(again.page).toMatch(/Please check your username and password/);
    expect(again.page).not.toContain('<b>nobody');
  });

  it('sends a login nowhere but to its own host', async () => {
    const response = await createBrowser(standIn.url).visit('/', {
      username: 'admin@acme.example',
      pw: 'stand-in',
      startURL: '//evil.example/',
    });
    expect(response.headers.get('location')).toBe('/');
  });

  it.each([
    [{ client_id: 'unknown' }, 'invalid_client_id'],
    [{ redirect_uri: '' }, 'redirect_uri_missing'],
    [{ redirect_uri: 'https://elsewhere.example/callback' }, 'redirect_uri_mismatch'],
  ])('shows an error page instead of trusting the callback for %j', async (params, error) => {
    const { url, page } = await createBrowser(standIn.url).go(authorizeUrl(standIn, params));
    expect(url.pathname).toBe('/setup/secur/RemoteAccessErrorPage.apexp');
    expect(page).toContain(error);
    expect(page).toContain(notSalesforce);
  });

  it.each([
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ scope: 'api everything' }, 'invalid_scope'],
    [{ code_challenge: 'too-short' }, 'invalid_request'],
    [{ code_challenge: pkcePair().challenge, code_challenge_method: 'plain' }, 'invalid_request'],
    [{ immediate: 'true' }, 'immediate_unsuccessful'],
  ])('sends the error of %j back to the app', async (params, error) => {
    const { url } = await createBrowser(standIn.url).go(authorizeUrl(standIn, params));
    expect(url.searchParams.get('error')).toBe(error);
  });

  it('takes a callback that the app has registered', async () => {
    setPolicies({ callbackUrls: ['https://portal.example/back'] });
    const url = await authorize(standIn, { redirect_uri: 'https://portal.example/back' });
    expect(url.href).toMatch(/^https:\/\/portal\.example\/back\?code=/);
  });

  it('takes the callback that it was started with, also after a reset', async () => {
    const url = await authorize(standIn, { redirect_uri: 'https://portal.example/from-the-start' });
    expect(url.href).toMatch(/^https:\/\/portal\.example\/from-the-start\?code=/);
  });

  it.each([
    [{ app: 'approval-error' }, 'OAUTH_APPROVAL_ERROR_GENERIC'],
    [{ app: 'not-installed' }, 'invalid_client'],
    [{ app: 'blocked' }, 'OAUTH_APP_BLOCKED'],
    [{ app: 'not-approved' }, 'invalid_app_access'],
    [{ app: 'access-denied' }, 'OAUTH_APP_ACCESS_DENIED'],
    [{ app: 'cross-org' }, 'OAUTH_AUTHORIZATION_BLOCKED'],
    [{ app: 'not-found' }, 'OAUTH_EC_APP_NOT_FOUND'],
    [{ requirePkce: true }, 'invalid_request'],
    [{ loginRateExceeded: true }, 'rate_limit_exceeded'],
    [{ scopes: ['api'] }, 'invalid_scope'],
  ] satisfies [Partial<Policies>, string][])('refuses under %j before anything is allowed', async (policies, error) => {
    setPolicies(policies);
    expect((await authorize(standIn)).searchParams.get('error')).toBe(error);
  });

  it('asks no second time for what the user has allowed, unless the app wants consent or a login', async () => {
    const browser = createBrowser(standIn.url);
    const approval = await signIn(browser, await browser.go(authorizeUrl(standIn)));
    const first = await decide(browser, approval, 'save');
    await exchange(first.url.searchParams.get('code') ?? '');
    const second = await browser.go(authorizeUrl(standIn, { immediate: 'true' }));
    expect(second.url.searchParams.has('code')).toBe(true);
    expect((await browser.go(authorizeUrl(standIn, { prompt: 'consent' }))).page).toContain('oaapprove');
    expect((await browser.go(authorizeUrl(standIn, { prompt: 'login' }))).page).toContain('id="password"');
  });

  it('shows a user who was frozen meanwhile the login page again', async () => {
    const browser = createBrowser(standIn.url);
    const approval = await signIn(browser, await browser.go(authorizeUrl(standIn)));
    standIn.control.changeOrg(acme, { users: { 'admin@acme.example': { frozen: true } } });
    expect((await decide(browser, approval, 'save')).page).toContain('id="password"');
  });

  it.each([
    ['a path that is not there', '/somewhere', {}, 404, 'Page not found'],
    ['a host that is gone', '/services/data/v67.0/limits', { goneHosts: 'data' }, 404, 'URL No Longer Exists'],
    ['maintenance', '/services/data/v67.0/limits', { maintenance: true }, 200, 'We are down for maintenance.'],
    ['the front page of somebody signed in', '/', {}, 200, 'You are logged in'],
  ] satisfies [string, string, Partial<Policies>, number, string][])(
    'says that it is a stand-in on the page for %s',
    async (_what, path, policies, status, words) => {
      const { accessToken } = await connect(standIn);
      setPolicies(policies);
      const browser = createBrowser(standIn.url);
      await browser.visit('/', { username: 'admin@acme.example', pw: 'stand-in' });
      const response = await browser.visit(path, undefined, { authorization: `Bearer ${accessToken}` });
      expect([response.status, response.headers.get('content-type')]).toEqual([status, 'text/html;charset=UTF-8']);
      const page = await response.text();
      expect(page).toContain(`<h1>${words}</h1>`);
      expect(page).toContain(notSalesforce);
    },
  );

  it("signs in only users of the org on the org's own host", async () => {
    const host = { url: standIn.orgUrl(globex) };
    const browser = createBrowser(host.url);
    const refused = await signIn(browser, await browser.go(authorizeUrl(host)), 'admin@acme.example');
    expect(refused.page).toMatch(/Please check your username and password/);
    const allowed = await signIn(browser, await browser.go(authorizeUrl(host)), 'admin@globex.example');
    expect(allowed.page).toContain('oaapprove');
  });

  it("does not take another org's session on the org's own host", async () => {
    const browser = createBrowser(standIn.url);
    await signIn(browser, await browser.go(authorizeUrl(standIn)));
    const response = await browser.visit(authorizeUrl({ url: standIn.orgUrl(globex) }));
    expect(response.headers.get('location')).toMatch(/^\/\?ec=302/);
  });
});

describe('the token endpoint with a code', () => {
  it('answers what Salesforce answers, signed with the client secret and without expires_in', async () => {
    const { status, headers, body } = await exchange(await codeOf());
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json;charset=UTF-8');
    expect(headers.get('cache-control')).toBe('no-cache,must-revalidate,max-age=0,no-store,private');
    const { access_token, refresh_token, signature, issued_at, ...rest } = body;
    expect(rest).toEqual({
      scope: 'api refresh_token id',
      instance_url: standIn.orgUrl(acme),
      id: `${standIn.url}/id/${acme}/${adminId}`,
      token_type: 'Bearer',
    });
    expect(access_token).toMatch(/^00DA0000000BhM2![\w.]{60,}$/);
    expect(refresh_token).toMatch(/^5Aep861/);
    expect(issued_at).toBe(String(nowMs));
    expect(signature).toBe(
      createHmac('sha256', standInClientSecret)
        .update(`${rest['id'] ?? ''}${issued_at ?? ''}`)
        .digest('base64'),
    );
  });

  it('takes key and secret by HTTP Basic, and answers as a form or XML when asked', async () => {
    const basic = `Basic ${Buffer.from(`${standInClientId}:${standInClientSecret}`).toString('base64')}`;
    const send = async (format: string, authorization: string): Promise<Response> =>
      fetch(`${standIn.url}/services/oauth2/token`, {
        method: 'POST',
        headers: { authorization },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code: await codeOf(),
          redirect_uri: callback,
          format,
        }),
      });
    const form = new URLSearchParams(await (await send('urlencoded', basic)).text());
    expect(form.get('token_type')).toBe('Bearer');
    expect(await (await send('xml', basic)).text()).toMatch(/^<\?xml.*<OAuth><access_token>00DA/);
    expect((await send('json', 'Basic bm90aGluZw==')).status).toBe(400);
  });

  it('gives no refresh token without its scope, and an id token that verifies with openid', async () => {
    const { body } = await exchange(await codeOf({ scope: 'openid api', nonce: 'n-1' }));
    expect(body['refresh_token']).toBeUndefined();
    const keys = (await (await fetch(`${standIn.url}/id/keys`)).json()) as JSONWebKeySet;
    const { payload } = await jwtVerify(body['id_token'] ?? '', createLocalJWKSet(keys), {
      issuer: standIn.url,
      audience: standInClientId,
    });
    expect(payload).toMatchObject({ nonce: 'n-1', sub: body['id'] });
  });

  it('demands the verifier of a challenge, and the right one', async () => {
    const { verifier, challenge } = pkcePair();
    const code = await codeOf({ code_challenge: challenge, code_challenge_method: 'S256' });
    expect((await exchange(code)).body['error']).toBe('invalid_grant');
    expect((await exchange(code, { code_verifier: pkcePair().verifier })).body['error']).toBe('invalid_request');
    expect((await exchange(code, { code_verifier: verifier })).status).toBe(200);
  });

  it('takes a code once', async () => {
    const code = await codeOf();
    expect((await exchange(code)).status).toBe(200);
    const { status, body } = await exchange(code);
    expect(status).toBe(400);
    expect(body).toEqual({ error: 'invalid_grant', error_description: 'expired authorization code' });
  });

  it('takes a code for 15 minutes', async () => {
    const code = await codeOf();
    nowMs += 15 * 60_000;
    expect((await exchange(code)).body['error_description']).toBe('expired authorization code');
  });

  it.each([
    [{ client_id: 'unknown' }, 'invalid_client_id', 'client identifier invalid'],
    [{ client_secret: 'wrong' }, 'invalid_client', 'invalid client credentials'],
    [{ grant_type: 'client_credentials' }, 'unsupported_grant_type', 'grant type not supported'],
    [{ grant_type: 'password' }, 'invalid_grant', 'authentication failure'],
    [{ redirect_uri: 'http://localhost:3000/other' }, 'redirect_uri_mismatch', 'redirect_uri must match configuration'],
    [{ code: 'unknown' }, 'invalid_grant', 'invalid authorization code'],
  ])('refuses %j with 400', async (params, error, description) => {
    const { status, body } = await exchange(await codeOf(), params);
    expect([status, body]).toEqual([400, { error, error_description: description }]);
  });
});

describe('the token endpoint with a refresh token', () => {
  it('rotates: a new refresh token with each refresh, the access token before still working', async () => {
    const first = await connect(standIn);
    const { status, body } = await refresh(standIn, first.refreshToken);
    expect(status).toBe(200);
    expect(body['refresh_token']).toMatch(/^5Aep861/);
    expect(body['refresh_token']).not.toBe(first.refreshToken);
    expect((await ask(first)).status).toBe(200);
    expect((await ask({ ...first, accessToken: body['access_token'] ?? '' })).status).toBe(200);
  });

  it('kills the whole family when a spent refresh token is presented', async () => {
    const first = await connect(standIn);
    const { body } = await refresh(standIn, first.refreshToken);
    const replay = await refresh(standIn, first.refreshToken);
    expect([replay.status, replay.body]).toEqual([400, expired]);
    expect((await refresh(standIn, body['refresh_token'] ?? '')).body).toEqual(expired);
    expect((await ask(first)).status).toBe(401);
    expect((await ask({ ...first, accessToken: body['access_token'] ?? '' })).status).toBe(401);
    expect(standIn.control.journal().entries.filter(({ spentToken }) => spentToken)).toHaveLength(1);
  });

  it('answers no refresh token without rotation, and takes the same one again', async () => {
    setPolicies({ rotation: false });
    const { refreshToken } = await connect(standIn);
    for (const count of [1, 2]) {
      const { status, body } = await refresh(standIn, refreshToken);
      expect([count, status, body['refresh_token']]).toEqual([count, 200, undefined]);
    }
  });

  it.each([true, false])('refuses a second refresh while one is in flight, with rotation %s', async (rotation) => {
    setPolicies({ tokenLatencyMs: 200, rotation });
    const { refreshToken } = await connect(standIn);
    const answers = await Promise.all([refresh(standIn, refreshToken), refresh(standIn, refreshToken)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect(answers.find(({ status }) => status === 400)?.body).toEqual({
      error: 'invalid_grant',
      error_description: 'token request is already being processed',
    });
    expect(
      standIn.control
        .journal()
        .entries.slice(-2)
        .map(({ inFlight }) => inFlight),
    ).toEqual([0, 1]);
  });

  it('hands out the access token that still works where the org does so', async () => {
    setPolicies({ sameAccessToken: true, rotation: false });
    const first = await connect(standIn);
    expect((await refresh(standIn, first.refreshToken)).body['access_token']).toBe(first.accessToken);
    const second = await connect(standIn);
    expect(second.accessToken).toBe(first.accessToken);
    await post(standIn, 'revoke', { token: second.refreshToken });
    expect((await ask(first)).status).toBe(401);
  });

  it('keeps five grants of a user and drops the oldest for a sixth', async () => {
    const grants = [];
    for (let count = 0; count < 6; count++) {
      grants.push(await connect(standIn));
      nowMs += 1000;
    }
    expect(await Promise.all(grants.map(({ refreshToken }) => isActive(refreshToken)))).toEqual([
      false,
      ...Array<boolean>(5).fill(true),
    ]);
    const other = await connect(standIn, 'user@acme.example');
    expect(await isActive(other.refreshToken)).toBe(true);
  });

  it('expires a refresh token that nobody used for 30 days, and not one that was used', async () => {
    const [used, idle] = [await connect(standIn), await connect(standIn)];
    nowMs += 29 * 86_400_000;
    const { body } = await refresh(standIn, used.refreshToken);
    nowMs += 2 * 86_400_000;
    expect((await refresh(standIn, idle.refreshToken)).body).toEqual(expired);
    expect((await refresh(standIn, body['refresh_token'] ?? '')).status).toBe(200);
  });

  it.each([
    [{ ipRestricted: true }, 'invalid_grant', 'ip restricted'],
    [{ loginHoursClosed: true }, 'invalid_grant', 'invalid login hours'],
    [{ orgStatus: 'locked' }, 'inactive_org', 'organization is inactive'],
    [{ loginRateExceeded: true }, 'rate_limit_exceeded', 'login rate exceeded'],
    [{ app: 'not-approved' }, 'invalid_app_access', 'user is not admin approved to access this app'],
    [{ app: 'blocked' }, 'invalid_grant', 'expired access/refresh token'],
    [{ refreshTokenPolicy: 'immediately-expire' }, 'invalid_grant', 'expired access/refresh token'],
    [{ clientSecret: 'changed' }, 'invalid_client', 'invalid client credentials'],
  ] satisfies [Partial<Policies>, string, string][])('refuses under %j', async (policies, error, description) => {
    const { refreshToken } = await connect(standIn);
    setPolicies(policies);
    const { status, body } = await refresh(standIn, refreshToken);
    expect([status, body]).toEqual([400, { error, error_description: description }]);
  });

  it('refuses an inactive user until it is active again', async () => {
    const { refreshToken, ...rest } = await connect(standIn);
    standIn.control.changeOrg(acme, { users: { 'admin@acme.example': { active: false } } });
    expect((await refresh(standIn, refreshToken)).body['error']).toBe('inactive_user');
    expect((await ask(rest)).status).toBe(401);
    standIn.control.changeOrg(acme, { users: { 'admin@acme.example': { active: true } } });
    expect((await refresh(standIn, refreshToken)).status).toBe(200);
  });

  it('does not accept a scope, and not the host of another org', async () => {
    const { refreshToken } = await connect(standIn);
    const withScope = await post(standIn, 'token', {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      scope: 'api',
    });
    expect(withScope.body['error']).toBe('invalid_request');
    const elsewhere = { url: standIn.orgUrl(globex) };
    const wrongHost = await post(elsewhere, 'token', { grant_type: 'refresh_token', refresh_token: refreshToken });
    expect(wrongHost.body).toEqual(expired);
    expect((await refresh(standIn, refreshToken)).status).toBe(200);
  });
});

describe('sessions', () => {
  it('last as long as they are used in the second half of their life', async () => {
    setPolicies({ accessTokenLifeMs: 30 * 60_000 });
    const [early, late] = [await connect(standIn), await connect(standIn, 'user@acme.example')];
    nowMs += 10 * 60_000;
    await ask(early);
    nowMs += 10 * 60_000;
    await ask(late);
    nowMs += 10 * 60_000;
    expect((await ask(early)).status).toBe(401);
    expect((await ask(late)).status).toBe(200);
  });

  it('are described by introspection, which does not prolong them', async () => {
    const { accessToken, refreshToken } = await connect(standIn);
    const issuedAt = Math.floor(nowMs / 1000);
    nowMs += 90 * 60_000;
    expect((await post(standIn, 'introspect', { token: accessToken })).body).toEqual({
      active: true,
      scope: 'api refresh_token id',
      client_id: standInClientId,
      username: 'admin@acme.example',
      sub: `${standIn.url}/id/${acme}/${adminId}`,
      token_type: 'access_token',
      exp: issuedAt + 7200,
      iat: issuedAt,
      nbf: issuedAt,
    });
    expect((await post(standIn, 'introspect', { token: refreshToken })).body['token_type']).toBe('refresh_token');
    nowMs += 30 * 60_000;
    expect((await post(standIn, 'introspect', { token: accessToken })).body).toEqual({ active: false });
    expect((await post(standIn, 'introspect', { token: 'unknown' })).body).toEqual({ active: false });
    expect((await post(standIn, 'introspect', { token: accessToken, client_secret: 'x' })).status).toBe(400);
  });

  it('end alone when their token is revoked, all together with the refresh token', async () => {
    const tokens = await connect(standIn);
    const { body } = await refresh(standIn, tokens.refreshToken);
    const second = { ...tokens, accessToken: body['access_token'] ?? '' };
    const revoked = await post(standIn, 'revoke', { token: tokens.accessToken });
    expect([revoked.status, revoked.body]).toEqual([200, {}]);
    expect([(await ask(tokens)).status, (await ask(second)).status]).toEqual([401, 200]);
    const url = `${standIn.url}/services/oauth2/revoke?token=${encodeURIComponent(body['refresh_token'] ?? '')}`;
    expect((await fetch(url)).status).toBe(200);
    expect((await ask(second)).status).toBe(401);
    expect((await post(standIn, 'revoke', { token: tokens.accessToken })).body['error']).toBe('invalid_token');
    expect((await post(standIn, 'revoke', {})).body['error']).toBe('unsupported_token_type');
  });
});

describe('identity', () => {
  const get = (url: string, token?: string): Promise<Response> =>
    fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

  it('describes the user of the token at the identity URL and as userinfo', async () => {
    const { accessToken, instanceUrl } = await connect(standIn);
    const identity = await get(`${standIn.url}/id/${acme}/${adminId}?version=latest`, accessToken);
    expect(await identity.json()).toMatchObject({
      user_id: adminId,
      organization_id: acme,
      username: 'admin@acme.example',
      active: true,
      user_type: 'STANDARD',
      is_app_installed: true,
      urls: { rest: `${instanceUrl}/services/data/v67.0/` },
    });
    setPolicies({ appInstalled: false });
    const userinfo = (await (await get(`${instanceUrl}/services/oauth2/userinfo`, accessToken)).json()) as object;
    expect(userinfo).toMatchObject({ user_id: adminId, organization_id: acme, email_verified: true });
    expect(userinfo).not.toHaveProperty('is_app_installed');
  });

  it('refuses with 403 and one word of plain text', async () => {
    const { accessToken } = await connect(standIn);
    const words = async (url: string, token?: string): Promise<unknown[]> => {
      const response = await get(url, token);
      return [response.status, response.headers.get('content-type'), await response.text()];
    };
    const text = 'text/plain;charset=UTF-8';
    const own = `${standIn.url}/id/${acme}/${adminId}`;
    expect(await words(own)).toEqual([403, text, 'Missing_OAuth_Token']);
    expect(await words(own, 'bad')).toEqual([403, text, 'Bad_OAuth_Token']);
    expect(await words(`${standIn.url}/id/${globex}/${adminId}`, accessToken)).toEqual([403, text, 'Wrong_Org']);
    expect(await words(`${standIn.url}/id/${acme}/nobody`, accessToken)).toEqual([403, text, 'Bad_Id']);
    standIn.control.changeOrg(acme, { users: { 'admin@acme.example': { active: false } } });
    expect(await words(own, accessToken)).toEqual([403, text, 'Inactive User']);
    standIn.control.changeOrg(acme, { users: { 'admin@acme.example': { active: true } } });
    nowMs += 2 * 3_600_000;
    expect(await words(`${standIn.url}/services/oauth2/userinfo`, accessToken)).toEqual([403, text, 'Bad_OAuth_Token']);
  });

  it('is discovered on the login host and on the host of the org', async () => {
    for (const url of [standIn.url, standIn.orgUrl(acme)]) {
      const response = await fetch(`${url}/.well-known/openid-configuration`);
      expect(await response.json()).toMatchObject({
        issuer: url,
        token_endpoint: `${url}/services/oauth2/token`,
        introspection_endpoint: `${url}/services/oauth2/introspect`,
      });
    }
  });
});

describe('the data API', () => {
  it('lists versions to everybody and resources to a session, and counts calls', async () => {
    const tokens = await connect(standIn);
    const versions = (await (await fetch(`${standIn.url}/services/data/`)).json()) as unknown[];
    expect(versions.at(-1)).toEqual({ label: "Summer '26", url: '/services/data/v67.0', version: '67.0' });
    const response = await fetch(`${tokens.instanceUrl}/services/data/v67.0/`, {
      headers: { authorization: `Bearer ${tokens.accessToken}` },
    });
    expect(await response.json()).toMatchObject({
      identity: `${standIn.url}/id/${acme}/${adminId}`,
      query: '/services/data/v67.0/query',
    });
    expect(response.headers.get('sforce-limit-info')).toBe('api-usage=1/15000');
    expect((await ask(tokens)).headers.get('sforce-limit-info')).toBe('api-usage=2/15000');
  });

  it('lists only resources that are there', async () => {
    const { accessToken, instanceUrl } = await connect(standIn);
    const get = (path: string) => fetch(instanceUrl + path, { headers: { authorization: `Bearer ${accessToken}` } });
    const listed = (await (await get('/services/data/v67.0/')).json()) as Record<string, string>;
    delete listed['identity'];
    expect(Object.keys(listed).length).toBeGreaterThan(5);
    // Without parameters, or by GET, some refuse; what is missing answers 404.
    for (const path of Object.values(listed)) expect([path, (await get(path)).status]).not.toEqual([path, 404]);
  });

  it.each([
    [{ highAssurance: true }, 401, 'INVALID_SESSION_ID', 'This session is not valid for use with the REST API'],
    [{ apiEnabled: false }, 403, 'API_DISABLED_FOR_ORG', 'The REST API is not enabled for this Organization.'],
    [{ apiLimitEnforced: true, apiUsed: 15_000 }, 403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'],
    [{ orgStatus: 'locked' }, 401, 'INVALID_SESSION_ID', 'Session expired or invalid'],
  ] satisfies [Partial<Policies>, number, string, string][])(
    'refuses under %j',
    async (policies, status, errorCode, message) => {
      const tokens = await connect(standIn);
      setPolicies(policies);
      const response = await ask(tokens);
      expect([response.status, await response.json()]).toEqual([status, [{ message, errorCode }]]);
    },
  );

  it('refuses a missing header, a foreign host, a user without API, and paths and methods that are not there', async () => {
    const tokens = await connect(standIn);
    const at = async (path: string, init: RequestInit = {}): Promise<[number, string]> => {
      const response = await fetch(`${tokens.instanceUrl}/services/data/${path}`, {
        headers: { authorization: `Bearer ${tokens.accessToken}` },
        ...init,
      });
      return [response.status, ((await response.json()) as { errorCode: string }[])[0]?.errorCode ?? ''];
    };
    expect(await at('v67.0/limits', { headers: {} })).toEqual([401, 'INVALID_AUTH_HEADER']);
    expect(await at('v67.0/nothing/here')).toEqual([404, 'NOT_FOUND']);
    expect(await at('v99.0/limits')).toEqual([404, 'NOT_FOUND']);
    expect(await at('v20.0/limits')).toEqual([410, 'UNSUPPORTED_API_VERSION']);
    expect(
      await at('v67.0/limits', { method: 'DELETE', headers: { authorization: `Bearer ${tokens.accessToken}` } }),
    ).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect(await at(`v67.0/query?q=${'x'.repeat(17_000)}`)).toEqual([414, 'URI_TOO_LONG']);
    expect((await ask({ ...tokens, instanceUrl: standIn.orgUrl(globex) })).status).toBe(401);
    standIn.control.changeOrg(acme, { users: { 'admin@acme.example': { permissions: ['ModifyAllData'] } } });
    expect(await at('v67.0/limits')).toEqual([403, 'API_CURRENTLY_DISABLED']);
  });
});
