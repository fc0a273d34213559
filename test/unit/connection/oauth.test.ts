import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Credentials } from '../../../src/ports.ts';
import { createSalesforceOAuth } from '../../../src/salesforce/oauth.ts';

/** A server of bytes: what it does with a connection is up to the test. */
let server: Server;
let url: string;
let requests: string[];
let behave: (socket: Socket, request: string) => void;
const oauth = () =>
  createSalesforceOAuth({ clientId: 'id', clientSecret: 'secret', redirectUri: 'http://localhost/cb', standIn: url });

beforeAll(async () => {
  server = createServer((socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      text += data.toString();
      const [head = '', body = ''] = text.split('\r\n\r\n');
      if (body.length < Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)) return;
      requests.push(text);
      behave(socket, text);
      text = '';
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  requests = [];
});
afterEach(() => {
  requests = [];
});
afterAll(() => server.close());

const answer =
  (status: number, body: string, more = '') =>
  (socket: Socket) =>
    socket.end(
      `HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`,
    );
const orgId = '00DA0000000BhM2MAK';
const granted = (changes: object = {}) =>
  JSON.stringify({
    access_token: '00DA0000000BhM2!new',
    refresh_token: '5Aep',
    instance_url: url,
    id: `${url}/id/${orgId}/005A0000001aDm1IAE`,
    issued_at: '1278448384422',
    ...changes,
  });
const credentials = (): Credentials => ({
  orgId,
  version: 1,
  accessToken: 'a',
  refreshToken: 'the-refresh-token',
  instanceUrl: url,
  identityUrl: `${url}/id/${orgId}/005A0000001aDm1IAE`,
  loginHost: url,
  issuedAtMs: 0,
  refreshStartedAtMs: undefined,
  refreshAttempt: undefined,
});
const refresh = (limitMs = 5_000) => oauth().refresh(credentials(), AbortSignal.timeout(limitMs));

it('sends the refresh token with id and secret, and no scope', async () => {
  behave = answer(200, granted());
  expect(await refresh()).toEqual({
    kind: 'granted',
    grant: {
      accessToken: '00DA0000000BhM2!new',
      refreshToken: '5Aep',
      instanceUrl: url,
      orgId,
      userId: '005A0000001aDm1IAE',
      identityUrl: `${url}/id/${orgId}/005A0000001aDm1IAE`,
      issuedAtMs: 1_278_448_384_422,
    },
  });
  const body = new URLSearchParams(requests[0]?.split('\r\n\r\n')[1]);
  expect(Object.fromEntries(body)).toEqual({
    grant_type: 'refresh_token',
    refresh_token: 'the-refresh-token',
    client_id: 'id',
    client_secret: 'secret',
  });
});

it('knows that nothing happened when the connection is refused', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const outcome = await oauth().refresh(
    { ...credentials(), loginHost: `http://127.0.0.1:${port}` },
    AbortSignal.timeout(5_000),
  );
  expect(outcome).toEqual({ kind: 'did-not-happen', cause: 'salesforce-unreachable', answer: 'ECONNREFUSED' });
});

it('knows that nothing happened when TLS fails', async () => {
  behave = (socket) => socket.destroy();
  const tls = createSalesforceOAuth({
    clientId: 'id',
    clientSecret: 'secret',
    redirectUri: 'x',
    standIn: url.replace('http:', 'https:'),
  });
  const outcome = await tls.refresh(
    { ...credentials(), loginHost: url.replace('http:', 'https:') },
    AbortSignal.timeout(2_000),
  );
  expect(outcome.kind).toBe('did-not-happen');
});

