import { afterAll, afterEach, beforeAll, describe, expect, it, vi, type TestContext } from 'vitest';
import { deadlineLimitsMs } from '../../src/domain/lookup.ts';
import { isLong, seconds } from '../support/faults-run.ts';
import { until } from '../support/temporary-folder.ts';
import {
  known,
  startLookupStack,
  type LookupStack,
  type PhoneAnswer,
  type ProcessState,
  type RecordedRun,
} from '../support/lookup-stack.ts';

/*
 * Questions are asked, 50 a second, while something is wrong. `npm run faults -- lookups` asks for a minute of each fault, and prints what
 * was counted; `npm test` has five seconds for each, and looks into the log when all are over, since twenty of them are to leave time for
 * everything else.
 */

vi.setConfig({ testTimeout: isLong ? 600_000 : 120_000 });

const perSecond = 50;
const questions = perSecond * (isLong ? seconds : 5);
const deadlineMs = deadlineLimitsMs.default;
/** By the server's own clock; the machine of `npm test` may be busy. */
const latestMs = deadlineMs + (isLong ? 50 : 1_000);
/** Until it reaches whoever asked, from a process that shares the machine. */
const latestThereMs = deadlineMs + 1_000;
/**
 * Connections to Salesforce are kept for half a minute, those of whoever asks for some seconds, and recorders go on asking for a minute who
 * it was, none of which is waited for after each fault: both have as many as calls were under way in one of two servers. One that stayed
 * for each hung call would be many more.
 */
const moreFiles = 2 * (perSecond / 2) * (deadlineMs / 1_000) + 10;
/** When all of that is over, which `npm test` does not wait for. */
const moreFilesAtLast = 10;
/**
 * Code that was first compiled for a fault, and room for as many open workflows, stay: 25 to 40 MB in a recorder, the same after 3,000
 * lookups as after 60,000; of which a kilobyte each would be as much again.
 */
const moreKeptMegabytes = (name: string) => (name.endsWith('recorder') ? 60 : 40);
/** What the engine has in reserve goes up and down by this much. */
const moreResidentMegabytes = 500;

let world: LookupStack;
let atFirst: Awaited<ReturnType<typeof withMemory>>;
beforeAll(async () => {
  world = await startLookupStack({ servers: 2, deadlineMs, probesMemory: true });
  // A minute of each fault is more calls than an org has in a day; the fault that uses them up says so by itself.
  await world.setPolicies({ apiLimit: 100_000_000 });
  // What a process keeps for this load, and for catching up after it, is not the fault's.
  const usual = isLong ? questions : perSecond;
  await world.askMany(usual, perSecond);
  const { temporal } = world.stack.parts;
  temporal?.pause();
  const answers = await world.askMany(usual, perSecond);
  temporal?.resume();
  const last = answers.slice(-perSecond).map(({ runId }) => runId);
  await until('what was asked is in the log', async () => (await world.runs(last)).length === last.length, 300_000);
  atFirst = await withMemory(await world.processes());
}, 600_000);
afterAll(() => world.stop());
afterEach(() => world.clearFaults());

interface Fault {
  readonly begin: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
  /** Each of them is true. */
  readonly reasons: readonly string[];
}

const latest = (times: readonly number[]) => Math.ceil(Math.max(...times));
const counts = (answers: readonly PhoneAnswer[]) =>
  [...Map.groupBy(answers, ({ reason }) => String(reason))]
    .map(([reason, all]) => `${all.length} ${reason}`)
    .join(', ');

async function ask(): Promise<readonly PhoneAnswer[]> {
  const answers = await world.askMany(questions, perSecond);
  // A question without an answer, also when it was repeated, has ended the test already.
  expect([...new Set(answers.map(({ status, body }) => `${status} ${body}`))]).toEqual(['200 100\n']);
  expect(latest(answers.map(({ ms }) => ms))).toBeLessThan(latestThereMs);
  return answers;
}

/** Every run is in the log, in time, and says what the phone system was told. */
async function expectRecorded(answers: readonly PhoneAnswer[]): Promise<number> {
  const ids = answers.map(({ runId }) => runId);
  const asTold = answers.map(({ runId, reason, body }) => `${runId} ${String(reason)} ${body.trim()}`).sort();
  let runs: readonly RecordedRun[] = [];
  // What another process writes of a run that it took over gives way to what the one that answered knows.
  await expect
    .poll(
      async () => {
        runs = await world.runs(ids);
        return runs.map((run) => `${run.id} ${run.reason} ${run.extension ?? ''}`).sort();
      },
      { timeout: isLong ? 180_000 : 300_000, interval: isLong ? 100 : 2_000 },
    )
    .toEqual(asTold);
  return latest(runs.map(({ ms }) => ms ?? Infinity));
}

