import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newStep, type LookupStep } from '../../../src/domain/lookup-step.ts';
import type { Question } from '../../../src/domain/lookup.ts';
import { demoRecords } from '../../../src/local/salesforce/data/demo-records.ts';
import { startStandIn, type StandIn } from '../../../src/local/salesforce/server.ts';
import { defaultDialingRules } from '../../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../../src/phone-numbers/read-number.ts';
import type { SalesforceSession } from '../../../src/ports.ts';
import { createSalesforceData } from '../../../src/salesforce/data.ts';
import { createSalesforceHttp } from '../../../src/salesforce/http.ts';
import { createRecordSearch } from '../../../src/salesforce/record-search.ts';
import { createFindRecord } from '../../../src/use-cases/find-record.ts';
import { readQuestion } from '../../../src/use-cases/read-question.ts';
import { noExtensions } from '../../support/fakes/lookups.ts';
import { matchingTable } from '../matching/table.ts';
import { acme, connect } from '../stand-in/oauth-browser.ts';

/** The whole way: the use case, the queries, the transport, and a Salesforce that reads SOQL and SOSL by itself. */

const step = (object: string, ...fields: string[]): LookupStep => ({
  ...newStep(object, fields),
  only: object === 'Lead' ? ['unconverted-lead'] : [],
});
const steps = [
  step('Contact', 'Phone', 'MobilePhone', 'HomePhone', 'OtherPhone', 'AssistantPhone'),
  step('Lead', 'Phone', 'MobilePhone'),
  step('Account', 'Phone'),
];
const german = defaultDialingRules('DE');
const http = createSalesforceHttp();
const findRecord = createFindRecord(createRecordSearch(createSalesforceData({ http, apiVersion: '67.0' })));

let standIn: StandIn;
let session: SalesforceSession;
beforeAll(async () => {
  standIn = await startStandIn({ port: 0 });
  const { accessToken, instanceUrl } = await connect(standIn);
  session = { orgId: acme, instanceUrl, accessToken, version: 1 };
});
afterEach(() => standIn.control.clearFaults());
afterAll(async () => {
  await http.close();
  await standIn.close();
});

async function ask(
  arrives: string | Question,
  options: { steps?: readonly LookupStep[]; country?: string; limitMs?: number } = {},
) {
  const rules = options.country === undefined ? german : defaultDialingRules(options.country);
  const before = callsToData();
  const outcome = await findRecord({
    question: readQuestion(typeof arrives === 'string' ? { callerId: arrives } : arrives, (sent) =>
      readNumber(sent, rules),
    ),
    rules,
    steps: options.steps ?? steps,
    extensions: noExtensions,
    session,
    signal: AbortSignal.timeout(options.limitMs ?? 10_000),
  });
  return { found: outcome.ok ? outcome.finding : outcome.failure, calls: callsToData() - before };
}

const callsToData = (): number =>
  standIn.control.journal().entries.filter(({ path }) => path.startsWith('/services/data')).length;

const put = (object: string, ...rows: Record<string, unknown>[]): readonly string[] =>
  standIn.control.changeOrg(acme, { upsert: { [object]: rows } }).upserted[object] ?? [];
const ownerOf = (object: string, id: string): unknown =>
  standIn.control.list(acme, object).find(({ Id }) => Id === id)?.['OwnerId'];

