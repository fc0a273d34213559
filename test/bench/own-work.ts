import { defaultPbxLimits } from '../../src/domain/lookup.ts';
import { defaultExtensionSteps } from '../../src/domain/pbx-settings.ts';
import { readNumber } from '../../src/phone-numbers/read-number.ts';
import { createSalesforceData } from '../../src/salesforce/data.ts';
import { createRecordSearch } from '../../src/salesforce/record-search.ts';
import type { SalesforceHttp } from '../../src/salesforce/http.ts';
import { createFindRecord } from '../../src/use-cases/find-record.ts';
import { lookup, orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestPhoneApi } from '../support/phone-api.ts';

/**
 * Milliseconds of processor time for one lookup without Salesforce, Temporal and the network: token check, number reading, answer; and
 * `withQueries` also spellings, queries, reading and verifying what Salesforce sends, which is at hand at once.
 */
export async function ownWorkMs(questions: number, { withQueries = true } = {}): Promise<number> {
  const api = await createTestPhoneApi({ read: readNumber });
  const unlimited = { ...defaultPbxLimits, perSecond: 1e6, burst: 1e6 };
  const known = api.directory.pbxs.get(pbx.id);
  if (known) api.directory.pbxs.set(pbx.id, { ...known, pbx: { ...pbx, limits: unlimited } });
  api.directory.lookups.set(lookup.id, { ...lookup, steps: defaultExtensionSteps });
  const data = createSalesforceData({ http: instantSalesforce, apiVersion: '67.0' });
  if (withQueries) api.findRecord = createFindRecord(createRecordSearch(data));
  await api.app.ready();
  const token = await api.newToken();
  const ask = async (sequence: number) => {
    const callerId = `0752543${String(sequence).padStart(5, '0')}`;
    const { headers } = await api.app.inject({
      url: `/api/ExtNo/${pbx.id}${orgId}/?callerid=${callerId}`,
      headers: { authorization: `Bearer ${token}` },
    });
    if (headers['x-trunkline-reason'] !== 'matched')
      throw new Error(`unexpected: ${String(headers['x-trunkline-reason'])}`);
  };
  for (let sequence = 0; sequence < questions; sequence++) await ask(sequence);
  const before = process.cpuUsage();
  for (let sequence = 0; sequence < questions; sequence++) await ask(questions + sequence);
  const { user, system } = process.cpuUsage(before);
  await api.close();
  return (user + system) / 1_000 / questions;
}

/** Finds every number as a contact's, in the first spelling that it is asked for. */
const instantSalesforce: SalesforceHttp = {
  async send({ body }) {
    const { compositeRequest } = JSON.parse(body ?? '') as { compositeRequest: { url: string; referenceId: string }[] };
    const number = /IN\+\('(%2B\d+)'/.exec(compositeRequest[0]?.url ?? '')?.[1] ?? '';
    const contact = {
      attributes: { type: 'Contact', url: '/services/data/v67.0/sobjects/Contact/003A0000000AbCdIAK' },
      Id: '003A0000000AbCdIAK',
      LastModifiedDate: '2026-11-20T10:00:00.000+0000',
      Phone: decodeURIComponent(number),
      OwnerId: '005A0000000AbCdIAK',
      Owner: { attributes: { type: 'User' }, IsActive: true, Extension: '201' },
    };
    const answer = {
      compositeResponse: compositeRequest.map(({ referenceId }, position) => ({
        body: { totalSize: position === 0 ? 1 : 0, done: true, records: position === 0 ? [contact] : [] },
        httpHeaders: {},
        httpStatusCode: 200,
        referenceId,
      })),
    };
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) };
  },
  close: async () => undefined,
};
