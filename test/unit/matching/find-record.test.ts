import { beforeEach, describe, expect, it } from 'vitest';
import type { DialingRules } from '../../../src/domain/dialing-rules.ts';
import { newStep, withoutExtension, type LookupStep } from '../../../src/domain/lookup-step.ts';
import type { Question } from '../../../src/domain/lookup.ts';
import { defaultDialingRules } from '../../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../../src/phone-numbers/read-number.ts';
import type { ExtensionMap, FoundRecord, RecordUser, SalesforceFailure } from '../../../src/ports.ts';
import { createFindRecord, type FindRecordEvent, type FindRecordOutcome } from '../../../src/use-cases/find-record.ts';
import { readQuestion } from '../../../src/use-cases/read-question.ts';
import { noExtensions } from '../../support/fakes/lookups.ts';
import { FakeRecordSearch } from '../../support/fakes/record-search.ts';

const german = defaultDialingRules('DE');
const session = {
  orgId: '00DA0000000BhM2MAK',
  instanceUrl: 'https://acme.my.salesforce.com',
  accessToken: 't',
  version: 1,
};
const step = (object: string, ...fields: string[]): LookupStep => newStep(object, fields);
const steps = [step('Contact', 'Phone', 'MobilePhone'), step('Lead', 'Phone'), step('Account', 'Phone')];
const owner = (extension?: string, isActive = true): Extract<RecordUser, { kind: 'user' }> => ({
  kind: 'user',
  id: `005${extension ?? ''}`,
  isActive,
  fields: { Extension: extension },
});

interface Row extends Omit<FoundRecord, 'rank' | 'users'> {
  readonly lastModifiedAtMs: number;
  readonly owner: RecordUser;
}

function record(object: string, id: string, phone: string, more: Partial<Row> = {}): FoundRecord {
  const row: Row = { object, id, lastModifiedAtMs: 1_000, values: { Phone: phone }, owner: owner('201'), ...more };
  return {
    object,
    id,
    values: row.values,
    rank: [new Date(row.lastModifiedAtMs).toISOString()],
    users: { OwnerId: row.owner },
  };
}

let search: FakeRecordSearch;
beforeEach(() => {
  search = new FakeRecordSearch();
});

type ToldEvent = Readonly<Record<string, unknown>>;

/** What whoever asks is told of an event. */
function toldBy(event: FindRecordEvent): readonly ToldEvent[] {
  if (event.kind === 'answered') return [{ ...event, rows: event.rows() }];
  if (event.kind !== 'judged') return [event];
  return event
    .records()
    .map(({ step, record: { object, id }, verdict }) => ({ kind: event.kind, step, object, recordId: id, verdict }));
}

interface Options {
  readonly rules?: DialingRules;
  readonly events?: ToldEvent[];
  readonly steps?: readonly LookupStep[];
  readonly extensions?: ExtensionMap;
}

