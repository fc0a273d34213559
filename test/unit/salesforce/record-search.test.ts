import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStandIn, type StandIn } from '../../../src/local/salesforce/server.ts';
import type {
  FoundRecord,
  RecordQuestion,
  RecordSearch,
  SalesforceFailure,
  SalesforceSession,
} from '../../../src/ports.ts';
import { createSalesforceData } from '../../../src/salesforce/data.ts';
import { createSalesforceHttp } from '../../../src/salesforce/http.ts';
import { createRecordSearch } from '../../../src/salesforce/record-search.ts';
import { unaskedData } from '../../../src/salesforce/unasked-data.ts';
import { FakeRecordSearch } from '../../support/fakes/record-search.ts';
import { acme, connect } from '../stand-in/oauth-browser.ts';

/** What every RecordSearch does; the fake that the use case is tested with must do the same as the adapter. */

const question = (object: string, ...fields: string[]): RecordQuestion => ({
  object,
  fields,
  only: [],
  filters: [],
  order: [],
  wanted: [],
  users: ['OwnerId'],
  userFields: ['Extension'],
});
const contact = question('Contact', 'Phone', 'OtherPhone');
const lead = question('Lead', 'Phone');
const idsOf = (found: readonly (readonly FoundRecord[])[]) =>
  found.map((records) => records.map(({ id }) => id).sort());

interface Subject {
  readonly search: RecordSearch;
  readonly session: SalesforceSession;
  /** Id of a user with extension 201 who owns what `put` stores. */
  readonly userId: string;
  readonly userName: string;
  put(object: string, values: Readonly<Record<string, string>>): string;
  /** Users of the same name, one for each. */
  putUsers(name: string, ...areActive: readonly boolean[]): readonly string[];
}

const session: SalesforceSession = { orgId: acme, instanceUrl: 'https://acme.example', accessToken: 't', version: 1 };

function fakeSubject(): Subject {
  const search = new FakeRecordSearch();
  const owner = { kind: 'user', id: '005A', isActive: true, fields: { Extension: '201' } } as const;
  search.putUser('Vera Vertrag', owner);
  return {
    search,
    session,
    userId: '005A',
    userName: 'Vera Vertrag',
    put(object, values) {
      const record: FoundRecord = {
        object,
        id: `${object}-${search.records.length}`,
        values,
        rank: ['2026-11-23T09:00:00.000+0000'],
        users: { OwnerId: owner },
      };
      search.records.push(record);
      return record.id;
    },
    putUsers: (name, ...areActive) =>
      areActive.map((isActive, index) => {
        const id = `005${name}${index}`;
        search.putUser(name, { kind: 'user', id, isActive, fields: {} });
        return id;
      }),
  };
}

const http = createSalesforceHttp();
let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn({ port: 0 });
  standIn.control.changeOrg(acme, { policies: { searchIndexDelayMs: 0 } });
});
afterAll(async () => {
  await http.close();
  await standIn.close();
});

async function adapterSubject(): Promise<Subject> {
  const { accessToken, instanceUrl } = await connect(standIn);
  const user = standIn.control.list(acme, 'User').find((each) => each['Extension'] === '201');
  const userId = user?.Id ?? '';
  return {
    search: createRecordSearch(createSalesforceData({ http, apiVersion: '67.0' })),
    session: { ...session, instanceUrl, accessToken },
    userId,
    userName: String(user?.['Name']),
    put(object, values) {
      const row = { LastName: 'Vertrag', ...(object === 'Lead' && { Company: 'Vertrag' }), OwnerId: userId, ...values };
      return standIn.control.changeOrg(acme, { upsert: { [object]: [row] } }).upserted[object]?.[0] ?? '';
    },
    putUsers: (name, ...areActive) =>
      areActive.map((isActive, index) => {
        const [FirstName, LastName] = name.split(' ');
        const Username = `${name.replace(' ', '.')}.${index}@acme.example`;
        const row = { ...user, Id: undefined, FirstName, LastName, Name: name, Username, IsActive: isActive };
        return standIn.control.changeOrg(acme, { upsert: { User: [row] } }).upserted['User']?.[0] ?? '';
      }),
  };
}

