import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { secretTokens } from '../../../src/crypto/tokens.ts';
import { newStep, withoutExtension } from '../../../src/domain/lookup-step.ts';
import type { LookupDefinition } from '../../../src/domain/lookup.ts';
import { defaultExtensionSteps } from '../../../src/domain/pbx-settings.ts';
import { demoRecords } from '../../../src/local/salesforce/data/demo-records.ts';
import { startStandIn, type StandIn } from '../../../src/local/salesforce/server.ts';
import { defaultDialingRules } from '../../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../../src/phone-numbers/read-number.ts';
import { createSalesforceData } from '../../../src/salesforce/data.ts';
import { createSalesforceHttp } from '../../../src/salesforce/http.ts';
import { createRecordSearch } from '../../../src/salesforce/record-search.ts';
import { createAskSalesforce } from '../../../src/use-cases/ask-salesforce.ts';
import { createFindRecord } from '../../../src/use-cases/find-record.ts';
import { createOrgGate } from '../../../src/use-cases/org-gate.ts';
import { createTryLookup, type TryLookup, type TryLookupRequest } from '../../../src/use-cases/try-lookup.ts';
import { accountId, connection, createFakeLookupRuns, credentials, lookup, pbx } from '../../support/fakes/lookups.ts';
import { createFakePhoneDirectory } from '../../support/fakes/phone-directory.ts';
import { acme, connect } from '../stand-in/oauth-browser.ts';

const http = createSalesforceHttp();
const clock = { now: () => Date.now() };
const directory = createFakePhoneDirectory();
let standIn: StandIn;
let runs = createFakeLookupRuns();
let tryLookup: TryLookup;

beforeAll(async () => {
  standIn = await startStandIn({ port: 0 });
  const { accessToken, instanceUrl } = await connect(standIn);
  directory.setConnection(connection);
  directory.setCredentials({ ...credentials, accessToken, instanceUrl });
  directory.ruleSets.set('', defaultDialingRules('DE'));
});
beforeEach(() => {
  runs = createFakeLookupRuns();
  tryLookup = createTryLookup({
    directory,
    askSalesforce: createAskSalesforce({
      directory,
      findRecord: createFindRecord(createRecordSearch(createSalesforceData({ http, apiVersion: '67.0' }))),
      gate: createOrgGate(clock),
      engine: { tokenRejected: async () => undefined, checkNow: async () => undefined },
      logger: { warn: () => undefined, error: () => undefined },
    }),
    readNumber,
    runs,
    tokens: secretTokens,
    clock,
  });
});
afterAll(async () => {
  await http.close();
  await standIn.close();
});

const definition = (changes: Partial<LookupDefinition>): LookupDefinition => ({
  ...lookup,
  steps: defaultExtensionSteps,
  ...changes,
});
const request = (changes: Partial<TryLookupRequest>): TryLookupRequest => ({
  pbx: { ...pbx, deadlineMs: 7_000 },
  lookup: definition({}),
  service: 'extension',
  question: { callerId: demoRecords.direct.call },
  isSaved: true,
  ...changes,
});

