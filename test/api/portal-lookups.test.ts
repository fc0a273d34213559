import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LookupDefinition } from '../../src/domain/lookup.ts';
import type { Account, DescribedObject } from '../../src/ports.ts';
import { describedObjects, field } from '../support/fakes/org.ts';
import { foundContact, pbx } from '../support/fakes/lookups.ts';
import { createTestPortal, textOf, type Browser, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
let account: Account;
let browser: Browser;
beforeEach(async () => {
  portal = await createTestPortal();
  portal.org.objects = orgObjects;
  account = await portal.newAccount();
  browser = await portal.newSignedInBrowser(account);
  await portal.pbxs.create({ ...pbx, accountId: account.id }, new Uint8Array(32));
});
afterEach(() => portal.app.close());

const owner = field('OwnerId', 'reference', { referenceTo: ['User'], relationshipName: 'Owner' });
const custom = (name: string, label: string, fields: DescribedObject['fields']): DescribedObject => ({
  name,
  label,
  isCustom: name.endsWith('__c'),
  queryable: true,
  searchable: true,
  fields,
});
const orgObjects: readonly DescribedObject[] = [
  ...describedObjects.filter(({ name }) => name !== 'Contact'),
  custom('Contact', 'Contact', [
    field('FirstName', 'string', { label: 'First Name' }),
    field('LastName', 'string', { label: 'Last Name' }),
    ...['Phone', 'MobilePhone', 'HomePhone', 'OtherPhone', 'AssistantPhone'].map((name) =>
      field(name, 'phone', { label: `The ${name}` }),
    ),
    field('Vip__c', 'boolean'),
    field('LastModifiedDate', 'datetime'),
    field('AccountId', 'reference', { label: 'Account ID', referenceTo: ['Account'], relationshipName: 'Account' }),
    owner,
  ]),
  custom('Lead', 'Lead', [
    field('Phone', 'phone'),
    field('MobilePhone', 'phone'),
    field('IsConverted', 'boolean'),
    owner,
  ]),
  custom('Case', 'Case', [
    field('CaseNumber', 'string'),
    field('Subject', 'string'),
    field('IsClosed', 'boolean'),
    owner,
  ]),
  custom('Machine__c', 'Machine', [field('Serial__c', 'string', { label: 'Serial number' }), owner]),
];

/** What a browser would send: every field of the form as it was rendered. */
function fieldsOf(html: string): Map<string, string[]> {
  const form = /<form method="post" action="[^"]*" class="lookup-form"[\s\S]*?<\/form>/.exec(html)?.[0] ?? '';
  const fields = new Map<string, string[]>();
  const add = (name: string | undefined, value: string) => {
    if (name !== undefined && name !== '_csrf') fields.set(name, [...(fields.get(name) ?? []), unescape(value)]);
  };
  const attribute = (tag: string, name: string) => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
  for (const [tag] of form.matchAll(/<input [^>]*>|<select [\s\S]*?<\/select>/g)) {
    if (tag.startsWith('<select')) {
      const options = [...tag.matchAll(/<option value="([^"]*)"( selected)?>/g)];
      add(attribute(tag, 'name'), (options.find(([, , selected]) => selected) ?? options[0])?.[1] ?? '');
    } else if (!/type="(?:checkbox|radio)"/.test(tag) || tag.includes(' checked')) {
      add(attribute(tag, 'name'), attribute(tag, 'value') ?? '');
    }
  }
  return fields;
}
const unescape = (html: string) => html.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');

/** Presses a button of the page last seen, with some fields filled in anew. */
async function press(
  page: string,
  html: string,
  action: string,
  typed: Readonly<Record<string, string | string[]>> = {},
) {
  const fields = fieldsOf(html);
  for (const [name, value] of Object.entries(typed)) fields.set(name, [value].flat());
  const sent = new URLSearchParams();
  for (const [name, values] of fields) for (const value of values) sent.append(name, value);
  sent.append('action', action);
  return browser.send(page, sent);
}