it.each([
  ['a reset after the request', (socket: Socket) => socket.resetAndDestroy(), 5_000, 'salesforce-error'],
  [
    'a cut body',
    (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"access_token'),
    5_000,
    'salesforce-error',
  ],
  ['no answer in time', () => undefined, 200, 'salesforce-slow'],
  [
    'a body that stalls',
    (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{'),
    200,
    'salesforce-slow',
  ],
  ['a body that is no JSON', (socket: Socket) => answer(200, '<html>')(socket), 5_000, 'salesforce-error'],
  ['a body without a token', (socket: Socket) => answer(200, '{"id":"x"}')(socket), 5_000, 'salesforce-error'],
  ['a body of a megabyte', (socket: Socket) => answer(200, ' '.repeat(1_000_000))(socket), 5_000, 'salesforce-error'],
  [
    'a 503 that says invalid_grant',
    (socket: Socket) =>
      answer(503, '{"error":"invalid_grant","error_description":"expired access/refresh token"}')(socket),
    5_000,
    'salesforce-error',
  ],
] as const)('knows nothing after %s', async (_name, act, limitMs, cause) => {
  behave = act;
  expect(await refresh(limitMs)).toMatchObject({ kind: 'unknown', cause });
  expect(requests).toHaveLength(1);
});

it('takes a definite refusal as one, and repeats nothing of its text', async () => {
  behave = answer(400, '{"error":"invalid_grant","error_description":"expired access/refresh token of Ada"}');
  expect(await refresh()).toEqual({ kind: 'refused', reason: 'token-revoked', detail: { answer: 'invalid_grant' } });
});

it.each([
  ['instance_url', { instance_url: 'https://evil.example' }],
  ['id', { id: 'https://evil.example/id/00DA0000000BhM2MAK/005A0000001aDm1IAE' }],
])('refuses a grant whose %s is not Salesforce’s', async (_name, changes) => {
  behave = answer(200, granted(changes));
  expect(await refresh()).toEqual({ kind: 'refused', reason: 'wrong-host', detail: {} });
});

it('sends secret and token to no host but Salesforce’s', async () => {
  await expect(
    oauth().refresh(
      { ...credentials(), loginHost: 'https://login.salesforce.com.evil.example' },
      AbortSignal.timeout(1_000),
    ),
  ).rejects.toMatchObject({ code: 'LOGIN_HOST_INVALID' });
  expect(requests).toHaveLength(0);
});

it('follows no redirect', async () => {
  behave = answer(302, '', 'location: http://127.0.0.1:9/\r\n');
  expect(await refresh()).toMatchObject({ kind: 'refused', reason: 'host-changed' });
  expect(requests).toHaveLength(1);
});

it('takes a token that is no longer valid as revoked, and trouble as trouble', async () => {
  behave = answer(400, '{"error":"invalid_token"}');
  await oauth().revoke(url, 'token');
  behave = answer(503, '');
  await expect(oauth().revoke(url, 'token')).rejects.toMatchObject({ code: 'SALESFORCE_UNAVAILABLE' });
});

it('reads an introspection: its end in milliseconds, or what went wrong', async () => {
  const introspect = () => oauth().introspect(credentials(), AbortSignal.timeout(5_000));
  behave = answer(200, '{"active":true,"exp":1700000000}');
  expect(await introspect()).toEqual({ kind: 'answered', active: true, expiresAtMs: 1_700_000_000_000 });
  behave = answer(200, '{"active":false}');
  expect(await introspect()).toEqual({ kind: 'answered', active: false, expiresAtMs: undefined });
  behave = answer(400, '{"error":"invalid_client"}');
  expect(await introspect()).toMatchObject({ kind: 'failed', cause: 'client-credentials-wrong' });
  behave = answer(200, '{}');
  expect(await introspect()).toMatchObject({ kind: 'failed', cause: 'salesforce-error' });
});

it('asks for a code with PKCE and the scopes it needs', () => {
  const address = new URL(oauth().authorizeUrl({ loginHost: url, state: 's', codeChallenge: 'c' }));
  expect(address.pathname).toBe('/services/oauth2/authorize');
  expect(Object.fromEntries(address.searchParams)).toEqual({
    response_type: 'code',
    client_id: 'id',
    redirect_uri: 'http://localhost/cb',
    scope: 'api refresh_token id',
    state: 's',
    code_challenge: 'c',
    code_challenge_method: 'S256',
  });
});