it('tells the answer with the number as read, the queries, the rows, the winner and the milliseconds, and records a test', async () => {
  const { answer, finding, numbers, trace, queries } = await tryLookup(request({}));
  const { id, ownerExtension } = demoRecords.direct;
  expect(answer).toMatchObject({ reason: 'matched', extension: ownerExtension, matches: 1 });
  expect(finding).toMatchObject({ recordId: id, object: 'Contact' });
  expect(numbers.caller).toMatchObject({ number: { kind: 'number' }, prefixCut: '' });
  expect(numbers.called).toBeUndefined();
  expect(trace.events.map(([kind]) => kind)).toEqual(['asking', 'answered', 'extension', 'judged']);
  expect(queries.map((texts) => texts.length)).toEqual([3]);
  expect(trace.events[0]).toEqual(['asking', expect.any(Number), 'values', 3]);
  expect(trace.events.at(-1)).toEqual(['judged', expect.any(Number), 0, 'winner', 'Contact', [id]]);
  const times = trace.events.map(([, atMs]) => atMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(trace.readMs).toBeGreaterThan(0);
  expect(runs.recorded).toMatchObject([
    {
      id: answer.runId,
      isTest: true,
      accountId,
      orgId: acme,
      answer: { reason: 'matched', extension: ownerExtension },
      trace,
    },
  ]);
});

it('records nothing of a definition that is not saved', async () => {
  await tryLookup(request({ isSaved: false }));
  expect(runs.recorded).toEqual([]);
});

it('finds a case by the number that a caller keyed in, and the data of its company', async () => {
  const open = standIn.control.list(acme, 'Case').find((row) => row['IsClosed'] === false && row['AccountId'] !== null);
  const account = standIn.control.list(acme, 'Account').find(({ Id }) => Id === open?.['AccountId']);
  const step = {
    ...withoutExtension(newStep('Case', ['CaseNumber'])),
    search: { by: 'ivr', as: 'text', leadingZerosTo: 8 },
    only: ['open-case'],
    returns: [
      { field: 'Account.Name', name: 'Company', empty: '' },
      { field: 'ClosedDate', name: 'Closed', empty: 'still open' },
    ],
  } as const;
  const keyedIn = String(open?.['CaseNumber']).replace(/^0+/, '');
  const tried = await tryLookup(
    request({
      service: 'data',
      lookup: definition({ kind: 'ivr', steps: [step] }),
      question: { callerId: 'anonymous', ivrId: `${keyedIn}#` },
    }),
  );
  expect(tried.answer).toMatchObject({
    reason: 'matched',
    fields: { Company: account?.['Name'], Closed: 'still open' },
    extension: undefined,
  });
  expect(runs.recorded).toMatchObject([{ service: 'data', answer: { fields: 2, extension: undefined } }]);
});

it('rings the agent of a support contract found by its hotline, and the owner of a contact’s account', async () => {
  const [owner, agent] = ['201', '202'].map(
    (extension) => standIn.control.list(acme, 'User').find((user) => user['Extension'] === extension)?.Id,
  );
  const put = (object: string, row: Record<string, unknown>) =>
    standIn.control.changeOrg(acme, { upsert: { [object]: [row] } }).upserted[object]?.[0];
  const company = put('Account', { Name: 'Werkstatt', OwnerId: agent });
  put('Support_Contract__c', {
    Name: 'SC',
    Hotline__c: '07525 77100',
    Agent__c: agent,
    OwnerId: owner,
    Account__c: company,
  });
  put('Contact', { LastName: 'Kunde', Phone: '07525 77101', OwnerId: owner, AccountId: company });
  const rings = async (object: string, field: string, callerId: string, user: string) => {
    const step = {
      ...newStep(object, [field]),
      only: ['active-owner'],
      extension: { from: 'user', user: { is: 'field', field: user }, userField: 'Extension' },
    } as const;
    return (await tryLookup(request({ lookup: definition({ steps: [step] }), question: { callerId } }))).answer
      .extension;
  };
  expect(await rings('Support_Contract__c', 'Hotline__c', '0752577100', 'OwnerId')).toBe('201');
  expect(await rings('Support_Contract__c', 'Hotline__c', '0752577100', 'Agent__c')).toBe('202');
  expect(await rings('Contact', 'Phone', '0752577101', 'Account.OwnerId')).toBe('202');
});

it('answers for a step that Salesforce refuses with salesforce-error, and says where', async () => {
  const broken = definition({ steps: [newStep('Contact', ['Nope__c'])] });
  const { answer, trace } = await tryLookup(request({ lookup: broken }));
  expect(answer).toMatchObject({ reason: 'salesforce-error', extension: pbx.fallbackExtension });
  expect(trace.events).toContainEqual(['refused', expect.any(Number), 0, 'INVALID_FIELD']);
  const both = definition({ steps: [...broken.steps, newStep('Contact', ['Phone', 'MobilePhone'])] });
  expect((await tryLookup(request({ lookup: both }))).answer).toMatchObject({ reason: 'matched' });
});

it('does not ask Salesforce for a number that was withheld', async () => {
  const { answer, trace } = await tryLookup(request({ question: { callerId: 'anonymous' } }));
  expect(answer).toMatchObject({ reason: 'withheld' });
  expect(trace.events).toEqual([]);
  expect(trace.caller).toEqual({ kind: 'withheld' });
});