const expectRight = async (url?: string) => {
  const { body, reason } = await world.askKnown(url);
  expect(`${body.trim()} ${String(reason)}`).toBe(`${known.extension} matched`);
};

const withMemory = (states: readonly ProcessState[]) =>
  Promise.all(states.map(async (state) => ({ ...state, keptMegabytes: await world.keptMegabytes(state.pid) })));

/** Nobody has ended or begun, and nothing is kept. Answers with what there is more of than at first. */
async function expectNothingLeft({ isLast }: { isLast: boolean }): Promise<string> {
  const limit = isLast ? moreFilesAtLast : moreFiles;
  const before = new Map(atFirst.map((state) => [state.pid, state]));
  let more: { name: string; files: number; kept: number; resident: number }[] = [];
  await expect
    .poll(
      async () => {
        const now = await world.processes();
        expect(now.map(({ pid }) => pid).sort()).toEqual([...before.keys()].sort());
        const looked = await withMemory(now.filter(({ name }) => isLast || !name.endsWith('recorder')));
        more = looked.map(({ pid, name, openFiles, keptMegabytes, residentMegabytes }) => ({
          name,
          files: openFiles - (before.get(pid)?.openFiles ?? 0),
          kept: keptMegabytes - (before.get(pid)?.keptMegabytes ?? 0),
          resident: residentMegabytes - (before.get(pid)?.residentMegabytes ?? 0),
        }));
        return more.filter(
          ({ name, files, kept, resident }) =>
            files > limit || kept > moreKeptMegabytes(name) || resident > moreResidentMegabytes,
        );
      },
      { timeout: isLast ? 120_000 : 15_000, interval: isLast ? 5_000 : 250 },
    )
    .toEqual([]);
  const most = (what: 'files' | 'kept' | 'resident') => {
    const [first] = more.toSorted((one, other) => other[what] - one[what]);
    return first === undefined ? 'unknown' : `${first[what]} (${first.name})`;
  };
  return `at most, more than at first: ${most('files')} open files, ${most('kept')} MB kept, ${most('resident')} MB resident`;
}

/** During faults that are over, and not found in the log yet. */
const asked: PhoneAnswer[] = [];

async function hold({ begin, end, reasons }: Fault, task: TestContext['task']): Promise<void> {
  await begin();
  const answers = await ask();
  asked.push(...answers);
  expect(reasons).toEqual(expect.arrayContaining([...new Set(answers.map(({ reason }) => reason))]));
  await end();
  await expectRight();
  const recorded = isLong ? `; ${await expectAskedRecorded()}` : '';
  const left = await expectNothingLeft({ isLast: false });
  task.meta.counted = `${counts(answers)}${recorded}; ${left}`;
}

async function expectAskedRecorded(): Promise<string> {
  expect(asked).not.toEqual([]);
  const latestOwnMs = await expectRecorded(asked);
  // One that was late is the matter of this fault alone.
  asked.splice(0);
  expect(latestOwnMs).toBeLessThanOrEqual(latestMs);
  return `all recorded; slowest ${latestOwnMs} ms of ${deadlineMs}`;
}

const salesforce = (fault: Parameters<LookupStack['fault']>[0], ...reasons: string[]): Fault => ({
  begin: () => world.fault(fault),
  end: () => world.clearFaults(),
  reasons,
});

/** Until what the database was told has reached the servers. */
const untilRight = () =>
  expect.poll(async () => (await world.askKnown()).reason, { timeout: 30_000, interval: 50 }).toBe('matched');

describe('every question gets the fallback with its reason, in time, while Salesforce', () => {
  it.for<[string, Fault]>([
    ['answers 503 with a page', salesforce({ fault: 'html-503' }, 'salesforce-error')],
    ['answers 500', salesforce({ fault: 'error-500' }, 'salesforce-error')],
    [
      'answers with a page, as if all were well',
      {
        begin: () => world.setPolicies({ maintenance: true }),
        end: () => world.setPolicies({ maintenance: false }),
        reasons: ['salesforce-error'],
      },
    ],
    ['hangs before the headers', salesforce({ fault: 'slow-headers', delayMs: 60_000 }, 'salesforce-slow')],
    ['hangs in the body', salesforce({ fault: 'slow-body', delayMs: 60_000 }, 'salesforce-slow')],
    ['drips one byte a second', salesforce({ fault: 'drip', delayMs: 1_000 }, 'salesforce-slow')],
    ['takes five seconds', salesforce({ fault: 'slow-headers', delayMs: 5_000 }, 'salesforce-slow')],
    ['cuts the body', salesforce({ fault: 'cut-body' }, 'salesforce-error')],
    ['resets the connection', salesforce({ fault: 'reset' }, 'salesforce-error')],
    ['refuses connections', salesforce({ fault: 'refuse' }, 'salesforce-error')],
    ['answers what is no JSON', salesforce({ fault: 'malformed-json' }, 'salesforce-error')],
    // Reading as much as is read three times may take longer than there is.
    ['answers without an end', salesforce({ fault: 'huge' }, 'salesforce-error', 'salesforce-slow')],
    ['has no API calls left', salesforce({ fault: 'quota' }, 'quota')],
    [
      'has a name that nobody knows',
      {
        // Too long for a name, so that no resolver is asked, which might be slow to say so.
        async begin() {
          await world.moveSalesforce(`http://${'x'.repeat(64)}.invalid`);
          await expect.poll(async () => (await world.askKnown()).reason).toBe('salesforce-error');
        },
        async end() {
          await world.moveSalesforce();
          await untilRight();
        },
        reasons: ['salesforce-error'],
      },
    ],
    [
      'refuses every access token',
      {
        begin: () => world.fault({ fault: 'unauthorized' }),
        async end() {
          await world.clearFaults();
          await untilRight();
        },
        // Where a newer token came a moment before the deadline, the second call is under way then.
        reasons: ['not-connected', 'deadline', 'salesforce-slow'],
      },
    ],
  ])('%s', async ([, fault], { task }) => hold(fault, task));
});