async function find(arrives: string | Question = '+49752543312', options: Options = {}): Promise<FindRecordOutcome> {
  const { rules = german, events } = options;
  const told: FindRecordEvent[] = [];
  const outcome = await createFindRecord(search)({
    question: readQuestion(typeof arrives === 'string' ? { callerId: arrives } : arrives, (sent) =>
      readNumber(sent, rules),
    ),
    rules,
    steps: options.steps ?? steps,
    extensions: options.extensions ?? noExtensions,
    session,
    signal: AbortSignal.timeout(5_000),
    ...(events && { observe: (event) => void told.push(event) }),
  });
  // A lookup is explained when its caller has the answer.
  events?.push(...told.flatMap(toldBy));
  return outcome;
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

  it.each<readonly [Question, string]>([
    [{ callerId: '', calledId: '+49752543312' }, 'withheld'],
    [{ callerId: 'anonymous', calledId: '+49752543312' }, 'withheld'],
    [{ callerId: 'sip:anonymous@anonymous.invalid', calledId: '+49752543312' }, 'withheld'],
    [{ callerId: '', calledId: '+49752543312', ivrId: '' }, 'withheld'],
    [{ callerId: '101', calledId: '+49752543312' }, 'no-match'],
    [{ callerId: 'asdf', calledId: '+49752543312' }, 'invalid-number'],
  ])('does not take the number called for the caller’s: %j by %s', async (arrives, reason) => {
    search.records = [record('Account', '001A', '+49752543312')];
    expect(await finding(arrives)).toEqual({ reason, matches: 0 });
    expect(search.calls).toEqual([]);
  });

  it('takes the number called where no caller’s was sent, and where a step asks for it', async () => {
    search.records = [record('Account', '001A', '+49752543312')];
    expect(await finding({ calledId: '+49752543312' })).toMatchObject({ reason: 'matched', recordId: '001A' });
    const byCalled: LookupStep = { ...step('Account', 'Phone'), search: { by: 'called' } };
    expect(await finding({ callerId: '', calledId: '+49752543312' }, { steps: [byCalled] })).toMatchObject({
      recordId: '001A',
    });
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

  it.each<readonly [string, RecordUser, object]>([
    ['a queue', { kind: 'none' }, { reason: 'no-extension', matches: 1 }],
    ['a user without extension', owner(undefined), { reason: 'no-extension', matches: 1 }],
    ['an inactive user', owner('201', false), { reason: 'owner-inactive', matches: 1 }],
  ])('gives no extension when the owner is %s', async (_, of, expected) => {
    search.records = [record('Lead', '00QA', '0752543312', { owner: of })];
    const found = await finding();
    expect(found).toMatchObject({ ...expected, recordId: '00QA' });
    expect(found).not.toHaveProperty('extension');
  });

  it.each(['2\r\n01', 'ask Ada', '201,202', '2'.repeat(41)])(
    'takes no extension from Salesforce that cannot be rung, and goes on with the next step: %j',
    async (stored) => {
      const fromRecord: LookupStep = { ...step('Contact', 'Phone'), extension: { from: 'record', field: 'Fax' } };
      search.records = [
        record('Contact', '003A', '0752543312', {
          values: { Phone: '0752543312', Fax: stored },
          owner: owner(stored),
        }),
      ];
      expect(await finding()).toMatchObject({ reason: 'no-extension', matches: 1 });
      expect(await finding('+49752543312', { steps: [fromRecord] })).toMatchObject({ reason: 'no-extension' });
      search.records.push(record('Lead', '00QA', '0752543312', { owner: owner('ada.example') }));
      expect(await finding()).toMatchObject({ reason: 'matched', recordId: '00QA', extension: 'ada.example' });
    },
  );

  it('asks for the user when the search could tell only the id of the owner', async () => {
    search.users.set('005A', owner('207'));
    search.records = [record('Lead', '00QA', '+49 75 25 433 12', { owner: { kind: 'user-id-only', id: '005A' } })];
    expect(await finding()).toMatchObject({ reason: 'matched', extension: '207' });
    expect(search.calls).toEqual(['values', 'digits', 'user']);
    search.users.clear();
    expect(await finding()).toMatchObject({ reason: 'no-extension' });
  });

  describe('asks for the digits, too,', () => {
    const odd = '+49 75 25 / 433 12';
    const several: LookupStep = { ...step('Contact', 'Phone'), whenSeveral: 'answer-several' };

    it('when no record in a likely spelling yields an answer, and takes whom it finds', async () => {
      search.records = [
        record('Contact', '003A', '0752543312', { owner: owner(undefined) }),
        record('Account', '001A', odd, { owner: owner('300') }),
      ];
      expect(await finding()).toMatchObject({ reason: 'matched', extension: '300', recordId: '001A' });
      expect(search.calls).toEqual(['values', 'digits']);
    });

    it('and still says why the first match has no answer when nobody else is found', async () => {
      search.records = [record('Lead', '00QA', '0752543312', { owner: { kind: 'none' } })];
      expect(await finding()).toEqual({ reason: 'no-extension', matches: 1, recordId: '00QA', object: 'Lead' });
      expect(search.calls).toEqual(['values', 'digits']);
    });

    it('and asks for the owner of a record only once', async () => {
      search.users.set('005A', owner(undefined));
      search.records = [record('Lead', '00QA', '0752543312', { owner: { kind: 'user-id-only', id: '005A' } })];
      expect(await finding()).toMatchObject({ reason: 'no-extension' });
      expect(search.calls).toEqual(['values', 'user', 'digits']);
    });

    it('when a step that answers several has exactly one record in a likely spelling', async () => {
      search.records = [record('Contact', '003A', '0752543312')];
      expect(await finding('+49752543312', { steps: [several] })).toMatchObject({
        reason: 'matched',
        extension: '201',
      });
      search.records.push(record('Contact', '003B', odd));
      expect(await finding('+49752543312', { steps: [several] })).toEqual({ reason: 'matched-several', matches: 2 });
      expect(search.calls).toEqual(['values', 'digits', 'values', 'digits']);
      search.records.push(record('Contact', '003C', '07525/43312'));
      expect(await finding('+49752543312', { steps: [several] })).toEqual({ reason: 'matched-several', matches: 2 });
      expect(search.calls.slice(4)).toEqual(['values']);
    });

    it('and then keeps to the order of the steps', async () => {
      const steps = [step('Lead', 'Phone'), several];
      search.records = [record('Contact', '003A', '0752543312'), record('Lead', '00QA', odd, { owner: owner('300') })];
      expect(await finding('+49752543312', { steps })).toMatchObject({ reason: 'matched', recordId: '00QA' });
    });

    it('but not where a later step has an answer in a likely spelling: one call tells most callers', async () => {
      search.records = [record('Contact', '003A', odd, { owner: owner('300') }), record('Lead', '00QA', '0752543312')];
      expect(await finding()).toMatchObject({ reason: 'matched', recordId: '00QA', extension: '201' });
      expect(search.calls).toEqual(['values']);
    });

    it('and, when that fails, takes the one that it has, or tells the failure', async () => {
      const away: SalesforceFailure = {
        kind: 'failure',
        cause: 'salesforce-error',
        answer: 'HTTP 503',
        retryable: true,
      };
      search.failures.digits = away;
      search.records = [record('Contact', '003A', '0752543312')];
      expect(await finding('+49752543312', { steps: [several] })).toMatchObject({
        reason: 'matched',
        extension: '201',
      });
      search.records = [record('Contact', '003A', '0752543312', { owner: owner(undefined) })];
      expect(await find()).toEqual({ ok: false, failure: away });
    });

    it('but asks again before, when a later step failed for the moment and no other has an answer', async () => {
      const away: SalesforceFailure = {
        kind: 'failure',
        cause: 'salesforce-error',
        answer: 'HTTP 503',
        retryable: true,
      };
      search.refused = [{ object: 'Account', failure: away }];
      search.records = [record('Contact', '003A', '0752543312', { owner: owner(undefined) })];
      expect(await find()).toEqual({ ok: false, failure: away, step: 2 });
      expect(search.calls).toEqual(['values']);
    });
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

    it.each([
      ['07525 4331', '07525 433'],
      ['07525 4331-0', '+49 7525 43-0'],
      ['+49 75 25 / 43 31', '07525 433-0'],
    ])('takes the longer of two, whatever was modified last: %j, not %j', async (longer, shorter) => {
      const records = [
        record('Account', '001A', longer, { owner: owner('301') }),
        record('Account', '001B', shorter, { owner: owner('302'), lastModifiedAtMs: 9_000 }),
      ];
      for (const stored of [records, records.toReversed()]) {
        search.records = stored;
        expect(await finding()).toMatchObject({ reason: 'matched', matches: 1, extension: '301', recordId: '001A' });
      }
    });

    it('takes the longest of all steps, and counts those that have it', async () => {
      search.records = [
        record('Contact', '003A', '07525 433', { owner: owner('301') }),
        record('Account', '001A', '07525 4331', { owner: owner('302') }),
        record('Account', '001B', '07525 4331-0', { owner: owner('303'), lastModifiedAtMs: 9_000 }),
      ];
      const events: ToldEvent[] = [];
      expect(await finding('+49752543312', { events })).toMatchObject({
        reason: 'matched-several',
        matches: 2,
        recordId: '001B',
      });
      expect(events.filter((event) => event['kind'] === 'judged')).toMatchObject([
        { recordId: '003A', verdict: 'main-number' },
        { recordId: '001B', verdict: 'winner' },
        { recordId: '001A', verdict: 'also-matches' },
      ]);
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
      search.records = [record('Lead', '00QA', '0752543312', { owner: { kind: 'user-id-only', id: '005A' } })];
      search.failures.user = away;
      expect(await find()).toEqual({ ok: false, failure: away, step: 1 });
    });

    it('goes on without an object that is refused for good, but never says no-match', async () => {
      search.refused = [{ object: 'Lead', failure: denied }];
      search.records = [record('Account', '001A', '0752543312')];
      expect(await finding()).toMatchObject({
        reason: 'matched',
        object: 'Account',
        refused: { answer: 'INVALID_TYPE', step: 1 },
      });
      search.records = [];
      expect(await find()).toEqual({ ok: false, failure: denied, step: 1 });
    });

    it('asks again when an object that comes first failed for the moment', async () => {
      search.records = [record('Account', '001A', '0752543312')];
      search.refused = [{ object: 'Contact', failure: away }];
      expect(await find()).toEqual({ ok: false, failure: away, step: 0 });
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
    const events: ToldEvent[] = [];
    await find('+49752543312', { events });
    expect(events).toEqual([
      { kind: 'answered', call: 'values', rows: 4 },
      { kind: 'extension', step: 0, from: 'user-field' },
      { kind: 'judged', step: 0, object: 'Contact', recordId: '003B', verdict: 'winner' },
      { kind: 'judged', step: 0, object: 'Contact', recordId: '003A', verdict: 'also-matches' },
      { kind: 'judged', step: 1, object: 'Lead', recordId: '00QA', verdict: 'later-step' },
      { kind: 'judged', step: 2, object: 'Account', recordId: '001A', verdict: 'main-number' },
    ]);
  });

  describe('with steps that ask for more', () => {
    const contact = step('Contact', 'Phone');

    it('goes on to the next step when the first has a match but no extension', async () => {
      search.records = [
        record('Contact', '003A', '0752543312', { owner: owner(undefined) }),
        record('Account', '001A', '0752543312', { owner: owner('300') }),
      ];
      const events: ToldEvent[] = [];
      expect(await finding('+49752543312', { events })).toMatchObject({ reason: 'matched', extension: '300' });
      expect(events).toContainEqual({
        kind: 'judged',
        step: 0,
        object: 'Contact',
        recordId: '003A',
        verdict: 'no-answer',
      });
      expect(search.calls).toEqual(['values']);
    });

    it('says why the first match has no extension when no step has one', async () => {
      search.records = [
        record('Contact', '003A', '0752543312', { owner: owner('201', false) }),
        record('Account', '001A', '0752543312', { owner: { kind: 'none' } }),
      ];
      expect(await finding()).toMatchObject({ reason: 'owner-inactive', recordId: '003A' });
    });

    it('answers several, without an extension, where the step says so', async () => {
      search.records = [record('Contact', '003A', '0752543312'), record('Contact', '003B', '0752543312')];
      const several = { ...contact, whenSeveral: 'answer-several' } as const;
      expect(await finding('+49752543312', { steps: [several] })).toEqual({ reason: 'matched-several', matches: 2 });
      search.records.pop();
      expect(await finding('+49752543312', { steps: [several] })).toMatchObject({
        reason: 'matched',
        extension: '201',
      });
    });

    it('orders by the fields of the step, empty ones last, then by id', async () => {
      const ranked = (id: string, ...rank: FoundRecord['rank']) => ({ ...record('Contact', id, '0752543312'), rank });
      const order = [
        { field: 'Level__c', direction: 'ascending' },
        { field: 'Name', direction: 'descending' },
      ] as const;
      const winner = async (...records: FoundRecord[]) => {
        search.records = records;
        return finding('+49752543312', { steps: [{ ...contact, order }] });
      };
      expect(await winner(ranked('003A', 10, 'B'), ranked('003B', 9, 'A'))).toMatchObject({ recordId: '003B' });
      expect(await winner(ranked('003A', undefined, 'B'), ranked('003B', 9, 'A'))).toMatchObject({ recordId: '003B' });
      expect(await winner(ranked('003A', 9, 'a'), ranked('003B', 9, 'B'))).toMatchObject({ recordId: '003B' });
      expect(await winner(ranked('003B', 9, 'B'), ranked('003A', 9, 'b'))).toMatchObject({ recordId: '003A' });
    });

    it('asks for the called number, for what was keyed in, and for a fixed value', async () => {
      search.records = [
        record('Contact', '003A', '+4975254400'),
        record('Case', '500A', '', { values: { CaseNumber: '00001002' } }),
        record('User', '005A', '', { values: { Name: 'reception' } }),
      ];
      const called = { ...contact, search: { by: 'called' } } as const;
      expect(await finding({ callerId: '+49752543312', calledId: '07525 4400' }, { steps: [called] })).toMatchObject({
        recordId: '003A',
      });
      const keyed = {
        ...step('Case', 'CaseNumber'),
        search: { by: 'ivr', as: 'text', leadingZerosTo: 8 },
      } as const;
      expect(await finding({ callerId: 'anonymous', ivrId: '1002#' }, { steps: [keyed] })).toMatchObject({
        recordId: '500A',
        matches: 1,
      });
      const fixed = { ...step('User', 'Name'), search: { by: 'fixed', value: 'Reception', as: 'text' } } as const;
      expect(await finding('anonymous', { steps: [contact, fixed] })).toMatchObject({ recordId: '005A' });
      expect(search.asked.at(-1)).toMatchObject({ question: { object: 'User' }, values: ['Reception'] });
    });

    it('compares a field of numbers with a number, and nothing with what is none', async () => {
      const keyed = {
        ...step('Account', 'Customer__c'),
        search: { by: 'ivr', as: 'number', leadingZerosTo: 0 },
      } as const;
      await finding({ ivrId: '007' }, { steps: [keyed] });
      expect(search.asked).toMatchObject([{ values: [7] }]);
      expect(await finding({ ivrId: '7 or 8' }, { steps: [keyed] })).toEqual({ reason: 'no-match', matches: 0 });
      expect(search.calls).toEqual(['values']);
    });

    it('compares a field of ids with an id, and sends nothing that has not the form of one', async () => {
      const keyed = { ...step('Case', 'AccountId'), search: { by: 'ivr', as: 'id', leadingZerosTo: 8 } } as const;
      for (const ivrId of ['1002', '001A0000000AbCd1', '001A0000000AbCdAAA', "' OR Id != null"]) {
        expect(await finding({ ivrId }, { steps: [keyed] })).toEqual({ reason: 'no-match', matches: 0 });
      }
      expect(search.calls).toEqual([]);
      await finding({ ivrId: '001A0000000AbCd' }, { steps: [keyed] });
      expect(search.asked).toMatchObject([{ values: ['001A0000000AbCdIAK'] }]);
    });

    it('does not search the index for what was keyed in', async () => {
      const keyed = { ...step('Case', 'CaseNumber'), search: { by: 'ivr', as: 'text', leadingZerosTo: 0 } } as const;
      expect(await finding({ callerId: '+49752543312', ivrId: '1002' }, { steps: [keyed] })).toMatchObject({
        reason: 'no-match',
      });
      expect(search.calls).toEqual(['values']);
    });

    it('says that the caller withheld the number when there is nothing else to search for', async () => {
      const keyed = { ...step('Case', 'CaseNumber'), search: { by: 'ivr', as: 'text', leadingZerosTo: 0 } } as const;
      expect(await finding({ callerId: 'anonymous', ivrId: '' }, { steps: [keyed, contact] })).toEqual({
        reason: 'withheld',
        matches: 0,
      });
      expect(search.calls).toEqual([]);
    });

    it('gives the chosen fields under their names, and a text for those that are empty', async () => {
      search.records = [
        record('Contact', '003A', '0752543312', { values: { Phone: '0752543312', FirstName: 'Marc' } }),
      ];
      const data = {
        ...withoutExtension(contact),
        returns: [
          { field: 'FirstName', name: 'FirstName', empty: '' },
          { field: 'Account.Name', name: 'Company', empty: 'unknown' },
        ],
      };
      expect(await finding('+49752543312', { steps: [data] })).toEqual({
        reason: 'matched',
        matches: 1,
        recordId: '003A',
        object: 'Contact',
        fields: { FirstName: 'Marc', Company: 'unknown' },
      });
      expect(search.asked[0]?.question).toMatchObject({ wanted: ['FirstName', 'Account.Name'], users: [] });
    });
  });

  describe('with an extension map', () => {
    const contact = step('Contact', 'Phone');
    const extensions: ExtensionMap = {
      ofUser: (id) => (id === '005201' ? '777' : undefined),
    };

    it('prefers it to the field of the user', async () => {
      search.records = [record('Contact', '003A', '0752543312')];
      expect(await finding('+49752543312', { extensions })).toMatchObject({ extension: '777' });
      search.records = [record('Contact', '003A', '0752543312', { owner: owner('202') })];
      expect(await finding('+49752543312', { extensions })).toMatchObject({ extension: '202' });
    });

    it('does not ring an inactive user whom it knows', async () => {
      search.records = [record('Contact', '003A', '0752543312', { owner: owner('201', false) })];
      expect(await finding('+49752543312', { extensions })).toMatchObject({ reason: 'owner-inactive' });
    });

    const named = (name: string): LookupStep => ({
      ...contact,
      extension: { from: 'user', user: { is: 'named', name }, userField: 'Extension' },
    });
    const byName = (name: string) => finding('+49752543312', { steps: [named(name)], extensions });

    it('rings a user by name once Salesforce has said that he is active, by the map or by the field', async () => {
      search.putUser('Anna Berg', owner('201'));
      search.putUser('Ben Kurz', owner('208'));
      search.records = [record('Contact', '003A', '0752543312')];
      expect(await byName(' anna berg ')).toMatchObject({ extension: '777' });
      expect(search.calls).toEqual(['values', 'user']);
      expect(await byName('Ben Kurz')).toMatchObject({ extension: '208' });
      expect(await byName('Nobody')).toMatchObject({ reason: 'no-extension' });
    });

    it('rings nobody by name who is not active, though the map knows the extension', async () => {
      search.putUser('Anna Berg', owner('201', false));
      search.records = [record('Contact', '003A', '0752543312')];
      expect(await byName('Anna Berg')).toMatchObject({ reason: 'owner-inactive', recordId: '003A' });
      search.putUser('Anna Berg', { ...owner('202'), id: '005Namesake' });
      expect(await byName('Anna Berg')).toMatchObject({ reason: 'matched', extension: '202' });
    });

    it('rings nobody by a name that two active users have', async () => {
      search.putUser('Anna Berg', owner('201'));
      search.putUser('Anna Berg', owner('202'));
      search.records = [record('Contact', '003A', '0752543312')];
      expect(await byName('Anna Berg')).toMatchObject({ reason: 'no-extension' });
    });

    it('asks for a user once, however many steps name him', async () => {
      search.putUser('Anna Berg', owner('201', false));
      search.records = [record('Contact', '003A', '0752543312'), record('Account', '001A', '0752543312')];
      const account: LookupStep = { ...named('Anna Berg'), object: 'Account' };
      expect(await finding('+49752543312', { steps: [named('Anna Berg'), account] })).toMatchObject({
        reason: 'owner-inactive',
      });
      expect(search.calls.filter((call) => call === 'user')).toEqual(['user']);
    });

    it('finds the user whose name, or the extension that, stands in a field of the record', async () => {
      search.records = [
        record('Contact', '003A', '0752543312', {
          values: { Phone: '0752543312', Agent__c: 'Anna Berg', Ext__c: '555' },
        }),
      ];
      search.putUser('Anna Berg', owner('201'));
      const by = (extension: NonNullable<LookupStep['extension']>) => ({
        steps: [{ ...contact, extension }],
        extensions,
      });
      expect(
        await finding(
          '+49752543312',
          by({ from: 'user', user: { is: 'named-in', field: 'Agent__c' }, userField: 'X' }),
        ),
      ).toMatchObject({ extension: '777' });
      expect(await finding('+49752543312', by({ from: 'record', field: 'Ext__c' }))).toMatchObject({
        extension: '555',
      });
      expect(await finding('+49752543312', by({ from: 'record', field: 'Other__c' }))).toMatchObject({
        reason: 'no-extension',
      });
    });
  });
});