const only = (): LookupDefinition => {
  const [lookup, ...more] = portal.lookups.byId.values();
  if (!lookup || more.length > 0) throw new Error('there is not exactly one lookup');
  return lookup;
};

describe('a new lookup', () => {
  it('is made of what its kind begins with, after giving it a name', async () => {
    const { body } = await browser.get('/lookups/new?kind=extension');
    const refused = await press('/lookups', body, 'save');
    expect(refused.statusCode).toBe(400);
    expect(refused.body).toMatch(/id="name-fault">Something is missing here/);
    const saved = await press('/lookups', refused.body, 'save', { name: 'Whose caller' });
    expect(saved.statusCode).toBe(303);
    expect(saved.headers.location).toBe(`/lookups/${only().id}`);
    expect(only()).toMatchObject({
      kind: 'extension',
      name: 'Whose caller',
      steps: [{ object: 'Contact' }, { object: 'Lead', only: ['unconverted-lead'] }, { object: 'Account' }],
    });
    expect((await portal.audit.list(account.id, 1))[0]).toMatchObject({ action: 'lookup.created', subject: only().id });
  });

  it('offers objects and fields with the labels of the org, parents’ fields too', async () => {
    const { body } = await browser.get('/lookups/new?kind=data');
    expect(body).toContain('<option value="Machine__c">Machine (Machine__c)</option>');
    expect(body).toContain('<option value="Account.Name">Account: Name</option>');
    expect(body).toContain('The MobilePhone <small><code>MobilePhone</code></small>');
  });

  it('takes an IVR input to a custom object and field, with a condition and an order', async () => {
    let { body } = await browser.get('/lookups/new?kind=ivr');
    body = (await press('/lookups', body, 'update', { 's0.object': 'Machine__c', 's0.fields': ['Serial__c'] })).body;
    expect(body).toContain('Serial number');
    body = (await press('/lookups', body, 'add.order.0')).body;
    body = (
      await press('/lookups', body, 'update', { 's0.order.0.field': 'Serial__c', 's0.order.0.direction': 'ascending' })
    ).body;
    const saved = await press('/lookups', body, 'save', {
      name: 'Machines',
      's0.only': ['active-owner'],
      's0.zeros': '0',
    });
    expect(saved.statusCode).toBe(303);
    expect(only().steps).toEqual([
      {
        search: { by: 'ivr', as: 'text', leadingZerosTo: 0 },
        object: 'Machine__c',
        fields: ['Serial__c'],
        only: ['active-owner'],
        filters: [],
        order: [{ field: 'Serial__c', direction: 'ascending' }],
        whenSeveral: 'first',
        extension: { from: 'user', user: { is: 'field', field: 'OwnerId' }, userField: 'Extension' },
        returns: [],
      },
    ]);
  });

  it('saves nothing for any button but the one that saves', async () => {
    const { body } = await browser.get('/lookups/new?kind=extension');
    for (const action of [
      'update',
      'add-step',
      'remove-step.0',
      'move-down.0',
      'add.filters.0',
      'nonsense',
      'remove.steps.9',
    ]) {
      expect((await press('/lookups', body, action, { name: 'x' })).statusCode).toBe(200);
    }
    expect(portal.lookups.byId.size).toBe(0);
    expect((await portal.audit.list(account.id, 10)).some(({ action }) => action.startsWith('lookup'))).toBe(false);
  });
});

