import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { newStep, withoutExtension } from '../../../src/domain/lookup-step.ts';
import { startStandIn, type StandIn } from '../../../src/local/salesforce/server.ts';
import type { OrgSchema, SalesforceSession } from '../../../src/ports.ts';
import { createSalesforceData } from '../../../src/salesforce/data.ts';
import { createSalesforceHttp } from '../../../src/salesforce/http.ts';
import { createOrgSchema } from '../../../src/salesforce/org-schema.ts';
import { createOrgUsers } from '../../../src/salesforce/org-users.ts';
import { defaultExtensionSteps } from '../../../src/domain/pbx-settings.ts';
import { validateDefinition } from '../../../src/use-cases/validate-definition.ts';
import { createFakeClock } from '../../support/fakes/world.ts';
import { acme, connect } from '../stand-in/oauth-browser.ts';

const http = createSalesforceHttp();
const data = createSalesforceData({ http, apiVersion: '67.0' });
const within = () => AbortSignal.timeout(10_000);

let standIn: StandIn;
let session: SalesforceSession;
let clock = createFakeClock();
let schema: OrgSchema;
beforeAll(async () => {
  standIn = await startStandIn({ port: 0 });
  const { accessToken, instanceUrl } = await connect(standIn);
  session = { orgId: acme, instanceUrl, accessToken, version: 1 };
});
beforeEach(() => {
  clock = createFakeClock();
  schema = createOrgSchema({ data, clock });
});
afterAll(async () => {
  await http.close();
  await standIn.close();
});

const calls = () =>
  standIn.control
    .journal()
    .entries.filter(({ path }) => path.includes('/sobjects'))
    .map(({ status }) => status);
const objectNamed = async (name: string) => {
  const answer = await schema.object(session, name, within());
  if (!answer.ok) throw new Error(answer.failure.answer);
  return answer.value;
};

it('tells the objects of the org, and the fields of one with what they can be used for', async () => {
  const objects = await schema.objects(session, within());
  expect(objects).toMatchObject({
    ok: true,
    value: expect.arrayContaining([
      { name: 'Contact', label: 'Contact', isCustom: false, queryable: true, searchable: true },
      expect.objectContaining({ name: 'Support_Contract__c', isCustom: true }),
    ]) as unknown,
  });
  const contact = await objectNamed('Contact');
  const field = (name: string) => contact?.fields.find((each) => each.name === name);
  expect(field('Support_Line__c')).toMatchObject({ label: 'Support Line', type: 'phone', filterable: true });
  expect(field('AccountId')).toMatchObject({ referenceTo: ['Account'], relationshipName: 'Account' });
  expect(field('Description')).toMatchObject({ filterable: false, sortable: false });
});

it('tells that there is no such object, also for what is no name at all', async () => {
  expect(await objectNamed('Nope__c')).toBeUndefined();
  const before = calls().length;
  expect(await objectNamed('../limits')).toBeUndefined();
  expect(calls()).toHaveLength(before);
});

it('asks once in five minutes, then only whether anything has changed, and afresh after an hour', async () => {
  const before = calls().length;
  for (const ms of [0, 0, 4 * 60_000, 2 * 60_000, 0]) {
    clock.pass(ms);
    expect((await objectNamed('Contact'))?.fields.length).toBeGreaterThan(10);
  }
  expect(calls().slice(before)).toEqual([200, 304]);
  clock.pass(60 * 60_000);
  await objectNamed('Contact');
  expect(calls().slice(before)).toEqual([200, 304, 200]);
});

it('tells a failure as what it is, and keeps none', async () => {
  await standIn.control.addFault({ fault: 'error-500', org: acme });
  expect(await schema.object(session, 'Lead', within())).toMatchObject({ ok: false, failure: { retryable: true } });
  await standIn.control.clearFaults();
  expect(await objectNamed('Lead')).toMatchObject({ name: 'Lead' });
});

it('finds nothing wrong with the lookup that every phone system starts with, nor with steps over custom objects', async () => {
  const draft = (steps: Parameters<typeof validateDefinition>[0]['steps'], kind: 'extension' | 'data' = 'extension') =>
    validateDefinition({ kind, name: 'A', steps, fallbacks: {}, fallbackExtension: undefined }, objectNamed);
  expect(await draft(defaultExtensionSteps)).toEqual([]);
  expect(
    await draft([
      {
        ...newStep('Support_Contract__c', ['Hotline__c']),
        extension: { from: 'user', user: { is: 'field', field: 'Agent__c' }, userField: 'Extension' },
        order: [{ field: 'Account__r.Name', direction: 'ascending' }],
      },
    ]),
  ).toEqual([]);
  expect(
    await draft(
      [
        {
          ...withoutExtension(newStep('Case', ['CaseNumber'])),
          search: { by: 'ivr', as: 'text', leadingZerosTo: 8 },
          only: ['open-case', 'active-owner'],
          returns: [{ field: 'Contact.Account.Name', name: 'Company', empty: '' }],
        },
      ],
      'data',
    ),
  ).toEqual([]);
  expect(await draft([newStep('Contact', ['Description'])])).toMatchObject([{ problem: 'not-filterable' }]);
});

it('lists the active users with a field of theirs, over several pages', async () => {
  const users = createOrgUsers(data);
  const listed = await users.list(session, 'Extension', within());
  if (!listed.ok) throw new Error(listed.failure.answer);
  const active = standIn.control
    .list(acme, 'User')
    .filter((user) => user['IsActive'] === true && user['UserType'] === 'Standard');
  expect(listed.value.map(({ id }) => id).sort()).toEqual(active.map(({ Id }) => Id).sort());
  expect(listed.value.some(({ extension }) => extension === '201')).toBe(true);
  expect(listed.value.some(({ extension }) => extension === undefined)).toBe(true);
});
