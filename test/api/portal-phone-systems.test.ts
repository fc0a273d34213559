import { decodeJwt, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LookupRun } from '../../src/domain/lookup.ts';
import type { Account } from '../../src/ports.ts';
import { connection, orgId } from '../support/fakes/lookups.ts';
import { createTestPortal, publicUrl, textOf, type Browser, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
let account: Account;
let browser: Browser;
beforeEach(async () => {
  portal = await createTestPortal();
  account = await portal.newAccount();
  browser = await portal.newSignedInBrowser(account);
  await browser.get('/phone-systems/new');
});
afterEach(() => portal.app.close());

const form = {
  name: 'Head office',
  country: 'DE',
  fallbackExtension: '100',
  deadlineMs: '1500',
  answerFormat: 'text',
};
const connect = () => portal.connections.byAccount.set(account.id, { ...connection, accountId: account.id });

async function create(): Promise<{ url: string; id: string }> {
  const answer = await browser.post('/phone-systems', form);
  const url = answer.headers.location ?? '';
  await browser.get(url);
  return { url, id: url.split('/').at(-1) ?? '' };
}

describe('a phone system', () => {
  it('is created with an id, a secret and a lookup of its own', async () => {
    const { id } = await create();
    expect(id).toMatch(/^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$/);
    const stored = portal.pbxs.byId.get(id);
    expect(stored?.pbx).toMatchObject({ accountId: account.id, name: 'Head office', deadlineMs: 1_500 });
    expect(stored?.signingSecret).toHaveLength(32);
    const lookup = portal.lookups.byId.get(stored?.pbx.defaultExtensionLookupId ?? '');
    expect(lookup?.kind).toBe('extension');
    expect(lookup?.steps.map(({ object }) => object)).toEqual(['Contact', 'Lead', 'Account']);
    expect(portal.audit.events.at(-1)).toMatchObject({ action: 'pbx.created', subject: id, accountId: account.id });
    expect(textOf((await browser.get('/phone-systems')).body)).toContain(`Head office ${id} Germany 100 1500 ms`);
  });

  it('is not created from a faulty form, which keeps what was typed', async () => {
    const answer = await browser.post('/phone-systems', { ...form, name: '<b>', deadlineMs: '20', country: 'XX' });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('value="&lt;b&gt;"');
    expect(textOf(answer.body)).toContain('Enter a whole number from 300 to 7000.');
    expect(textOf(answer.body)).toContain('Choose a country of the list.');
    expect(portal.pbxs.byId.size).toBe(0);
  });

  it('offers every country by name, in alphabetical order', async () => {
    const { body } = await browser.get('/phone-systems/new');
    const names = [...body.matchAll(/<option value="[A-Z]{2}"[^>]*>([^<]+)</g)].map(([, name]) => name);
    expect(names).toEqual(['France', 'Germany', 'United States']);
  });

  it('shows its ids ready to copy, the Org ID once there is one', async () => {
    const { url, id } = await create();
    expect(textOf((await browser.get(url)).body)).toContain('There is no Org ID yet');
    connect();
    const page = await browser.get(url);
    for (const text of [id, orgId, id + orgId]) expect(page.body).toContain(`data-copy="${text}"`);
  });

  it('is found by its id in lower case', async () => {
    const { url } = await create();
    expect((await browser.get(url.toLowerCase())).statusCode).toBe(200);
  });

  it('is changed, and says so', async () => {
    const { url, id } = await create();
    const answer = await browser.post(url, { ...form, name: 'Branch', fallbackExtension: '', notFoundOnMiss: 'true' });
    expect(answer.headers.location).toBe(url);
    expect(textOf((await browser.get(url)).body)).toContain('Saved.');
    expect(textOf((await browser.get(url)).body)).not.toContain('Saved.');
    expect(portal.pbxs.byId.get(id)?.pbx).toMatchObject({
      name: 'Branch',
      fallbackExtension: undefined,
      notFoundOnMiss: true,
    });
    expect(portal.audit.events.at(-1)).toMatchObject({ action: 'pbx.changed', subject: id });
  });

  it('has limits of its own, the usual ones where nothing is entered', async () => {
    const { url, id } = await create();
    expect(portal.pbxs.byId.get(id)?.pbx.limits).toEqual({ perSecond: 50, burst: 100, inFlight: 200 });
    const [, unfolded] = /<details class="group"(.*)>\s*<summary>Limits</.exec((await browser.get(url)).body) ?? [];
    expect(unfolded).toBe('');
    await browser.post(url, { ...form, perSecond: '20', burst: '40', inFlight: '' });
    expect(portal.pbxs.byId.get(id)?.pbx.limits).toEqual({ perSecond: 20, burst: 40, inFlight: 200 });
    const page = (await browser.get(url)).body;
    expect(page).toMatch(/<details class="group" open>\s*<summary>Limits</);
    expect(page).toContain('name="perSecond" type="number" value="20"');
    const refused = await browser.post(url, { ...form, burst: '100000' });
    expect(refused.statusCode).toBe(400);
    expect(textOf(refused.body)).toContain('Enter a whole number from 1 to 2000, or nothing for 100.');
    expect(refused.body).toContain('value="100000"');
    expect(portal.pbxs.byId.get(id)?.pbx.limits.burst).toBe(40);
  });

  it('is not changed by a faulty form', async () => {
    const { url, id } = await create();
    const answer = await browser.post(url, { ...form, fallbackExtension: 'no spaces please' });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('value="no spaces please"');
    expect(portal.pbxs.byId.get(id)?.pbx.fallbackExtension).toBe('100');
  });

  it('belongs to its account alone: to others it is not there', async () => {
    const { url, id } = await create();
    await browser.post(`${url}/tokens`, { tokenName: 'Main' });
    const [token] = await portal.pbxs.tokens(id);
    const stranger = await portal.newSignedInBrowser(await portal.newAccount({ email: 'eve@globex.example' }));
    await stranger.get('/phone-systems/new');
    const answers = [
      await stranger.get(url),
      await stranger.get(`${url}/lookup-runs`),
      await stranger.post(url, form),
      await stranger.post(`${url}/tokens`, { tokenName: 'Mine' }),
      await stranger.post(`${url}/tokens/${token?.id ?? ''}/revocation`),
      await stranger.get('/phone-systems/000000-000000-000000'),
      await stranger.get('/phone-systems/nonsense'),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 404));
    expect(new Set(answers.map(({ body }) => textOf(body).replace(/Request \S+/, ''))).size).toBe(1);
    expect((await portal.pbxs.tokens(id)).map(({ name, revokedAtMs }) => [name, revokedAtMs])).toEqual([
      ['Main', undefined],
    ]);
  });
});

