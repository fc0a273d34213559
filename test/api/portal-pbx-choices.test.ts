import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LookupKind } from '../../src/domain/lookup.ts';
import { defaultDialingRules } from '../../src/phone-numbers/numbering-plans.ts';
import type { Account } from '../../src/ports.ts';
import { connection, pbx } from '../support/fakes/lookups.ts';
import { createTestPortal, publicUrl, type Browser, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
let account: Account;
let browser: Browser;
const ids = { extension: '000000-000000-00000A', data: '000000-000000-00000B', ivr: '000000-000000-00000C' } as const;
const page = `/phone-systems/${pbx.id}`;
beforeEach(async () => {
  portal = await createTestPortal();
  account = await portal.newAccount();
  browser = await portal.newSignedInBrowser(account);
  await portal.pbxs.create({ ...pbx, accountId: account.id }, new Uint8Array(32));
  for (const kind of Object.keys(ids) as LookupKind[]) {
    const { id: accountId } = account;
    await portal.lookups.create({
      id: ids[kind],
      accountId,
      kind,
      name: `The ${kind}`,
      steps: [],
      fallbackExtension: undefined,
    });
  }
  await browser.get(page);
});
afterEach(() => portal.app.close());

const choose = (choices: Readonly<Record<string, string>>) => browser.post(`${page}/choices`, choices);
const stored = () => portal.pbxs.find(account.id, pbx.id);

it('takes a default lookup of each kind and a set of dialing rules', async () => {
  const { id } = await portal.dialingRuleSets.create({
    accountId: account.id,
    name: 'Ours',
    rules: defaultDialingRules('DE'),
  });
  const answer = await choose({
    extensionLookup: ids.extension,
    dataLookup: ids.data,
    ivrLookup: ids.ivr,
    dialingRules: id,
  });
  expect(answer.statusCode).toBe(303);
  expect(await stored()).toMatchObject({
    defaultExtensionLookupId: ids.extension,
    defaultDataLookupId: ids.data,
    defaultIvrLookupId: ids.ivr,
    dialingRulesId: id,
    name: pbx.name,
  });
  const { body } = await browser.get(page);
  for (const value of [ids.extension, ids.data, ids.ivr, id])
    expect(body).toContain(`<option value="${value}" selected>`);
  expect((await portal.audit.list(account.id, 1))[0]).toMatchObject({ action: 'pbx.changed', subject: pbx.id });
});

it('goes back to none, but always keeps an extension lookup', async () => {
  await choose({ extensionLookup: ids.extension, dataLookup: ids.data, ivrLookup: ids.ivr });
  await choose({ extensionLookup: '', dataLookup: '', ivrLookup: '', dialingRules: '' });
  expect(await stored()).toMatchObject({ defaultExtensionLookupId: ids.extension });
  expect((await stored())?.defaultDataLookupId).toBeUndefined();
  expect((await stored())?.defaultIvrLookupId).toBeUndefined();
});

it('takes no lookup of the wrong kind or of somebody else', async () => {
  await portal.lookups.create({
    id: '000000-000000-00000D',
    accountId: '99999999-9999-4999-8999-999999999999',
    kind: 'data',
    name: 'Foreign',
    steps: [],
    fallbackExtension: undefined,
  });
  await choose({
    extensionLookup: ids.data,
    dataLookup: '000000-000000-00000D',
    ivrLookup: ids.extension,
    dialingRules: 'x',
  });
  expect(await stored()).toMatchObject({ defaultExtensionLookupId: pbx.defaultExtensionLookupId });
  expect((await stored())?.defaultDataLookupId).toBeUndefined();
  expect((await stored())?.defaultIvrLookupId).toBeUndefined();
  expect((await stored())?.dialingRulesId).toBeUndefined();
});

it('shows ready-made set-ups with its own ids once Salesforce is connected, and lets them be downloaded', async () => {
  expect((await browser.get(page)).body).not.toContain('extensions.conf');
  portal.connections.byAccount.set(account.id, { ...connection, accountId: account.id });
  const { body } = await browser.get(page);
  expect(body).toContain(`${publicUrl}/api/ExtNo/${pbx.id}${connection.orgId}/`);
  const links = [...body.matchAll(/href="([^"]+\/setups\/[^"]+)"/g)].map(([, href = '']) => href);
  expect(links.length).toBeGreaterThanOrEqual(9);
  for (const link of links) {
    const { statusCode, headers, body: text } = await browser.get(link);
    expect(statusCode).toBe(200);
    expect(headers['content-disposition']).toContain('attachment');
    expect(text).toContain(`${pbx.id}${connection.orgId}`.slice(0, link.endsWith('amazon-connect/1') ? 0 : undefined));
  }
  expect((await browser.get(`${page}/setups/asterisk/5`)).statusCode).toBe(404);
  expect((await browser.get(`${page}/setups/toString/0`)).statusCode).toBe(404);
});

it('puts a new token into the set-ups while it is shown, never into a file', async () => {
  portal.connections.byAccount.set(account.id, { ...connection, accountId: account.id });
  await browser.post(`${page}/tokens`, { tokenName: 'Main' });
  const { body } = await browser.get(page);
  const [, jwt = ''] = /token=(eyJ[\w.-]+)/.exec(body) ?? [];
  expect(jwt).not.toBe('');
  expect((await browser.get(`${page}/setups/asterisk/0`)).body).not.toContain(jwt);
  expect((await browser.get(page)).body).not.toContain(jwt);
});
