import { beforeEach, describe, expect, it } from 'vitest';
import type { DialingRules } from '../../../src/domain/dialing-rules.ts';
import type { LookupStep } from '../../../src/domain/lookup.ts';
import { defaultDialingRules } from '../../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../../src/phone-numbers/read-number.ts';
import type { FoundRecord, RecordOwner, SalesforceFailure } from '../../../src/ports.ts';
import { createFindRecord, type FindRecordEvent, type FindRecordOutcome } from '../../../src/use-cases/find-record.ts';
import { FakeRecordSearch } from '../../support/fakes/record-search.ts';

const german = defaultDialingRules('DE');
const session = {
  orgId: '00DA0000000BhM2MAK',
  instanceUrl: 'https://acme.my.salesforce.com',
  accessToken: 't',
  version: 1,
};
const step = (object: string, ...fields: string[]): LookupStep => ({
  object,
  fields,
  extensionOf: 'owner',
  extensionField: 'Extension',
});
const steps = [step('Contact', 'Phone', 'MobilePhone'), step('Lead', 'Phone'), step('Account', 'Phone')];
const owner = (extension?: string, isActive = true): RecordOwner => ({
  kind: 'user',
  isActive,
  fields: { Extension: extension },
});

function record(object: string, id: string, phone: string, more: Partial<FoundRecord> = {}): FoundRecord {
  return { object, id, lastModifiedAtMs: 1_000, values: { Phone: phone }, owner: owner('201'), ...more };
}

let search: FakeRecordSearch;
beforeEach(() => {
  search = new FakeRecordSearch();
});

function find(
  arrives = '+49752543312',
  { rules = german, events }: { rules?: DialingRules; events?: FindRecordEvent[] } = {},
): Promise<FindRecordOutcome> {
  return createFindRecord(search)({
    number: readNumber(arrives, rules),
    rules,
    steps,
    session,
    signal: AbortSignal.timeout(5_000),
    ...(events && { observe: (event) => void events.push(event) }),
  });
}
async function finding(...parameters: Parameters<typeof find>): Promise<unknown> {
  const outcome = await find(...parameters);
  return outcome.ok ? outcome.finding : outcome.failure;
}