describe('findRecord at the stand-in', () => {
  it('finds a contact stored in E.164 with one call', async () => {
    const { call, id, ownerExtension } = demoRecords.direct;
    expect(await ask(call)).toEqual({
      found: { reason: 'matched', matches: 1, extension: ownerExtension, recordId: id, object: 'Contact' },
      calls: 1,
    });
  });

  it('finds a contact stored as people write it with one call', async () => {
    const { call, id, ownerExtension } = demoRecords.otherNotation;
    expect(await ask(call)).toMatchObject({
      found: { reason: 'matched', extension: ownerExtension, recordId: id },
      calls: 1,
    });
  });

  it('takes the one modified last of several on one number', async () => {
    const { call, winner, ownerExtension } = demoRecords.shared;
    expect(await ask(call)).toMatchObject({
      found: { reason: 'matched-several', matches: 3, extension: ownerExtension, recordId: winner },
    });
  });

  it('says that the owner is inactive, has no extension, or is a queue', async () => {
    expect(await ask(demoRecords.ownerInactive.call)).toMatchObject({ found: { reason: 'owner-inactive' } });
    expect(await ask(demoRecords.noExtension.call)).toMatchObject({ found: { reason: 'no-extension' } });
    expect(await ask(demoRecords.queueLead.call)).toMatchObject({
      found: { reason: 'no-extension', object: 'Lead', recordId: demoRecords.queueLead.id },
      calls: 2,
    });
  });

  it('finds a person account by its contact, and by its own field', async () => {
    const { call, contactId, id, ownerExtension } = demoRecords.person;
    expect(await ask(call)).toMatchObject({
      found: { reason: 'matched', recordId: contactId, extension: ownerExtension },
    });
    expect(await ask(call, { steps: [step('Account', 'Phone', 'PersonMobilePhone')] })).toMatchObject({
      found: { reason: 'matched', recordId: id, extension: ownerExtension },
    });
  });

  it('finds a number in a field that the administrator added', async () => {
    const { call, id, ownerExtension } = demoRecords.customField;
    expect(await ask(call, { steps: [step('Contact', 'Phone', 'Support_Line__c')] })).toMatchObject({
      found: { reason: 'matched', recordId: id, extension: ownerExtension },
    });
  });

  it('answers no-match after two calls', async () => {
    expect(await ask(demoRecords.unknown.call)).toEqual({ found: { reason: 'no-match', matches: 0 }, calls: 2 });
  });

  it('tells the extension of a lead’s owner, with one call by value and three by digits', async () => {
    const owner = ownerOf('Contact', demoRecords.direct.id);
    const [id] = put('Lead', { LastName: 'Neu', Company: 'Neu', Phone: '07525 77001', OwnerId: owner });
    expect(await ask('+49752577001')).toMatchObject({
      found: { reason: 'matched', object: 'Lead', recordId: id, extension: '201' },
      calls: 1,
    });
    put('Lead', { Id: id, Phone: '+49 75 25 / 770 01' });
    standIn.control.changeOrg(acme, { policies: { searchIndexDelayMs: 0 } });
    expect(await ask('+49752577001')).toMatchObject({
      found: { reason: 'matched', object: 'Lead', recordId: id, extension: '201' },
      calls: 3,
    });
  });

  it('passes over converted leads', async () => {
    put('Lead', { LastName: 'Alt', Company: 'Alt', Phone: '07525 77002', IsConverted: true });
    expect(await ask('+49752577002')).toMatchObject({ found: { reason: 'no-match' } });
  });

  it('finds the main number of the company of a direct-dial number', async () => {
    const [id] = put('Account', { Name: 'Hauptnummer', Phone: '07525 880-0' });
    standIn.control.changeOrg(acme, { policies: { searchIndexDelayMs: 0 } });
    expect(await ask('+4975258801')).toMatchObject({ found: { object: 'Account', recordId: id } });
  });

  it('finds every notation of the matching table, and no stranger, in the country of its phone system', async () => {
    standIn.control.changeOrg(acme, { policies: { searchIndexDelayMs: 0 } });
    const owner = ownerOf('Contact', demoRecords.direct.id);
    const rows = matchingTable.filter(
      ({ country, how, rules }) =>
        how === 'E.164' && rules === undefined && ['GB', 'US', 'IT', 'FR', 'DK'].includes(country),
    );
    expect(rows.length).toBeGreaterThan(200);
    const wrong: unknown[] = [];
    for (const row of rows) {
      const [id = ''] = put('Contact', { LastName: 'Zeile', OtherPhone: row.stored, OwnerId: owner });
      const { found, calls } = await ask(row.arrives, { country: row.country, steps: [step('Contact', 'OtherPhone')] });
      standIn.control.changeOrg(acme, { delete: [id] });
      const reason = 'reason' in found ? found.reason : found.answer;
      if (reason !== (row.expected === 'miss' ? 'no-match' : 'matched') || calls > 2)
        wrong.push({ ...row, found, calls });
    }
    expect(wrong).toEqual([]);
  });

  it('goes on without an object that Salesforce does not know, but does not call that a miss', async () => {
    const withUnknown = [step('Nope__c', 'Phone'), ...steps];
    expect(await ask(demoRecords.direct.call, { steps: withUnknown })).toMatchObject({ found: { reason: 'matched' } });
    expect(await ask(demoRecords.unknown.call, { steps: withUnknown })).toMatchObject({
      found: { kind: 'failure', answer: 'INVALID_TYPE', retryable: false },
    });
  });
});

