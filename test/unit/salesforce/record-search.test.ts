import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStandIn, type StandIn } from '../../../src/local/salesforce/server.ts';
import type { FoundRecord, RecordSearch, SalesforceSession } from '../../../src/ports.ts';
import { createSalesforceData } from '../../../src/salesforce/data.ts';
import { createSalesforceHttp } from '../../../src/salesforce/http.ts';
import { createRecordSearch } from '../../../src/salesforce/record-search.ts';
import { FakeRecordSearch } from '../../support/fakes/record-search.ts';
import { acme, connect } from '../stand-in/oauth-browser.ts';

/** What every RecordSearch does; the fake that the use case is tested with must do the same as the adapter. */

const contact = { object: 'Contact', fields: ['Phone', 'OtherPhone'], ownerFields: ['Extension'] };
const lead = { object: 'Lead', fields: ['Phone'], ownerFields: ['Extension'] };

interface Subject {
  readonly search: RecordSearch;
  readonly session: SalesforceSession;
  /** Id of a user with extension 201 who owns what `put` stores. */
  readonly userId: string;
  put(object: string, values: Readonly<Record<string, string>>): string;
}

const session: SalesforceSession = { orgId: acme, instanceUrl: 'https://acme.example', accessToken: 't', version: 1 };

function fakeSubject(): Subject {
  const search = new FakeRecordSearch();
  const owner = { kind: 'user', isActive: true, fields: { Extension: '201' } } as const;
  search.users.set('005A', owner);
  return {
    search,
    session,
    userId: '005A',
    put(object, values) {
      const record: FoundRecord = {
        object,
        id: `${object}-${search.records.length}`,
        lastModifiedAtMs: 1,
        values,
        owner,
      };
      search.records.push(record);
      return record.id;
    },
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
  const userId = standIn.control.list(acme, 'User').find((user) => user['Extension'] === '201')?.Id ?? '';
  return {
    search: createRecordSearch(createSalesforceData({ http, apiVersion: '67.0' })),
    session: { ...session, instanceUrl, accessToken },
    userId,
    put(object, values) {
      const row = { LastName: 'Vertrag', ...(object === 'Lead' && { Company: 'Vertrag' }), OwnerId: userId, ...values };
      return standIn.control.changeOrg(acme, { upsert: { [object]: [row] } }).upserted[object]?.[0] ?? '';
    },
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
    const found = await subject.search.byValues([contact, lead], ['07525 66001', '+49752566001'], call());
    if (!found.ok) throw new Error(found.failure.answer);
    expect(found.value.records.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(found.value.refused).toEqual([]);
    for (const { owner } of found.value.records)
      expect(owner).toEqual({ kind: 'user', isActive: true, fields: { Extension: '201' } });
  });

  it('finds by digits whatever the punctuation and prefix', async () => {
    const ids = [
      subject.put('Contact', { Phone: '(07525) 6-60-02' }),
      subject.put('Contact', { Phone: '+49 7525 66002' }),
    ];
    const found = await subject.search.byDigits([contact], ['752566002'], call());
    if (!found.ok) throw new Error(found.failure.answer);
    expect(found.value.records.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  it('tells a user by id, and that there is none', async () => {
    expect(await subject.search.user(subject.userId, ['Extension'], call())).toMatchObject({
      ok: true,
      value: { kind: 'user', isActive: true, fields: { Extension: '201' } },
    });
    expect(await subject.search.user('005000000000000AAA', ['Extension'], call())).toMatchObject({
      ok: true,
      value: undefined,
    });
  });
});