describe('the steps', () => {
  const objectsOn = (html: string) =>
    [...fieldsOf(html)].flatMap(([name, values]) => (/^s\d\.object$/.test(name) ? values : []));

  it('are added, moved and removed by buttons, without a script', async () => {
    let { body } = await browser.get('/lookups/new?kind=extension');
    expect(objectsOn(body)).toEqual(['Contact', 'Lead', 'Account']);
    body = (await press('/lookups', body, 'move-up.2')).body;
    expect(objectsOn(body)).toEqual(['Contact', 'Account', 'Lead']);
    body = (await press('/lookups', body, 'move-down.0')).body;
    expect(objectsOn(body)).toEqual(['Account', 'Contact', 'Lead']);
    body = (await press('/lookups', body, 'remove-step.1')).body;
    expect(objectsOn(body)).toEqual(['Account', 'Lead']);
    body = (await press('/lookups', body, 'add-step')).body;
    expect(objectsOn(body)).toEqual(['Account', 'Lead', 'Contact']);
  });

  it('keep what was typed into their rows', async () => {
    let { body } = await browser.get('/lookups/new?kind=data');
    body = (await press('/lookups', body, 'add.filters.0')).body;
    body = (
      await press('/lookups', body, 'add.returns.0', { 's0.filter.0.field': 'Vip__c', 's0.filter.0.value': 'true' })
    ).body;
    // The field is a yes or no, so the value is chosen, and only what makes sense is offered.
    expect(body).toContain('<select id="s0.filter.0.value"');
    body = (
      await press('/lookups', body, 'remove.returns.0.0', {
        's0.return.2.field': 'Account.Name',
        's0.return.2.name': 'Company',
        's0.return.2.empty': 'nobody',
      })
    ).body;
    const saved = await press('/lookups', body, 'save', { name: 'Greeting' });
    expect(saved.statusCode).toBe(303);
    expect(only().steps[0]).toMatchObject({
      filters: [{ field: 'Vip__c', type: 'boolean', operator: 'equals', value: 'true' }],
      returns: [
        { field: 'LastName', name: 'LastName', empty: '' },
        { field: 'Account.Name', name: 'Company', empty: 'nobody' },
      ],
    });
    expect(only().steps[0]?.extension).toBeUndefined();
  });

  it('say at the field what is wrong with it', async () => {
    const { body } = await browser.get('/lookups/new?kind=data');
    const refused = await press('/lookups', body, 'save', {
      name: 'x',
      's0.fields': ['Gone__c'],
      's0.return.0.field': 'Account.Nothing',
      's0.return.1.name': '1 bad name',
    });
    expect(refused.statusCode).toBe(400);
    expect(textOf(refused.body)).toContain('Step 1: Fields to search. “Gone__c” is not in Salesforce');
    expect(refused.body).toMatch(
      /value="Gone__c"[^>]*aria-invalid="true"><p class="fault">“Gone__c” is not in Salesforce/,
    );
    expect(refused.body).toMatch(/value="Account.Nothing"[^>]*aria-invalid="true"><p class="fault">“Account.Nothing”/);
    expect(refused.body).toContain('“1 bad name” is no name for a field of the answer');
    expect(refused.body).toContain('href="#s0.returns.1"');
  });

  it('are typed and saved unchecked while Salesforce cannot be asked', async () => {
    portal.org.isAway = true;
    const { body } = await browser.get('/lookups/new?kind=extension');
    expect(textOf(body)).toContain('Salesforce cannot be asked for its objects and fields at the moment');
    expect((await press('/lookups', body, 'save', { name: 'Blind' })).statusCode).toBe(303);
    expect(only().checkedAtMs).toBeUndefined();
  });
});