describe('a token', () => {
  it('is shown once, with a line that works, and is what the phone API expects', async () => {
    connect();
    const { url, id } = await create();
    expect((await browser.post(`${url}/tokens`, { tokenName: 'Main site' })).headers.location).toBe(url);
    const page = await browser.get(url);
    const line =
      /data-copy="(curl [^"]+)"/.exec(page.body)?.[1]?.replaceAll('&#39;', "'").replaceAll('&amp;', '&') ?? '';
    const [, jwt = '', address = ''] = /^curl -H 'Authorization: Bearer ([^']+)' '([^']+)'$/.exec(line) ?? [];
    expect(address).toBe(`${publicUrl}/api/ExtNo/${id}${orgId}/?callerid=%2B493023125000`);
    const { payload, protectedHeader } = await jwtVerify(
      jwt,
      portal.pbxs.byId.get(id)?.signingSecret ?? new Uint8Array(32),
      {
        currentDate: new Date(portal.clock.now()),
      },
    );
    const [token] = await portal.pbxs.tokens(id);
    expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(payload).toEqual({ iss: 'ACDPt', aud: id, jti: token?.id, iat: portal.clock.now() / 1000 });
    expect((await browser.get(url)).body).not.toContain(jwt);
    expect(portal.logLines.join('')).not.toContain(jwt);
    expect(JSON.stringify(portal.audit.events)).not.toContain(jwt);
    expect(portal.audit.events.at(-1)).toMatchObject({
      action: 'pbx-token.created',
      subject: token?.id,
      detail: { pbxId: id },
    });
  });

  it('has its place in the line to try when it is not shown any more, or Salesforce is not connected yet', async () => {
    const { url, id } = await create();
    const lineOf = async () =>
      /data-copy="(curl [^"]+)"/.exec((await browser.get(url)).body)?.[1]?.replaceAll('&#39;', "'") ?? '';
    const lineWith = (jwt: string, org: string) =>
      `curl -H 'Authorization: Bearer ${jwt}' '${publicUrl}/api/ExtNo/${id}${org}/?callerid=%2B493023125000'`;
    await browser.post(`${url}/tokens`, { tokenName: 'Main site' });
    const [, jwt = ''] = /Bearer (eyJ[\w.-]+)/.exec(await lineOf()) ?? [];
    expect(jwt).not.toBe('');
    expect(await lineOf()).toBe(lineWith('PASTE-YOUR-TOKEN-HERE', 'PASTE-YOUR-ORG-ID-HERE'));
    connect();
    expect(await lineOf()).toBe(lineWith('PASTE-YOUR-TOKEN-HERE', orgId));
  });

  it('travels to its page in a cookie that nobody can read', async () => {
    const { url } = await create();
    const answer = await browser.post(`${url}/tokens`, { tokenName: 'Main site' });
    const cookie = answer.cookies.find(({ name }) => name === 'trunkline-flash');
    expect(cookie).toMatchObject({ httpOnly: true, maxAge: 60 });
    expect(cookie?.value).not.toContain('Main');
    expect(Buffer.from(cookie?.value ?? '', 'base64url').toString('latin1')).not.toContain('eyJ');
  });

  it('expires when its maker wants, and works only from where they want', async () => {
    const { url, id } = await create();
    const tokenExpires = '2026-12-24T18:00';
    const addresses = '192.0.2.10, 10.0.0.0/8\n2001:db8::/32';
    await browser.post(`${url}/tokens`, { tokenName: 'Main site', tokenExpires, tokenAddresses: addresses });
    const [token] = await portal.pbxs.tokens(id);
    const expiresAtMs = Date.UTC(2026, 11, 24, 17, 0, 0);
    expect(token).toMatchObject({ expiresAtMs, allowedAddresses: ['192.0.2.10', '10.0.0.0/8', '2001:db8::/32'] });
    const { body } = await browser.get(url);
    const [jwt = ''] = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(body) ?? [];
    expect(decodeJwt(jwt).exp).toBe(expiresAtMs / 1_000);
    expect(textOf(body)).toContain('24 Dec 2026, 18:00:00 192.0.2.10, 10.0.0.0/8, 2001:db8::/32 Valid');
    expect(portal.audit.events.at(-1)).toMatchObject({
      action: 'pbx-token.created',
      subject: token?.id,
      detail: { pbxId: id, expires: '2026-12-24T17:00:00.000Z', addresses: 3 },
    });
  });

  it.each([
    ['tokenExpires', '2026-11-22T09:00', 'Choose a time to come, or none.'],
    ['tokenExpires', 'soon', 'Choose a time to come, or none.'],
    ['tokenAddresses', '10.0.0.0/33', 'Enter addresses or networks'],
    ['tokenAddresses', 'pbx.acme.example', 'Enter addresses or networks'],
    ['tokenAddresses', Array.from({ length: 51 }, (_, index) => `192.0.2.${index}`).join(' '), 'at most 50'],
  ])('is not made with the faulty field %s: %s', async (field, value, sentence) => {
    const { url, id } = await create();
    const answer = await browser.post(`${url}/tokens`, { tokenName: 'Main site', [field]: value });
    expect(answer.statusCode).toBe(400);
    expect(textOf(answer.body)).toContain(sentence);
    expect(answer.body).toContain('value="Main site"');
    expect(answer.body).toContain(`value="${value}"`);
    expect(answer.body).toMatch(/<details class="group" open>\s*<summary>Limit the token</);
    expect(await portal.pbxs.tokens(id)).toEqual([]);
    expect(portal.audit.events.at(-1)?.action).toBe('pbx.created');
  });

  it('has a name also when none was typed', async () => {
    const { url, id } = await create();
    await browser.post(`${url}/tokens`, { tokenName: ' ' });
    expect(await portal.pbxs.tokens(id)).toMatchObject([{ name: 'Token' }]);
  });

  it('is revoked, once', async () => {
    const { url, id } = await create();
    await browser.post(`${url}/tokens`, { tokenName: 'Main site' });
    const [token] = await portal.pbxs.tokens(id);
    await browser.get(url);
    const revocation = `${url}/tokens/${token?.id ?? ''}/revocation`;
    expect((await browser.post(revocation)).headers.location).toBe(url);
    const text = textOf((await browser.get(url)).body);
    expect(text).toContain('The token “Main site” is revoked.');
    expect(text).toMatch(/Main site .* Revoked/);
    await browser.post(revocation);
    expect(portal.audit.events.filter(({ action }) => action === 'pbx-token.revoked')).toHaveLength(1);
  });

  it('shows when it was last used', async () => {
    const { url, id } = await create();
    await browser.post(`${url}/tokens`, { tokenName: 'Main site' });
    const [token] = await portal.pbxs.tokens(id);
    await portal.pbxs.touchTokens(new Map([[token?.id ?? '', Date.UTC(2026, 10, 23, 8, 0, 0)]]));
    expect(textOf((await browser.get(url)).body)).toContain('23 Nov 2026, 09:00:00 Never Everywhere Valid');
  });
});

