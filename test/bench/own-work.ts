import { defaultPbxLimits } from '../../src/domain/lookup.ts';
import { defaultExtensionSteps } from '../../src/domain/pbx-settings.ts';
import { readNumber } from '../../src/phone-numbers/read-number.ts';
import { createSalesforceData } from '../../src/salesforce/data.ts';
import { createRecordSearch } from '../../src/salesforce/record-search.ts';
import { createFindRecord } from '../../src/use-cases/find-record.ts';
import { rehearsedSalesforce } from '../../src/warm-up.ts';
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
  let caller = '';
  const data = createSalesforceData({ http: rehearsedSalesforce(() => caller), apiVersion: '67.0' });
  if (withQueries) api.findRecord = createFindRecord(createRecordSearch(data));
  await api.app.ready();
  const token = await api.newToken();
  const ask = async (sequence: number) => {
    const callerId = `0752543${String(sequence).padStart(5, '0')}`;
    caller = callerId.replace(/^0/, '+49');
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