describe('a saved lookup', () => {
  const make = async (): Promise<{ page: string; body: string }> => {
    const { body } = await browser.get('/lookups/new?kind=extension');
    const page = (await press('/lookups', body, 'save', { name: 'Whose caller' })).headers.location ?? '';
    return { page, body: (await browser.get(page)).body };
  };

  it('gets a new version with each change', async () => {
    const { page, body } = await make();
    expect(textOf(body)).toContain('version 1');
    const saved = await press(page, body, 'save', {
      fallbackExtension: '100',
      'fallback.no-match': '300',
      's0.extension': 'record',
      's0.recordPath': 'MobilePhone',
    });
    expect(saved.headers.location).toBe(page);
    expect(only()).toMatchObject({ version: 2, fallbackExtension: '100', fallbacks: { 'no-match': '300' } });
    expect(only().steps[0]?.extension).toEqual({ from: 'record', field: 'MobilePhone' });
    const after = await browser.get(page);
    expect(textOf(after.body)).toContain('Saved as version 2.');
    expect(fieldsOf(after.body).get('fallback.no-match')).toEqual(['300']);
  });

  it('says that it has broken, where and why', async () => {
    const { page } = await make();
    const problem = { step: 1, part: 'fields', position: 0, problem: 'gone', subject: 'Phone' } as const;
    await portal.lookups.noteCheck(only(), [problem]);
    portal.org.isAway = true;
    const said = 'Step 2: Fields to search. “Phone” is not in Salesforce';
    expect(textOf((await browser.get(page)).body)).toContain(said);
    expect(textOf((await browser.get('/lookups')).body)).toContain('One problem');
    portal.org.isAway = false;
    expect(textOf((await browser.get(page)).body)).not.toContain(said);
  });

  it('is checked when its page is opened, so that it says so as soon as calls do', async () => {
    const { page } = await make();
    portal.org.objects = orgObjects.map((object) =>
      object.name === 'Lead' ? { ...object, fields: object.fields.filter(({ name }) => name !== 'Phone') } : object,
    );
    expect(textOf((await browser.get('/lookups')).body)).not.toContain('One problem');
    expect(textOf((await browser.get(page)).body)).toContain('Step 2: Fields to search. “Phone” is not in Salesforce');
    expect(textOf((await browser.get('/lookups')).body)).toContain('One problem');
    expect(only().version).toBe(1);
  });

  it('is listed with its id and the phone systems whose default it is, and cannot be removed while it is one', async () => {
    const { page } = await make();
    await portal.pbxs.update({ id: pbx.id, accountId: account.id, defaultExtensionLookupId: only().id });
    const { body } = await browser.get('/lookups');
    expect(textOf(body)).toContain(`Whose caller Extension lookup ${only().id} In order Head office 1`);
    portal.lookups.answerRemoval = 'in-use';
    const refused = await browser.post(`${page}/removal`);
    expect(refused.headers.location).toBe(page);
    expect(textOf((await browser.get(page)).body)).toContain('is a default of a phone system');
    portal.lookups.answerRemoval = undefined;
    expect((await browser.post(`${page}/removal`)).headers.location).toBe('/lookups');
    expect(portal.lookups.byId.size).toBe(0);
  });

  it('is nobody else’s', async () => {
    const { page, body } = await make();
    const mine = browser;
    browser = await portal.newSignedInBrowser(await portal.newAccount({ email: 'eve@evil.example' }));
    await browser.get('/lookups');
    expect((await browser.get(page)).statusCode).toBe(404);
    expect((await press(page, body, 'save', { name: 'Mine now' })).statusCode).toBe(404);
    browser = mine;
    expect(only().name).toBe('Whose caller');
  });
});