describe('tokens from elsewhere', () => {
  const secret = 'a secret from elsewhere';
  it.each([
    ['text', ` ${secret} `],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64', Buffer.from(secret).toString('base64url')],
    ['hex', Buffer.from(secret).toString('hex').toUpperCase()],
  ])('are accepted with their secret, written as %s, until it is removed', async (secretEncoding, importedSecret) => {
    const { url, id } = await create();
    const set = vi.spyOn(portal.pbxs, 'setImportedSecret');
    const answer = await browser.post(`${url}/imported-secret`, { importedSecret, secretEncoding });
    expect(answer.headers.location).toBe(url);
    expect(Buffer.from(set.mock.calls[0]?.[1] ?? []).toString()).toBe(secret);
    expect(portal.audit.events.at(-1)).toMatchObject({
      action: 'pbx.changed',
      subject: id,
      detail: { importedSecret: 'set' },
    });
    const { body } = await browser.get(url);
    expect(textOf(body)).toContain('A secret is imported');
    for (const told of [body, portal.logLines.join(''), JSON.stringify(portal.audit.events)]) {
      expect(told).not.toContain(importedSecret.trim());
    }

    await browser.post(`${url}/imported-secret/removal`);
    expect(await portal.pbxs.hasImportedSecret(id)).toBe(false);
    expect(portal.audit.events.at(-1)).toMatchObject({ detail: { importedSecret: 'removed' } });
    expect(textOf((await browser.get(url)).body)).not.toContain('A secret is imported');
    const before = portal.audit.events.length;
    await browser.post(`${url}/imported-secret/removal`);
    expect(portal.audit.events).toHaveLength(before);
  });

  it.each([
    ['text', 'too short'],
    ['text', 'x'.repeat(1_001)],
    ['base64', 'not * base64, is it? not at all'],
    ['hex', 'abc'],
    ['hex', 'ab'.repeat(15)],
  ])('are not accepted with a secret that is none, written as %s: %s', async (secretEncoding, importedSecret) => {
    const { url, id } = await create();
    const answer = await browser.post(`${url}/imported-secret`, { importedSecret, secretEncoding });
    expect(answer.statusCode).toBe(400);
    expect(textOf(answer.body)).toContain('Enter the secret as it is written there: 16 to 1000 bytes.');
    expect(answer.body).not.toContain(importedSecret);
    expect(answer.body).toContain(`<option value="${secretEncoding}" selected>`);
    expect(await portal.pbxs.hasImportedSecret(id)).toBe(false);
  });

  it('are the account’s own affair', async () => {
    const { url, id } = await create();
    const stranger = await portal.newSignedInBrowser(await portal.newAccount({ email: 'eve@globex.example' }));
    await stranger.get('/phone-systems/new');
    const sent = { importedSecret: secret, secretEncoding: 'text' };
    expect((await stranger.post(`${url}/imported-secret`, sent)).statusCode).toBe(404);
    expect((await stranger.post(`${url}/imported-secret/removal`)).statusCode).toBe(404);
    expect(await portal.pbxs.hasImportedSecret(id)).toBe(false);
  });
});