describe('a field of ids', () => {
  const byId = (as: 'id' | 'text'): LookupStep => ({
    ...step('Contact', 'Id'),
    search: { by: 'ivr', as, leadingZerosTo: 0 },
  });

  it('is asked for an id, and not at all for anything else, which Salesforce would refuse', async () => {
    const { id, ownerExtension } = demoRecords.direct;
    for (const ivrId of [id, id.slice(0, 15)]) {
      expect(await ask({ ivrId }, { steps: [byId('id')] })).toMatchObject({
        found: { reason: 'matched', recordId: id, extension: ownerExtension },
        calls: 1,
      });
    }
    expect(await ask({ ivrId: '1002' }, { steps: [byId('id')] })).toEqual({
      found: { reason: 'no-match', matches: 0 },
      calls: 0,
    });
    expect(await ask({ ivrId: '1002' }, { steps: [byId('text')] })).toMatchObject({
      found: { kind: 'failure', cause: 'request-refused' },
    });
  });
});

describe('a step that Salesforce refuses', () => {
  const broken = (value: string): LookupStep => ({
    ...step('Contact', 'Phone'),
    filters: [{ field: 'CreatedDate', type: 'datetime', operator: 'greater', value }],
  });

  it.each([
    ['cannot be made a query of', broken('2026-02-30T10:00:00Z'), 'INVALID_QUESTION'],
    ['names a field that is gone', step('Contact', 'Gone__c'), 'INVALID_FIELD'],
  ])('and that %s takes no others down, and is named', async (_, refusing, answer) => {
    expect(await ask(demoRecords.direct.call, { steps: [refusing, ...steps] })).toMatchObject({
      found: { reason: 'matched', recordId: demoRecords.direct.id, refused: { answer, step: 0 } },
      calls: 1,
    });
    expect(await ask(demoRecords.unknown.call, { steps: [...steps, refusing] })).toMatchObject({
      found: { kind: 'failure', cause: 'request-refused', answer, retryable: false },
      calls: 2,
    });
  });
});

describe('findRecord while the stand-in is in trouble', () => {
  it.each([
    ['unauthorized', { kind: 'token' }],
    ['error-500', { kind: 'failure', retryable: true }],
    ['html-503', { kind: 'failure', retryable: true }],
    ['too-many-429', { kind: 'failure', cause: 'api-limit-reached', retryable: true }],
    ['quota', { kind: 'failure', cause: 'api-limit-reached', retryable: false }],
    ['cut-body', { kind: 'failure', retryable: true }],
    ['reset', { kind: 'failure', retryable: true }],
    ['malformed-json', { kind: 'failure', answer: 'malformed', retryable: true }],
    ['huge', { kind: 'failure', answer: 'too-large', retryable: false }],
    ['slow-headers', { kind: 'failure', cause: 'salesforce-slow', answer: 'aborted' }],
    ['slow-body', { kind: 'failure', cause: 'salesforce-slow', answer: 'aborted' }],
    ['drip', { kind: 'failure', cause: 'salesforce-slow', answer: 'aborted' }],
    ['refuse', { kind: 'failure', cause: 'salesforce-unreachable', retryable: true }],
  ] as const)('tells %s as what it is and is right again afterwards', async (fault, failure) => {
    await standIn.control.addFault({ fault, org: acme });
    const startedAt = performance.now();
    const { found } = await ask(demoRecords.direct.call, { limitMs: fault === 'huge' ? 10_000 : 1_500 });
    expect(performance.now() - startedAt).toBeLessThan(fault === 'huge' ? 11_000 : 2_500);
    expect(found).toMatchObject(failure);
    await standIn.control.clearFaults();
    expect(await ask(demoRecords.direct.call)).toMatchObject({ found: { reason: 'matched' } });
  });
});