describe('the test box', () => {
  const make = async () => {
    const { body } = await browser.get('/lookups/new?kind=extension');
    const page = (await press('/lookups', body, 'save', { name: 'Whose caller' })).headers.location ?? '';
    portal.salesforce.ask = async ({ observe }) => {
      observe?.({
        kind: 'asking',
        call: 'values',
        count: 1,
        texts: () => ["SELECT Id FROM Contact WHERE Phone IN ('030 23125001')"],
      });
      observe?.({ kind: 'answered', call: 'values', rows: () => 2 });
      observe?.({
        kind: 'judged',
        records: () => [
          { step: 0, record: foundContact('003A0000000AbCdIAK'), verdict: 'winner' },
          { step: 0, record: foundContact('003A0000000AbCeIAK'), verdict: 'also-matches' },
        ],
      });
      observe?.({ kind: 'extension', step: 0, from: 'map' });
      return {
        reason: 'matched-several',
        matches: 2,
        extension: '201',
        recordId: '003A0000000AbCdIAK',
        object: 'Contact',
      };
    };
    return { page, body: (await browser.get(page)).body };
  };

  it('shows how the number was read, the queries, the rows, why this record, the extension and the time', async () => {
    const { page, body } = await make();
    const tried = await press(page, body, 'test', { 'trial.callerId': '030 23125001' });
    expect(tried.statusCode).toBe(200);
    const text = textOf(tried.body);
    expect(text).toContain('Several matches Extension 201 Matching records 2');
    expect(text).toContain('Caller’s number: read as +493023125001');
    expect(text).toMatch(/[\d.]+ ms Caller’s number/);
    expect(text).toMatch(/\d+ ms Asked Salesforce for exact values, in one query/);
    expect(tried.body).toContain('SELECT Id FROM Contact');
    expect(text).toMatch(/2 rows came, after \d+ ms/);
    expect(text).toContain('Step 1: this record wins Contact 003A0000000AbCdIAK');
    expect(text).toContain('Step 1: matches too, and comes later in the order');
    expect(text).toContain('The extension comes from the extension map');
    expect(portal.lookupRuns.recorded).toMatchObject([{ isTest: true, lookupId: only().id, number: '+493023125001' }]);
    expect(tried.body).toContain(`/lookup-runs/${portal.lookupRuns.recorded[0]?.id ?? ''}`);
  });

  it('tries what is typed before it is saved, and records nothing then', async () => {
    const { page, body } = await make();
    const tried = await press(page, body, 'test', { 'trial.callerId': '030 23125001', fallbackExtension: '999' });
    expect(textOf(tried.body)).toContain('Not in the lookup log');
    expect(textOf(tried.body)).toContain('Not saved yet.');
    expect(fieldsOf(tried.body).get('fallbackExtension')).toEqual(['999']);
    expect(portal.lookupRuns.recorded).toEqual([]);
    expect(only().fallbackExtension).toBeUndefined();
  });

  it.each([
    ['anonymous', 'withheld: nothing to search for', 'Number withheld'],
    ['xyz', 'not a phone number: nothing to search for', 'Not a phone number'],
    ['12', 'an internal number, 12: nothing to search for', 'Not a phone number'],
  ])('tells of %j without asking Salesforce', async (callerId, reading, reason) => {
    const { page, body } = await make();
    const text = textOf((await press(page, body, 'test', { 'trial.callerId': callerId })).body);
    expect(text).toContain(reading);
    expect(text).toContain(reason);
    expect(text).not.toContain('Asked Salesforce');
  });

  it.each([
    ['extension', 'Extension 201', 'Gold'],
    ['data', 'Gold', 'Extension 201'],
  ] as const)('asks an IVR lookup for what is chosen: %s', async (service, told, not) => {
    const { body } = await browser.get('/lookups/new?kind=ivr');
    const page = (await press('/lookups', body, 'save', { name: 'By IVR' })).headers.location ?? '';
    portal.salesforce.ask = async () => ({
      reason: 'matched',
      matches: 1,
      extension: '201',
      fields: { Level: 'Gold' },
    });
    const saved = (await browser.get(page)).body;
    const tried = await press(page, saved, 'test', { 'trial.ivrId': '00001001', 'trial.service': service });
    expect(textOf(tried.body)).toContain(told);
    expect(textOf(tried.body)).not.toContain(not);
    expect(fieldsOf(tried.body).get('trial.service')).toEqual([service]);
    expect(portal.lookupRuns.recorded).toMatchObject([{ isTest: true, service }]);
  });

  it('says what is missing', async () => {
    const { page, body } = await make();
    expect(textOf((await press(page, body, 'test')).body)).toContain('Enter a number or an IVR input.');
  });

  it('asks nothing of a definition that cannot be asked, and says why', async () => {
    const { page, body } = await make();
    const refused = await press(page, body, 'test', { 'trial.callerId': '030 23125001', 's0.fields': [] });
    expect(refused.statusCode).toBe(400);
    expect(textOf(refused.body)).toContain('Step 1: Fields to search. Something is missing here');
    expect(portal.lookupRuns.recorded).toEqual([]);
  });
});