describe('the last questions', () => {
  const run = (pbxId: string, changes: Partial<LookupRun> = {}): LookupRun => ({
    id: 'aaaaaaaa-0000-4000-8000-000000000000',
    askedAtMs: Date.UTC(2026, 10, 23, 9, 0, 0),
    accountId: account.id,
    pbxId,
    orgId,
    lookupId: '12C153-CD55ED-2CB7C5',
    lookupVersion: 1,
    isTest: false,
    question: { callerId: '+493023125001' },
    number: '+493023125001',
    answer: { reason: 'matched', extension: '201', matches: 1, ms: 42 },
    found: undefined,
    foundAtMs: undefined,
    repeats: 0,
    ...changes,
  });

  it('show time, a masked number, the answer, the reason in words and how long it took', async () => {
    const { url, id } = await create();
    await portal.lookupRuns.record(run(id));
    const { body } = await browser.get(url);
    expect(textOf(body)).toContain('23 Nov 2026, 10:00:00 +493••••••001 201 One match 42 ms');
    expect(body).not.toContain('+493023125001');
  });

  it('come alone for a page that follows them', async () => {
    const { url, id } = await create();
    await portal.lookupRuns.record(run(id, { repeats: 2 }));
    const { body, headers } = await browser.get(`${url}/lookup-runs`);
    expect(headers['content-type']).toContain('text/html');
    expect(body).not.toContain('<html');
    expect(textOf(body)).toContain('One match and 2 times more');
  });

  it('tell what was found after the answer', async () => {
    const { url, id } = await create();
    await portal.lookupRuns.record(
      run(id, {
        answer: { reason: 'salesforce-slow', extension: '100', matches: 0, ms: 1_500 },
        found: { reason: 'matched', matches: 1, extension: '201' },
        foundAtMs: 1,
      }),
    );
    expect(textOf((await browser.get(url)).body)).toContain('Salesforce was too slow Found after the answer: 201');
  });

  it('say so when the process ended before it could tell', async () => {
    const { url, id } = await create();
    await portal.lookupRuns.record(
      run(id, {
        question: { ivrId: '00001002' },
        answer: { reason: 'unknown', extension: undefined, matches: 0, ms: undefined },
      }),
    );
    expect(textOf((await browser.get(url)).body)).toContain(
      '••••••02 None The server ended before it could tell Unknown',
    );
  });
});
