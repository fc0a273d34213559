import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { faultNames } from '../../../src/local/salesforce/faults.ts';
import type { FaultRequest } from '../../../src/local/salesforce/faults.ts';
import { startStandIn } from '../../../src/local/salesforce/server.ts';
import type { StandIn } from '../../../src/local/salesforce/server.ts';
import { acme, adminId, ask, connect, globex, refresh } from './oauth-browser.ts';
import type { Tokens } from './oauth-browser.ts';

let standIn: StandIn;
let nowMs = Date.now();

beforeAll(async () => {
  standIn = await startStandIn({ port: 0, clock: () => nowMs });
});
afterAll(() => standIn.close());
beforeEach(async () => {
  nowMs = Date.now();
  await standIn.control.reset();
});

const control = (path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> =>
  fetch(`${standIn.url}/__control/${path}`, {
    ...init,
    ...(init.json === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(init.json) }),
  });
const fault = async (json: FaultRequest): Promise<void> => {
  expect((await control('faults', { json })).status).toBe(204);
};
const identity = (tokens: Tokens): Promise<Response> =>
  fetch(`${tokens.instanceUrl}/services/oauth2/userinfo`, {
    headers: { authorization: `Bearer ${tokens.accessToken}` },
  });

describe('faults', () => {
  it('are known by name: another is refused with the list of all', async () => {
    const response = await control('faults', { json: { fault: 'earthquake' } });
    expect(response.status).toBe(400);
    const { message } = (await response.json()) as { message: string };
    expect(faultNames).toHaveLength(21); // as they were agreed with whoever writes tests against it
    for (const name of faultNames) expect(message).toContain(name);
    expect((await control('faults', { json: { fault: 'drip', unknown: 1 } })).status).toBe(400);
    expect((await control('faults', { json: { fault: 'drip', org: 'nowhere' } })).status).toBe(404);
  });

  it.each([
    ['unauthorized', 401, /INVALID_SESSION_ID/],
    ['error-500', 500, /UNKNOWN_EXCEPTION/],
    ['html-503', 503, /stand-in for Salesforce[\s\S]*<h1>We are down/],
    ['too-many-429', 429, /TOO_MANY_REQUESTS/],
    ['quota', 403, /REQUEST_LIMIT_EXCEEDED/],
  ] as const)('%s answers the data API in its words, as many times as asked', async (name, status, body) => {
    const tokens = await connect(standIn);
    await fault({ fault: name, times: 2 });
    for (const expected of [status, status, 200]) {
      const response = await ask(tokens);
      expect(response.status).toBe(expected);
      if (expected !== 200) expect(await response.text()).toMatch(body);
    }
  });

  it('identity-403 answers identity and userinfo, and nothing else, with plain text', async () => {
    const tokens = await connect(standIn);
    await fault({ fault: 'identity-403' });
    expect(await (await identity(tokens)).text()).toBe('Bad_OAuth_Token');
    expect((await ask(tokens)).status).toBe(200);
  });

  it('lock-row refuses writing, not reading', async () => {
    const tokens = await connect(standIn);
    await fault({ fault: 'lock-row' });
    expect((await ask(tokens)).status).toBe(200);
    const response = await fetch(`${tokens.instanceUrl}/services/data/v67.0/sobjects/Task`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.accessToken}`, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(await response.json()).toMatchObject([{ errorCode: 'UNABLE_TO_LOCK_ROW' }]);
  });

  it('touch only the org and the path they are set for, and only after their time', async () => {
    const [ours, theirs] = [await connect(standIn), await connect(standIn, 'admin@globex.example')];
    await fault({ fault: 'error-500', org: acme.slice(0, 15), match: '/services/data/v67.0/limits', afterMs: 1000 });
    expect((await ask(ours)).status).toBe(200);
    nowMs += 1000;
    expect((await ask(ours)).status).toBe(500);
    expect((await ask(theirs)).status).toBe(200);
    expect((await identity(ours)).status).toBe(200);
    expect((await control('faults', { method: 'DELETE' })).status).toBe(204);
    expect((await ask(ours)).status).toBe(200);
  });

  it('expire-access and revoke act at once, by themselves', async () => {
    const tokens = await connect(standIn);
    await fault({ fault: 'expire-access', org: acme });
    expect((await ask(tokens)).status).toBe(401);
    const { status, body } = await refresh(standIn, tokens.refreshToken);
    expect(status).toBe(200);
    await fault({ fault: 'revoke' });
    expect((await refresh(standIn, body['refresh_token'] ?? '')).body['error']).toBe('invalid_grant');
  });

  it('revoke waits for its time, or for the request that it matches', async () => {
    const [tokens, others] = [await connect(standIn), await connect(standIn, 'admin@globex.example')];
    await fault({ fault: 'expire-access', org: globex, afterMs: 30 });
    await vi.waitFor(async () => expect((await ask(others)).status).toBe(401));
    await fault({ fault: 'revoke', org: acme, match: '/services/data/v67.0/limits', times: 1 });
    expect((await identity(tokens)).status).toBe(200);
    expect((await ask(tokens)).status).toBe(401);
  });

  it('rotate makes a refresh token work once though the org does not rotate', async () => {
    standIn.control.changeOrg(acme, { policies: { rotation: false } });
    const { refreshToken } = await connect(standIn);
    await fault({ fault: 'rotate', times: 1 });
    const { body } = await refresh(standIn, refreshToken);
    expect(body['refresh_token']).toMatch(/^5Aep861/);
    expect((await refresh(standIn, body['refresh_token'] ?? '')).body['refresh_token']).toBeUndefined();
  });

  it('spend-then-drop-answer rotates and tells nobody; the next try is a replay', async () => {
    const { refreshToken } = await connect(standIn);
    await fault({ fault: 'spend-then-drop-answer', times: 1 });
    await expect(refresh(standIn, refreshToken)).rejects.toThrow('fetch failed');
    expect(standIn.control.journal().entries.at(-1)?.status).toBeNull();
    expect((await refresh(standIn, refreshToken)).body['error_description']).toBe('expired access/refresh token');
  });

  it('already-processing refuses without spending', async () => {
    const { refreshToken } = await connect(standIn);
    await fault({ fault: 'already-processing', times: 1 });
    expect((await refresh(standIn, refreshToken)).body['error_description']).toBe(
      'token request is already being processed',
    );
    expect((await refresh(standIn, refreshToken)).status).toBe(200);
  });

  it.each([
    ['before', 200],
    ['after', 400],
  ] as const)('error-500 on the token endpoint %s the token was spent', async (when, next) => {
    const { refreshToken } = await connect(standIn);
    await fault({ fault: 'error-500', match: '/services/oauth2/token', times: 1, when });
    expect((await refresh(standIn, refreshToken)).body['error']).toBe('unknown_error');
    expect((await refresh(standIn, refreshToken)).status).toBe(next);
  });

  it('move-host opens another host, told with the next token; the old one redirects', async () => {
    const tokens = await connect(standIn);
    await fault({ fault: 'move-host', org: acme });
    const moved = standIn.orgUrl(acme);
    expect(moved).not.toBe(tokens.instanceUrl);
    const redirected = await ask(tokens, { redirect: 'manual' });
    expect([redirected.status, redirected.headers.get('location')]).toEqual([
      301,
      `${moved}/services/data/v67.0/limits`,
    ]);
    expect((await refresh(standIn, tokens.refreshToken)).body['instance_url']).toBe(moved);
    expect((await ask({ ...tokens, instanceUrl: moved })).status).toBe(200);
  });

  it("refuse closes the org's own host and leaves login host and control reachable", async () => {
    const [tokens, others] = [await connect(standIn), await connect(standIn, 'admin@globex.example')];
    await fault({ fault: 'refuse', org: acme });
    await expect(ask(tokens)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await expect(ask({ ...tokens, instanceUrl: standIn.url })).rejects.toThrow('fetch failed');
    expect((await ask(others)).status).toBe(200);
    expect((await refresh(standIn, tokens.refreshToken)).status).toBe(200);
    await control('faults', { method: 'DELETE' });
    expect(standIn.orgUrl(acme)).toBe(tokens.instanceUrl);
    expect((await ask(tokens)).status).toBe(200);
  });

  it('refuse on the token endpoint cuts connections there', async () => {
    const tokens = await connect(standIn);
    await fault({ fault: 'refuse', match: '/services/oauth2' });
    await expect(refresh(standIn, tokens.refreshToken)).rejects.toThrow('fetch failed');
    expect((await ask(tokens)).status).toBe(200);
  });

  it('reset and cut-body end the connection, before the answer and in its middle', async () => {
    const tokens = await connect(standIn);
    await fault({ fault: 'reset', times: 1 });
    await expect(ask(tokens)).rejects.toThrow('fetch failed');
    await fault({ fault: 'cut-body', times: 1 });
    const cut = await ask(tokens);
    expect(cut.status).toBe(200);
    await expect(cut.text()).rejects.toThrow('terminated');
    await fault({ fault: 'malformed-json', times: 1 });
    await expect((await ask(tokens)).json()).rejects.toThrow(SyntaxError);
    expect((await ask(tokens)).status).toBe(200);
  });

  it.each(['slow-headers', 'slow-body', 'drip'] as const)(
    '%s holds the answer back, whole in the end',
    async (name) => {
      const tokens = await connect(standIn);
      const want = await (await ask(tokens)).text();
      await fault({ fault: name, delayMs: name === 'drip' ? 1 : 200, times: 1 });
      const startedAt = performance.now();
      const response = await ask(tokens);
      const headersMs = performance.now() - startedAt;
      expect(await response.text()).toHaveLength(want.length);
      if (name !== 'drip') expect(performance.now() - startedAt).toBeGreaterThan(190);
      if (name === 'slow-headers') expect(headersMs).toBeGreaterThan(190);
    },
  );

  it('slow-headers on the token endpoint spends at once, and the refresh stays in flight meanwhile', async () => {
    const { refreshToken } = await connect(standIn);
    await fault({ fault: 'slow-headers', match: '/services/oauth2/token', delayMs: 300, times: 1 });
    const slow = refresh(standIn, refreshToken);
    await vi.waitFor(() => expect(standIn.control.journal().counts['/services/oauth2/token']).toBe(2));
    expect((await refresh(standIn, refreshToken)).body['error_description']).toBe(
      'token request is already being processed',
    );
    expect((await slow).status).toBe(200);
  });

  it('huge sends more than anybody should read', async () => {
    const tokens = await connect(standIn);
    await fault({ fault: 'huge', times: 1 });
    const response = await ask(tokens);
    let received = 0;
    for await (const chunk of response.body ?? []) {
      received += (chunk as Uint8Array).length;
      if (received > 20_000_000) break;
    }
    expect(received).toBeGreaterThan(20_000_000);
    expect((await ask(tokens)).status).toBe(200);
  });
});

describe('the journal', () => {
  it('says who asked what with which version of which grant, without query or token', async () => {
    const tokens = await connect(standIn);
    await refresh(standIn, tokens.refreshToken);
    await ask(tokens);
    const response = await control('journal');
    const text = await response.text();
    const { entries, counts } = JSON.parse(text) as ReturnType<StandIn['control']['journal']>;
    expect(counts).toMatchObject({ '/services/oauth2/token': 2, '/services/data/v67.0/limits': 1 });
    const [last, before] = [entries.at(-1), entries.at(-2)];
    expect(last).toEqual({
      at: new Date(nowMs).toISOString(),
      org: acme,
      method: 'GET',
      path: '/services/data/v67.0/limits',
      status: 200,
      grant: before?.grant,
      tokenVersion: 1,
      spentToken: false,
      inFlight: 0,
    });
    expect(before).toMatchObject({ path: '/services/oauth2/token', status: 200, tokenVersion: 1 });
    expect(text).not.toContain(tokens.accessToken);
    expect(text).not.toContain(tokens.refreshToken);
    expect(text).not.toContain('__control');
  });
});

describe('the control endpoints', () => {
  it('change policies, users and records of an org, and reset brings everything back', async () => {
    const tokens = await connect(standIn);
    const changed = await control(`org/${acme.slice(0, 15)}`, {
      json: {
        policies: { rotation: false, accessTokenLifeMs: 1000 },
        users: { 'admin@acme.example': { licences: ['Salesforce'] } },
        upsert: { Contact: [{ LastName: 'Control', Phone: '+49 30 901820' }] },
      },
    });
    expect(changed.status).toBe(200);
    const { upserted } = (await changed.json()) as { upserted: { Contact: string[] } };
    expect(upserted.Contact).toHaveLength(1);
    const contacts = async (): Promise<unknown> => (await control(`org/${acme}/Contact`)).json();
    expect(await contacts()).toContainEqual(expect.objectContaining({ LastName: 'Control' }));
    expect(await (await control(`org/${acme}`)).json()).toMatchObject({
      policies: { rotation: false, accessTokenLifeMs: 1000 },
      grants: 1,
    });
    await control('reset', { method: 'POST' });
    expect(await contacts()).not.toContainEqual(expect.objectContaining({ LastName: 'Control' }));
    const described = standIn.control.describeOrg(acme);
    expect(described).toMatchObject({ policies: { rotation: true, accessTokenLifeMs: 7_200_000 }, grants: 0 });
    expect(described.users.find(({ id }) => id === adminId)?.licences).toContain('trunkline');
    expect(standIn.control.journal().entries).toEqual([]);
    expect((await refresh(standIn, tokens.refreshToken)).body['error']).toBe('invalid_grant');
  });

  it('make the answers of the data API take as long as they are told, not those to strangers', async () => {
    const tokens = await connect(standIn);
    await control(`org/${acme}`, { json: { policies: { latencyMs: 400 } } });
    const askedAtMs = performance.now();
    expect((await ask(tokens)).status).toBe(200);
    expect(performance.now() - askedAtMs).toBeGreaterThan(395);
    const refusedAtMs = performance.now();
    expect((await ask({ ...tokens, accessToken: 'none' })).status).toBe(401);
    expect(performance.now() - refusedAtMs).toBeLessThan(395);
  });

  it('refuse what they do not know', async () => {
    expect((await control(`org/${acme}`, { json: { policies: { rotatoin: true } } })).status).toBe(400);
    expect((await control(`org/${acme}`, { json: { users: { 'nobody@acme.example': {} } } })).status).toBe(404);
    expect((await control('org/00DX00000000000', { json: {} })).status).toBe(404);
    expect((await control(`org/${acme}/Nonsense__c`)).status).toBe(404);
  });

  it('are not on the hosts of the orgs', async () => {
    expect((await fetch(`${standIn.orgUrl(acme)}/__control/journal`)).status).toBe(404);
  });
});

describe('the state file', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'trunkline-stand-in-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('lets tokens, spent tokens, policies, users and hosts survive a restart', async () => {
    const first = await startStandIn({ port: 0, dataDir });
    first.control.changeOrg(acme, {
      policies: { apiLimit: 77 },
      users: { 'user@acme.example': { active: false } },
      upsert: { Contact: [{ LastName: 'Survivor' }] },
    });
    const tokens = await connect(first);
    const { body } = await refresh(first, tokens.refreshToken);
    await first.close();

    const second = await startStandIn({ port: 0, dataDir });
    try {
      expect(second.orgUrl(acme)).toBe(tokens.instanceUrl);
      expect((await ask(tokens)).headers.get('sforce-limit-info')).toMatch(/\/77$/);
      expect(
        second.control.describeOrg(acme).users.find(({ username }) => username === 'user@acme.example')?.active,
      ).toBe(false);
      expect(second.control.list(acme, 'Contact')).toContainEqual(expect.objectContaining({ LastName: 'Survivor' }));
      expect((await refresh(second, body['refresh_token'] ?? '')).status).toBe(200);
      expect((await refresh(second, tokens.refreshToken)).status).toBe(400);
      expect((await ask(tokens)).status).toBe(401);
    } finally {
      await second.close();
    }
  });

  it('holds a new token before anybody is told of it', async () => {
    const one = await startStandIn({ port: 0, dataDir });
    try {
      const { refreshToken } = await connect(one);
      expect(await readFile(join(dataDir, 'salesforce-stand-in.json'), 'utf8')).toContain(refreshToken);
    } finally {
      await one.close();
    }
  });

  it('is named when it cannot be read, and nothing stays open', async () => {
    await writeFile(join(dataDir, 'salesforce-stand-in.json'), '{ half');
    await expect(startStandIn({ port: 0, dataDir })).rejects.toThrow(/salesforce-stand-in\.json is not readable/);
  });

  it('does not start on a taken port, nor leave a host of an org behind', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await vi.waitFor(() => expect(taken.listening).toBe(true));
    const { port } = taken.address() as AddressInfo;
    await expect(startStandIn({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    taken.close();
  });
});
