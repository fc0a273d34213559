import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toId18 } from '../../src/domain/ids.ts';
import type { Account } from '../../src/ports.ts';
import { createTestPortal, textOf, type Browser, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
let account: Account;
let browser: Browser;
const userId = (id15: string) => toId18(id15) ?? '';
const berta = { id: userId('005A0000000AAAA'), name: 'Berta Beispiel', extension: '201; 301' };
const carl = { id: userId('005A0000000AAAB'), name: 'Carl Caller', extension: undefined };
beforeEach(async () => {
  portal = await createTestPortal();
  portal.org.users = [berta, carl];
  account = await portal.newAccount();
  browser = await portal.newSignedInBrowser(account);
  await browser.get('/extensions');
});
afterEach(() => portal.app.close());

const stored = async () =>
  (await portal.extensions.list(account.id)).map(({ userName, extension, isPrimary }) => [
    userName,
    extension,
    isPrimary,
  ]);

describe('the extension map', () => {
  it('lists users without an extension', async () => {
    const text = textOf((await browser.get('/extensions')).body);
    expect(text).toContain('Users with an extension (0)');
    expect(text).toContain(
      'Users without one (2) For these the field counts that the lookup names. Berta Beispiel Carl Caller',
    );
  });

  it('is filled from a field of the users', async () => {
    const answer = await browser.post('/extensions/filling', { userField: 'Extension' });
    expect(answer.statusCode).toBe(303);
    expect(await stored()).toEqual([
      ['Berta Beispiel', '201', true],
      ['Berta Beispiel', '301', false],
    ]);
    const text = textOf((await browser.get('/extensions')).body);
    expect(text).toContain('2 extensions were taken from Salesforce.');
    expect(text).toContain('Berta Beispiel 201 301 Salesforce Change');
    expect((await portal.audit.list(account.id, 1))[0]).toMatchObject({
      action: 'extensions.filled',
      detail: { filled: 2 },
    });
  });

  it.each([
    ['Ext ension', false, 'Salesforce users have no such field'],
    ['', false, 'Salesforce users have no such field'],
    ['Extension', true, 'Salesforce cannot be asked at the moment.'],
  ])('says at the field why it cannot be filled from %j', async (userField, isAway, fault) => {
    portal.org.isAway = isAway;
    const { statusCode, body } = await browser.post('/extensions/filling', { userField });
    expect(statusCode).toBe(400);
    expect(textOf(body)).toContain(fault);
    expect(body).toContain(`value="${userField}"`);
  });

  it('finds users by name or extension', async () => {
    await browser.post('/extensions/filling', { userField: 'Extension' });
    expect(textOf((await browser.get('/extensions?search=carl')).body)).not.toContain('Berta');
    expect(textOf((await browser.get('/extensions?search=301')).body)).toContain('Berta');
  });
});

describe('the extensions of a user', () => {
  const page = `/extensions/${carl.id}`;
  const save = (extensions: readonly string[], primary: string) =>
    browser.send(
      page,
      new URLSearchParams([...extensions.map((each): [string, string] => ['extension', each]), ['primary', primary]]),
    );

  it('are several with one that rings', async () => {
    await browser.get(page);
    expect((await save(['202', '', ' 302 '], '2')).statusCode).toBe(303);
    expect(await stored()).toEqual([
      ['Carl Caller', '302', true],
      ['Carl Caller', '202', false],
    ]);
    const { body } = await browser.get(page);
    expect(body).toMatch(/id="extension-0" name="extension" value="302"/);
    expect(body).toMatch(/name="primary" value="0" checked/);
  });

  it('are taken away by leaving all empty', async () => {
    await save(['202'], '0');
    expect(await stored()).toHaveLength(1);
    expect((await save(['', ''], '0')).statusCode).toBe(303);
    expect(await stored()).toEqual([]);
  });

  it('are refused at the field that is none, with what was typed', async () => {
    const { statusCode, body } = await save(['202', 'no extension'], '1');
    expect(statusCode).toBe(400);
    expect(body).toMatch(/value="no extension"[^>]*aria-invalid="true"/);
    expect(body).toMatch(/name="primary" value="1" checked/);
    expect(await stored()).toEqual([]);
  });

  it('exist for users of the org only', async () => {
    expect((await browser.get(`/extensions/${userId('005A0000000ZZZZ')}`)).statusCode).toBe(404);
    expect((await browser.get('/extensions/nobody')).statusCode).toBe(404);
  });
});

describe('the table', () => {
  it('goes out and comes back in', async () => {
    await browser.post('/extensions/filling', { userField: 'Extension' });
    const exported = await browser.get('/extensions.csv');
    expect(exported.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(parse(exported.body, { bom: true, columns: true })).toHaveLength(2);
    await browser.get('/extensions');
    const csv = `${exported.body}${carl.id},,*55,yes\n`;
    expect((await browser.post('/extensions/import', { csv })).statusCode).toBe(303);
    expect(await stored()).toEqual([
      ['Berta Beispiel', '201', true],
      ['Berta Beispiel', '301', false],
      ['Carl Caller', '*55', true],
    ]);
  });

  it('is refused whole, with every faulty line named and nothing changed', async () => {
    const csv = 'user_name;extension\nCarl Caller;202\nNobody;5\nBerta Beispiel;a b\n';
    const { statusCode, body } = await browser.post('/extensions/import', { csv });
    expect(statusCode).toBe(400);
    const text = textOf(body);
    expect(text).toContain('Line 3: there is no user “Nobody”.');
    expect(text).toContain('Line 4: “a b” is no extension.');
    expect(body).toContain('user_name;extension');
    expect(await stored()).toEqual([]);
  });

  it('takes thousands of lines', async () => {
    portal.org.users = Array.from({ length: 3_000 }, (_, index) => ({
      ...carl,
      id: userId(`005A00000${String(index).padStart(6, '0')}`),
      name: `User ${index}`,
    }));
    const csv = ['user_name,extension', ...portal.org.users.map(({ name }, index) => `${name},${1_000 + index}`)].join(
      '\n',
    );
    expect((await browser.post('/extensions/import', { csv })).statusCode).toBe(303);
    expect((await stored()).length).toBe(3_000);
  });
});
