import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countries } from '../../src/phone-numbers/numbering-plans.ts';
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
  await browser.get('/dialing-rules/new?country=DE');
});
afterEach(() => portal.app.close());

const germany = {
  name: 'Head office',
  country: 'DE',
  countryCode: '49',
  longDistancePrefix: '0',
  internationalPrefix: '00',
  outsidePrefixes: '0;#1;#0',
  addPrefix: '',
  areaCode: '7525',
  internalLength: '4',
  truncateAt: '@;',
  ddiDigits: '3',
};
async function create(changes: Readonly<Record<string, string>> = {}) {
  const { headers } = await browser.post('/dialing-rules', { ...germany, ...changes, action: 'save' });
  const url = headers.location ?? '';
  await browser.get(url);
  return url;
}
const sets = () => portal.dialingRuleSets.list(account.id);

describe('a set of dialing rules', () => {
  it('begins with the ready-made rules of a country, of which there are many', async () => {
    expect(countries().length).toBeGreaterThan(200);
    const { body } = await browser.get('/dialing-rules/new?country=US');
    expect(body).toMatch(/name="internationalPrefix"[^>]*value="011"/);
    expect(body).toMatch(/name="countryCode"[^>]*value="1"/);
    expect(body).toContain('<option value="US" selected>');
  });

  it('keeps every field', async () => {
    const url = await create({ dialInternationalPrefix: 'true', keepLongDistancePrefix: 'true' });
    expect(await sets()).toMatchObject([
      {
        name: 'Head office',
        rules: {
          country: 'DE',
          countryCode: '49',
          longDistancePrefix: '0',
          internationalPrefix: '00',
          dialInternationalPrefix: true,
          outsidePrefixes: '0;#1;#0',
          addPrefix: '',
          keepLongDistancePrefix: true,
          areaCode: '7525',
          internalLength: 4,
          truncateAt: '@;',
          ddiDigits: 3,
        },
      },
    ]);
    await browser.post(url, { ...germany, name: 'Branch', action: 'save' });
    expect(await sets()).toMatchObject([{ name: 'Branch', rules: { dialInternationalPrefix: false } }]);
    expect((await portal.audit.list(account.id, 2)).map(({ action }) => action)).toEqual([
      'dialing-rules.changed',
      'dialing-rules.created',
    ]);
  });

  it('explains every field, and how they work together', async () => {
    const text = textOf((await browser.get('/dialing-rules/new?country=DE')).body);
    for (const help of ['0;#1;#0 makes 0734273830', 'Only one prefix is cut off, and only once.', '011497525529339']) {
      expect(text).toContain(help);
    }
  });

  it('says at each field what is wrong, and keeps what was typed', async () => {
    const { statusCode, body } = await browser.post('/dialing-rules', {
      ...germany,
      name: '',
      countryCode: 'x49',
      outsidePrefixes: '0,1',
      ddiDigits: '9',
      action: 'save',
    });
    expect(statusCode).toBe(400);
    for (const field of ['name', 'countryCode', 'outsidePrefixes', 'ddiDigits']) {
      expect(body).toContain(`id="${field}-fault"`);
    }
    expect(body).toContain('value="x49"');
    expect(await sets()).toEqual([]);
  });

  it('is cloned into a form of its own, and nothing is saved before somebody says so', async () => {
    const url = await create();
    const { body } = await browser.get(`/dialing-rules/new?from=${url.split('/').at(-1) ?? ''}`);
    expect(body).toContain('value="Head office (copy)"');
    expect(body).toMatch(/name="outsidePrefixes"[^>]*value="0;#1;#0"/);
    expect(await sets()).toHaveLength(1);
  });

  it('cannot be removed while a phone system uses it', async () => {
    const url = await create();
    const [set] = await sets();
    await portal.pbxs.create({ ...pbx, accountId: account.id, dialingRulesId: set?.id }, new Uint8Array(32));
    expect((await browser.post(`${url}/removal`)).headers.location).toBe(url);
    expect(textOf((await browser.get(url)).body)).toContain('is used by a phone system');
    await portal.pbxs.update({ id: pbx.id, accountId: account.id, dialingRulesId: undefined });
    expect((await browser.post(`${url}/removal`)).headers.location).toBe('/dialing-rules');
    expect(await sets()).toEqual([]);
  });

  it('is nobody else’s', async () => {
    const url = await create();
    const other = await portal.newSignedInBrowser(await portal.newAccount({ email: 'eve@evil.example' }));
    await other.get('/dialing-rules');
    expect((await other.get(url)).statusCode).toBe(404);
    expect((await other.post(url, { ...germany, action: 'save' })).statusCode).toBe(404);
    expect((await other.get(`/dialing-rules/new?from=${url.split('/').at(-1) ?? ''}`)).statusCode).toBe(404);
  });
});

describe('the box beside the rules', () => {
  const read = async (sample: string, changes: Readonly<Record<string, string>> = {}) => {
    const { body } = await browser.post('/dialing-rules/reading', { ...germany, ...changes, sample });
    return textOf((JSON.parse(body) as { html: string }).html);
  };

  it.each([
    ['00734273830', 'Prefix cut 0 E.164 +49734273830 Country Germany'],
    ['#10734273830', 'Prefix cut #1 E.164 +49734273830'],
    ['#00734273830', 'Prefix cut #0 E.164 +49734273830'],
    ['0734273830', 'read as +49734273830 E.164'],
    ['0734273830@myprovider.com', 'E.164 +49734273830'],
    ['+442071939283', 'E.164 +442071939283 Country United Kingdom'],
    ['101', 'an internal number, 101'],
    ['anonymous', 'withheld'],
  ])('reads %s as it is typed', async (sample, reading) => {
    expect(await read(sample)).toContain(reading);
  });

  it('shows the spellings that are searched for', async () => {
    const text = await read('0734273830');
    expect(text).toMatch(/\d+ spellings are searched for:/);
    expect(text).toContain('0734273830');
    expect(text).toContain('+49 734273830');
  });

  it('follows rules that are not saved', async () => {
    expect(await read('734273830', { addPrefix: '0' })).toContain('+49734273830');
    expect(await read('1234', { internalLength: '3' })).not.toContain('internal');
    expect(await sets()).toEqual([]);
  });

  it('waits until the rules themselves can be read', async () => {
    expect(await read('0734273830', { countryCode: 'x' })).toContain('Look at these rules again first: Country code.');
    expect(await read('')).toContain('Enter a number.');
  });

  it('works by a button, without a script', async () => {
    const { statusCode, body } = await browser.post('/dialing-rules', {
      ...germany,
      sample: '00734273830',
      action: 'read',
    });
    expect(statusCode).toBe(200);
    expect(textOf(body)).toContain('Prefix cut 0 E.164 +49734273830');
    expect(body).toMatch(/name="sample"[^>]*value="00734273830"/);
    expect(await sets()).toEqual([]);
  });

  it('writes no number into an address or the log', async () => {
    await read('+49734273830');
    expect(portal.logLines.join('')).not.toContain('734273830');
  });
});