describe('findRecord', () => {
  it.each([
    ['anonymous', 'withheld'],
    ['', 'withheld'],
    ['101', 'no-match'],
    ['asdf', 'invalid-number'],
  ])('answers %j by %s without asking Salesforce', async (arrives, reason) => {
    search.records = [record('Contact', '003A', arrives)];
    expect(await finding(arrives)).toEqual({ reason, matches: 0 });
    expect(search.calls).toEqual([]);
  });

  it('gives the extension of the owner with one call when an exact spelling is stored', async () => {
    search.records = [record('Contact', '003A', '07525/43312')];
    expect(await find()).toEqual({
      ok: true,
      finding: { reason: 'matched', matches: 1, extension: '201', recordId: '003A', object: 'Contact' },
      apiUsage: { used: 1, max: 100 },
    });
    expect(search.calls).toEqual(['values']);
  });

  it('finds any other notation by its digits with a second call', async () => {
    search.records = [record('Contact', '003A', '+49 75 25 / 433 12')];
    expect(await finding()).toMatchObject({ reason: 'matched', recordId: '003A' });
    expect(search.calls).toEqual(['values', 'digits']);
  });

  it('finds a record that the search index has not taken in yet', async () => {
    search.records = [record('Contact', '003A', '+49 7525 43312')];
    search.indexed = [];
    expect(await finding()).toMatchObject({ reason: 'matched' });
  });

  it('answers no-match after two calls when nobody has the number', async () => {
    search.records = [record('Contact', '003A', '+49 7525 43313')];
    expect(await finding()).toEqual({ reason: 'no-match', matches: 0 });
    expect(search.calls).toEqual(['values', 'digits']);
  });

  it('takes no row whose digits differ, whatever the index returns', async () => {
    // The index finds it under the ending of its digits.
    search.records = [record('Contact', '003A', '+43 1 752543312')];
    expect(await finding()).toEqual({ reason: 'no-match', matches: 0 });
  });

  it('looks only at the fields of a step', async () => {
    search.records = [record('Lead', '00QA', '', { values: { MobilePhone: '+49752543312' } })];
    expect(await finding()).toMatchObject({ reason: 'no-match' });
  });

  it('prefers the first step in the administrator’s order, whatever was modified last', async () => {
    search.records = [
      record('Account', '001A', '0752543312', { lastModifiedAtMs: 9_000 }),
      record('Lead', '00QA', '0752543312', { lastModifiedAtMs: 8_000 }),
      record('Contact', '003A', '0752543312'),
    ];
    expect(await finding()).toMatchObject({ reason: 'matched', matches: 1, object: 'Contact' });
    search.records.pop();
    expect(await finding()).toMatchObject({ reason: 'matched', matches: 1, object: 'Lead' });
  });

  it('says how many records share the number and takes the one modified last, then the lowest id', async () => {
    search.records = [
      record('Contact', '003C', '07525 43312', { owner: owner('203') }),
      record('Contact', '003B', '+49752543312', { lastModifiedAtMs: 2_000, owner: owner('202') }),
      record('Contact', '003A', '0752543312', { lastModifiedAtMs: 2_000, owner: owner('201') }),
    ];
    const several = { reason: 'matched-several', matches: 3, extension: '201', recordId: '003A' };
    expect(await finding()).toMatchObject(several);
    search.records.reverse();
    expect(await finding()).toMatchObject(several);
  });

  it('counts a record once, though two of its fields match', async () => {
    search.records = [
      record('Contact', '003A', '0752543312', { values: { Phone: '0752543312', MobilePhone: '+49752543312' } }),
    ];
    expect(await finding()).toMatchObject({ reason: 'matched', matches: 1 });
  });

  it.each<readonly [string, RecordOwner, object]>([
    ['a queue', { kind: 'queue' }, { reason: 'no-extension', matches: 1 }],
    ['a user without extension', owner(undefined), { reason: 'no-extension', matches: 1 }],
    ['an inactive user', owner('201', false), { reason: 'owner-inactive', matches: 1 }],
  ])('gives no extension when the owner is %s', async (_, of, expected) => {
    search.records = [record('Lead', '00QA', '0752543312', { owner: of })];
    const found = await finding();
    expect(found).toMatchObject({ ...expected, recordId: '00QA' });
    expect(found).not.toHaveProperty('extension');
  });

  it('asks for the user when the search could tell only the id of the owner', async () => {
    search.users.set('005A', owner('207'));
    search.records = [record('Lead', '00QA', '+49 75 25 433 12', { owner: { kind: 'user-id-only', userId: '005A' } })];
    expect(await finding()).toMatchObject({ reason: 'matched', extension: '207' });
    expect(search.calls).toEqual(['values', 'digits', 'user']);
    search.users.clear();
    expect(await finding()).toMatchObject({ reason: 'no-extension' });
  });

  describe('with the main number of the caller’s company', () => {
    const main = record('Account', '001A', '07525 433-0', { owner: owner('300') });

    it('takes it when the caller’s own number is nowhere', async () => {
      search.records = [main];
      expect(await finding()).toMatchObject({ reason: 'matched', extension: '300' });
      expect(search.calls).toEqual(['values', 'digits']);
    });

    it('prefers the caller’s own number in a later step, however that is stored', async () => {
      search.records = [record('Contact', '003M', '07525 433-0'), record('Account', '001B', '+49 75 25 433 12')];
      expect(await finding()).toMatchObject({ recordId: '001B' });
    });

    it('takes it also when the search for the own number fails', async () => {
      search.records = [main];
      search.failures.digits = { kind: 'failure', cause: 'salesforce-error', answer: 'HTTP 503', retryable: true };
      expect(await finding()).toMatchObject({ reason: 'matched', extension: '300' });
    });

    it('does not, where the rules cut no digits', async () => {
      search.records = [main];
      expect(await finding('+49752543312', { rules: { ...german, ddiDigits: 0 } })).toMatchObject({
        reason: 'no-match',
      });
    });
  });

  describe('in trouble', () => {
    const away: SalesforceFailure = { kind: 'failure', cause: 'salesforce-error', answer: 'HTTP 503', retryable: true };
    const denied: SalesforceFailure = {
      kind: 'failure',
      cause: 'request-refused',
      answer: 'INVALID_TYPE',
      retryable: false,
    };

    it.each(['values', 'digits'] as const)('tells the failure of the call by %s', async (call) => {
      search.failures[call] = away;
      expect(await find()).toEqual({ ok: false, failure: away });
    });

    it('tells the failure of the question for the owner', async () => {
      search.records = [record('Lead', '00QA', '0752543312', { owner: { kind: 'user-id-only', userId: '005A' } })];
      search.failures.user = away;
      expect(await find()).toEqual({ ok: false, failure: away });
    });

    it('goes on without an object that is refused for good, but never says no-match', async () => {
      search.refused = [{ object: 'Lead', failure: denied }];
      search.records = [record('Account', '001A', '0752543312')];
      expect(await finding()).toMatchObject({ reason: 'matched', object: 'Account' });
      search.records = [];
      expect(await find()).toEqual({ ok: false, failure: denied });
    });

    it('asks again when an object that comes first failed for the moment', async () => {
      search.records = [record('Account', '001A', '0752543312')];
      search.refused = [{ object: 'Contact', failure: away }];
      expect(await find()).toEqual({ ok: false, failure: away });
    });

    it('does not wait for an object that comes after the match', async () => {
      search.records = [record('Contact', '003A', '0752543312')];
      search.refused = [{ object: 'Account', failure: away }];
      expect(await finding()).toMatchObject({ reason: 'matched', object: 'Contact' });
    });
  });

  it('tells an observer what was asked and why each record won or did not', async () => {
    search.records = [
      record('Contact', '003A', '0752543312'),
      record('Contact', '003B', '0752543312', { lastModifiedAtMs: 2_000 }),
      record('Lead', '00QA', '0752543312'),
      record('Account', '001A', '07525 433-0'),
    ];
    const events: FindRecordEvent[] = [];
    await find('+49752543312', { events });
    expect(events).toEqual([
      { kind: 'answered', call: 'values', rows: 4 },
      { kind: 'judged', object: 'Contact', recordId: '003A', verdict: 'also-matches' },
      { kind: 'judged', object: 'Contact', recordId: '003B', verdict: 'winner' },
      { kind: 'judged', object: 'Lead', recordId: '00QA', verdict: 'later-step' },
      { kind: 'judged', object: 'Account', recordId: '001A', verdict: 'main-number' },
    ]);
  });
});
