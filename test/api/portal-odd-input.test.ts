import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Account } from '../../src/ports.ts';
import { pbx } from '../support/fakes/lookups.ts';
import { createTestPortal, textOf, type Browser, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
let account: Account;
let browser: Browser;
beforeEach(async () => {
  portal = await createTestPortal();
  account = await portal.newAccount();
  browser = await portal.newSignedInBrowser(account);
  await portal.pbxs.create({ ...pbx, accountId: account.id }, new Uint8Array(32));
  await browser.get('/phone-systems/new');
});
afterEach(() => portal.app.close());

const phoneSystem = { name: 'Head office', country: 'DE', deadlineMs: '1500', answerFormat: 'text' };
const rules = {
  action: 'save',
  name: 'Head office',
  country: 'DE',
  countryCode: '49',
  longDistancePrefix: '0',
  internationalPrefix: '00',
  internalLength: '4',
  ddiDigits: '3',
};
const person = {
  firstName: 'Grace',
  lastName: 'Example',
  email: 'grace@acme.example',
  password: 'correct horse battery',
  timeZone: 'UTC',
};

describe('a NUL', () => {
  it.each<[string, string, Record<string, string>]>([
    ['the name of a phone system', '/phone-systems', { ...phoneSystem, name: 'Head\0office' }],
    ['the name of a token', `/phone-systems/${pbx.id}/tokens`, { tokenName: 'Head\0office' }],
    ['the name of dialing rules', '/dialing-rules', { ...rules, name: 'Head\0office' }],
    ['a lookup', '/lookups', { kind: 'extension', action: 'save', name: 'Head\0office' }],
    ['an account token', '/settings/tokens', { name: 'Head\0office' }],
    ['an extension', '/extensions/import', { csv: 'Ada\0,201' }],
    ['an address to sign in with', '/sign-in', { email: 'ada\0@acme.example', password: 'x' }],
  ])('is refused as what it is in %s', async (_, url, fields) => {
    expect((await browser.post(url, fields)).statusCode).toBe(400);
  });

  it.each([
    '/lookup-runs?number=%00',
    '/dialing-rules/new?from=%00',
    '/salesforce/callback?state=a&error=%00',
    '/invitation?token=%00',
    '/invitation/attempts/%00',
    '/extensions?search=%00',
  ])('is refused as what it is in %s', async (url) => {
    expect((await browser.get(url)).statusCode).toBe(400);
  });
});

describe('what nobody can look up', () => {
  it('is told for dialing rules that are none', async () => {
    expect((await browser.get('/dialing-rules/new?from=nonsense')).statusCode).toBe(400);
    expect((await browser.get(`/dialing-rules/new?from=${randomUUID()}`)).statusCode).toBe(404);
  });

  it.each(['0000-01-01T00:00', '0001-01-01T00:00', '1899-12-31T23:59', '3000-01-01T00:00'])(
    'is told at the field for the time %s',
    async (from) => {
      const page = await browser.get(`/lookup-runs?from=${encodeURIComponent(from)}`);
      expect(page.statusCode).toBe(200);
      expect(page.body).toContain('id="from-fault"');
    },
  );

  it('is the newest page for a place beyond all times', async () => {
    const page = vi.spyOn(portal.lookupRunLog, 'page');
    await browser.get(`/lookup-runs?older=999999999999999.${randomUUID()}`);
    expect(page.mock.calls.map(([, , options]) => options)).toEqual([{ limit: 50 }]);
  });
});

const visible = 'all of them visible';

describe('a name with a sign that nobody sees', () => {
  const hidden = 'Head \u202eoffice';
  it.each<[string, string, Record<string, string>, string]>([
    ['a phone system', '/phone-systems', { ...phoneSystem, name: hidden }, visible],
    ['a phone system that is there', `/phone-systems/${pbx.id}`, { ...phoneSystem, name: hidden }, visible],
    ['a token', `/phone-systems/${pbx.id}/tokens`, { tokenName: hidden }, visible],
    ['a set of dialing rules', '/dialing-rules', { ...rules, name: hidden }, visible],
    ['a lookup', '/lookups', { kind: 'data', action: 'save', steps: '0', name: hidden }, 'invisible characters'],
    ['an account token', '/settings/tokens', { name: hidden }, visible],
    ['a person', '/sign-up', { ...person, lastName: hidden }, visible],
    ['a company', '/sign-up', { ...person, company: hidden }, visible],
    ['a mail address', '/settings/alerts/mails', { mail: 'ada\u200b@acme.example' }, 'Enter an e-mail address'],
  ])('is refused at the field for %s', async (_, url, fields, fault) => {
    const answer = await browser.post(url, fields);
    expect(answer.statusCode).toBe(400);
    expect(textOf(answer.body)).toContain(fault);
    expect(answer.body).toContain('aria-invalid="true"');
  });
});

describe('what is too long', () => {
  const long = 'x'.repeat(5_000);
  it.each<[string, string, Record<string, string>]>([
    ['the name of a phone system', '/phone-systems', { ...phoneSystem, name: long }],
    ['a fallback extension', '/phone-systems', { ...phoneSystem, fallbackExtension: long }],
    ['the name of a token', `/phone-systems/${pbx.id}/tokens`, { tokenName: long }],
    ['an area code', '/dialing-rules', { ...rules, areaCode: long }],
    ['the name of a lookup', '/lookups', { kind: 'data', action: 'save', steps: '0', name: long }],
    ['the name of an account token', '/settings/tokens', { name: long }],
    ['a last name', '/sign-up', { ...person, lastName: long }],
    ['a company', '/sign-up', { ...person, company: long }],
    ['a mail address', '/settings/alerts/mails', { mail: `${long}@acme.example` }],
    ['the address of a webhook', '/settings/alerts/webhooks', { webhook: `https://acme.example/${long}` }],
  ])('is said at the field, with what was typed, for %s', async (_, url, fields) => {
    const answer = await browser.post(url, fields);
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain(long);
    expect(answer.body).toContain('aria-invalid="true"');
  });
});
