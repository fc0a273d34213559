import { execFile } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { defaultPbxLimits } from '../../src/domain/lookup.ts';
import { defaultExtensionSteps } from '../../src/domain/pbx-settings.ts';
import { readNumber } from '../../src/phone-numbers/read-number.ts';
import { createSalesforceData } from '../../src/salesforce/data.ts';
import { createRecordSearch } from '../../src/salesforce/record-search.ts';
import { createFindRecord } from '../../src/use-cases/find-record.ts';
import { rehearsedSalesforce } from '../../src/warm-up.ts';
import { lookup, orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestPhoneApi } from '../support/phone-api.ts';

const run = promisify(execFile);

/** Of one lookup without Salesforce, Temporal and the network. */
export interface OwnWork {
  /** Processor time, one question right after the other, whatever else the process does for them included. */
  readonly cpuMs: number;
  /** From question to answer (p50), one right after the other. */
  readonly hotMs: number;
  /** The same where nothing is left in the caches: the most that neighbours of a virtual machine can make of it, in a few milliseconds. */
  readonly coldMs: number;
}

/** More than the machines have that this was measured on. */
const cacheBytes = 48 * 1024 * 1024;
/** Emptying the caches takes as long as fifty questions. */
const coldShare = 0.1;

/** `all` has the spellings, the queries, and reading and verifying what Salesforce sends, which is at hand at once; `read-and-answer` has not. */
export type OwnWorkPart = 'read-and-answer' | 'all';

/**
 * Of so many questions: token check, number reading, answer, and what else the part has. In a process of its own, as a server is: in one
 * that has asked tens of thousands of questions before, the same took twice as long.
 */
export async function ownWork(part: OwnWorkPart, questions: number): Promise<OwnWork> {
  const { stdout } = await run(process.execPath, [fileURLToPath(import.meta.url), part, String(questions)]);
  return JSON.parse(stdout) as OwnWork;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(await measure(process.argv[2] as OwnWorkPart, Number(process.argv[3]))));
}

async function measure(part: OwnWorkPart, questions: number): Promise<OwnWork> {
  const api = await createTestPhoneApi({ read: readNumber });
  const unlimited = { ...defaultPbxLimits, perSecond: 1e6, burst: 1e6 };
  const known = api.directory.pbxs.get(pbx.id);
  if (known) api.directory.pbxs.set(pbx.id, { ...known, pbx: { ...pbx, limits: unlimited } });
  api.directory.lookups.set(lookup.id, { ...lookup, steps: defaultExtensionSteps });
  let caller = '';
  const data = createSalesforceData({ http: rehearsedSalesforce(() => caller), apiVersion: '67.0' });
  if (part === 'all') api.findRecord = createFindRecord(createRecordSearch(data));
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
  let asked = 0;
  const askAll = async (count: number, before?: () => Promise<void>) => {
    const took: number[] = [];
    for (const end = asked + count; asked < end; asked++) {
      await before?.();
      const startedAt = performance.now();
      await ask(asked);
      took.push(performance.now() - startedAt);
    }
    return took.sort((a, b) => a - b)[Math.floor(count / 2)] ?? Number.NaN;
  };
  await askAll(questions);
  const before = process.cpuUsage();
  const hotMs = await askAll(questions);
  const { user, system } = process.cpuUsage(before);
  const others = new Uint8Array(cacheBytes);
  const emptyCaches = async () => {
    for (let line = 0; line < cacheBytes; line += 64) others[line] = (others[line] ?? 0) + 1;
    // What was due meanwhile is no part of the next question.
    await nextTurn();
  };
  const coldMs = await askAll(Math.ceil(questions * coldShare), emptyCaches);
  await api.close();
  return { cpuMs: (user + system) / 1_000 / questions, hotMs, coldMs };
}