describe.each([
  ['the fake', async () => fakeSubject()],
  ['the adapter', adapterSubject],
] as const)('RecordSearch: %s', (_, make) => {
  let subject: Subject;
  const call = () => ({ session: subject.session, signal: AbortSignal.timeout(10_000) });
  beforeAll(async () => {
    subject = await make();
  });

  it('finds by value what is exactly one of the values, in any of the fields and objects, and nothing else', async () => {
    const ids = [
      subject.put('Contact', { Phone: '07525 66001' }),
      subject.put('Contact', { OtherPhone: '+49752566001' }),
      subject.put('Lead', { Phone: '07525 66001' }),
    ];
    subject.put('Contact', { Phone: '07525 66001 x1' });
    subject.put('Contact', { MobilePhone: '07525 66001' });
    const values = ['07525 66001', '+49752566001'];
    const found = await subject.search.byValues(
      [
        { question: contact, values },
        { question: lead, values },
      ],
      call(),
    );
    if (!found.ok) throw new Error(found.failure.answer);
    const records = found.value.map((result) => (result.ok ? result.value : []));
    expect(idsOf(records)).toEqual([ids.slice(0, 2).sort(), ids.slice(2)]);
    for (const { users, rank } of records.flat()) {
      expect(users).toEqual({
        OwnerId: { kind: 'user', id: subject.userId, isActive: true, fields: { Extension: '201' } },
      });
      expect(rank).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\dT/)]);
    }
  });

  it('finds by digits whatever the punctuation and prefix', async () => {
    const ids = [
      subject.put('Contact', { Phone: '(07525) 6-60-02' }),
      subject.put('Contact', { Phone: '+49 7525 66002' }),
    ];
    const other = question('Contact', 'Phone', 'MobilePhone');
    const found = await subject.search.byDigits([contact, lead, other], ['752566002'], call());
    if (!found.ok) throw new Error(found.failure.answer);
    expect(idsOf(found.value)).toEqual([[...ids].sort(), [], [...ids].sort()]);
  });

  it('tells a user by id or name, and that there is none', async () => {
    const { userId, userName } = subject;
    for (const by of [{ id: userId }, { name: userName }]) {
      expect(await subject.search.user(by, ['Extension'], call())).toMatchObject({
        ok: true,
        value: { kind: 'user', id: userId, isActive: true, fields: { Extension: '201' } },
      });
    }
    for (const by of [{ id: '005000000000000AAA' }, { name: 'Nobody at all' }]) {
      expect(await subject.search.user(by, ['Extension'], call())).toMatchObject({ ok: true, value: undefined });
    }
  });

  it('tells the active one of a name, that there is none active, and nobody where several are', async () => {
    const named = async (name: string) => {
      const answer = await subject.search.user({ name }, [], call());
      if (!answer.ok) throw new Error(answer.failure.answer);
      return answer.value;
    };
    const [, active] = subject.putUsers('Uta Einmal', false, true, false);
    expect(await named('uta einmal')).toMatchObject({ kind: 'user', id: active, isActive: true });
    const [inactive] = subject.putUsers('Udo Fort', false);
    expect(await named('Udo Fort')).toMatchObject({ kind: 'user', id: inactive, isActive: false });
    subject.putUsers('Ute Doppelt', true, true);
    expect(await named('Ute Doppelt')).toBeUndefined();
  });
});

describe('questions that need more queries than one call has room for', () => {
  const objects = ['Contact', 'Lead', 'Account', 'Case'];
  const fields = Array.from({ length: 12 }, (_, n) => `Phone_Number_${n}__c`);
  const values = Array.from({ length: 90 }, (_, n) => `+49 7525 ${n + 100_000}`);
  const asked = objects.map((object) => ({ question: question(object, ...fields), values }));
  /** Finds one record by each query, which names its object; `refused` of an object is what its last query gets. */
  const searchWith = (calls: number[], refused?: string) =>
    createRecordSearch({
      ...unaskedData,
      async queries(_, soql) {
        calls.push(soql.length);
        const value = soql.map((query) => {
          const text = typeof query === 'string' ? query : query.soql;
          const object = / FROM (\w+) /.exec(text)?.[1] ?? '';
          const isLast = text.includes(values.at(-1) ?? '');
          return object === refused && isLast
            ? ({ ok: false, failure } as const)
            : ({ ok: true, value: [{ Id: `${object} ${isLast}` }], apiUsage: undefined } as const);
        });
        return { ok: true, value, apiUsage: { used: calls.length, max: 100 } };
      },
    });
  const failure = {
    kind: 'failure',
    cause: 'request-refused',
    answer: 'INVALID_FIELD',
    retryable: false,
  } as const satisfies SalesforceFailure;
  const answersOf = async (search: RecordSearch) => {
    const found = await search.byValues(asked, { session, signal: AbortSignal.timeout(1_000) });
    if (!found.ok) throw new Error(found.failure.answer);
    return found;
  };

  it('are asked in several calls, and each gets its own records together', async () => {
    const calls: number[] = [];
    const { value, apiUsage } = await answersOf(searchWith(calls));
    expect(calls.length).toBeGreaterThan(1);
    expect(Math.max(...calls)).toBe(5);
    expect(apiUsage).toEqual({ used: calls.length, max: 100 });
    for (const [position, result] of value.entries()) {
      const ids = result.ok ? result.value.map(({ id }) => id) : [];
      expect(ids.length).toBeGreaterThan(1);
      expect(new Set(ids)).toEqual(new Set([`${objects[position] ?? ''} false`, `${objects[position] ?? ''} true`]));
    }
  });

  it('are refused where one of their queries is, and the others not', async () => {
    const { value } = await answersOf(searchWith([], 'Account'));
    expect(value.map((result) => result.ok)).toEqual([true, true, false, true]);
  });
});