describe('every question gets its right answer, and is recorded afterwards, while', () => {
  it.for<[string, Pick<Fault, 'begin' | 'end'>]>([
    [
      'Temporal is stopped',
      {
        begin: async () => world.stack.parts.temporal?.stop(),
        end: async () => world.stack.parts.temporal?.start(),
      },
    ],
    [
      'Temporal is paused',
      {
        begin: async () => world.stack.parts.temporal?.pause(),
        end: async () => world.stack.parts.temporal?.resume(),
      },
    ],
    [
      'PostgreSQL is stopped',
      {
        begin: async () => world.stack.parts.postgres?.stop(),
        end: async () => world.stack.parts.postgres?.start(),
      },
    ],
  ])('%s', async ([, { begin, end }], { task }) => {
    const beginAndAsk = async () => {
      await begin();
      await expectRight();
    };
    await hold({ begin: beginAndAsk, end, reasons: ['no-match'] }, task);
  });
});

if (isLong) {
  it('afterwards memory and open files of every process are what they were', async ({ task }) => {
    task.meta.counted = await expectNothingLeft({ isLast: true });
  });
} else {
  it('afterwards all of it is in the log, in time, as it was told', { timeout: 320_000 }, async ({ task }) => {
    task.meta.counted = await expectAskedRecorded();
  });
}

describe('when one of two servers is killed', () => {
  it('every question is answered, by the other where it is asked again', async ({ task }) => {
    const [, second] = world.stack.servers;
    const asking = ask();
    // In the middle of them.
    await new Promise((resolve) => setTimeout(resolve, (questions / perSecond) * 500));
    const killedAtMs = Date.now();
    await second?.crash();
    const answers = await asking;
    expect(counts(answers)).toBe(`${questions} no-match`);
    await second?.start();
    await expectRight(second?.url);
    // What it told in its last moment may have died with it, also where the answer was read a moment later.
    const isSure = ({ url, atMs }: PhoneAnswer) => url !== second?.url || atMs < killedAtMs - 1_000;
    const sure = answers.filter(isSure);
    const latestOwnMs = await expectRecorded(sure);
    expect(latestOwnMs).toBeLessThanOrEqual(latestMs);
    task.meta.counted = `${counts(answers)}; ${sure.length} surely recorded, and are; slowest ${latestOwnMs} ms of ${deadlineMs}`;
  });

  it('the workflow of a lookup in its middle ends on the other, which learns who it was', async () => {
    const [first, second] = world.stack.servers;
    // Those of the faults before may still be asking; Temporal lists what was started a second or two later.
    await world.setDeadline(deadlineLimitsMs.max);
    const { runId: earlier } = await world.askKnown(second?.url);
    // Until then it is in no list, also not among those that have ended.
    await expect.poll(() => world.startedLookups([earlier]), { timeout: 20_000 }).toEqual([earlier]);
    await expect.poll(() => world.runningLookups(), { timeout: 80_000 }).toEqual([]);
    await world.fault({ fault: 'slow-headers', delayMs: 60_000 });
    const lost = world.askKnown(second?.url).then(
      () => 'answered',
      () => 'reset',
    );
    await expect.poll(() => world.runningLookups(), { timeout: 6_000, interval: 20 }).toHaveLength(1);
    const [runId = ''] = await world.runningLookups();
    await second?.crash();
    expect(await lost).toBe('reset');
    await world.clearFaults();
    await expect
      .poll(() => world.runs([runId]), { timeout: 60_000 })
      .toMatchObject([{ id: runId, reason: 'unknown', extension: null, foundExtension: known.extension }]);
    await expectRight(first?.url);
  });
});
