import { readdir, readlink } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { known, startLookupStack, type LookupStack, type PhoneAnswer } from '../support/lookup-stack.ts';

vi.setConfig({ testTimeout: 90_000 });

/** Long enough for three attempts on a busy machine. */
const deadlineMs = 3_000;
const latestMs = deadlineMs + 1_000;

let world: LookupStack;
let socketsBefore = 0;
beforeAll(async () => {
  world = await startLookupStack({ servers: 2, deadlineMs });
  socketsBefore = await openSockets(world.stack.servers[0]?.pid ?? 0);
});
afterAll(() => world.stop());
afterEach(() => world.clearFaults());

const told = (answers: readonly PhoneAnswer[]) => [...new Set(answers.map(({ status, body }) => `${status} ${body}`))];
const reasons = (answers: readonly PhoneAnswer[]) => [...new Set(answers.map(({ reason }) => reason))];
const latest = (answers: readonly PhoneAnswer[]) => Math.max(...answers.map(({ ms }) => ms));

/** Every run is in the log, and says what the phone system was told. */
async function expectRecorded(answers: readonly PhoneAnswer[]): Promise<void> {
  const ids = answers.map(({ runId }) => runId);
  const asTold = answers.map(({ runId, reason, body }) => `${runId} ${String(reason)} ${body.trim()}`).sort();
  await expect
    .poll(async () => (await world.runs(ids)).map((run) => `${run.id} ${run.reason} ${run.extension ?? ''}`).sort(), {
      timeout: 60_000,
      interval: 250,
    })
    .toEqual(asTold);
}

const expectRight = async () => {
  await expect
    .poll(async () => (await world.ask(known.callerId)).body, { timeout: 15_000 })
    .toBe(`${known.extension}\n`);
};

describe('every question gets the fallback with its reason, in time, while Salesforce', () => {
  it.each([
    ['answers 503 with a page', { fault: 'html-503' }, ['salesforce-error']],
    ['answers 500', { fault: 'error-500' }, ['salesforce-error']],
    ['hangs before the headers', { fault: 'slow-headers', delayMs: 60_000 }, ['salesforce-slow']],
    ['hangs in the body', { fault: 'slow-body', delayMs: 60_000 }, ['salesforce-slow']],
    ['drips one byte a second', { fault: 'drip', delayMs: 1_000 }, ['salesforce-slow']],
    ['cuts the body', { fault: 'cut-body' }, ['salesforce-error']],
    ['resets the connection', { fault: 'reset' }, ['salesforce-error']],
    ['refuses connections', { fault: 'refuse' }, ['salesforce-error']],
    ['answers what is no JSON', { fault: 'malformed-json' }, ['salesforce-error']],
    ['has no API calls left', { fault: 'quota' }, ['quota']],
  ])('%s', async (_name, fault, expected) => {
    await world.fault(fault);
    const answers = await world.askMany(8, 20);
    expect(told(answers)).toEqual(['200 100\n']);
    expect(reasons(answers)).toEqual(expected);
    expect(latest(answers)).toBeLessThan(latestMs);
    await world.clearFaults();
    await expectRight();
    await expectRecorded(answers);
  });

  it('refuses every access token', async () => {
    await world.fault({ fault: 'unauthorized' });
    const answers = await world.askMany(8, 20);
    expect(told(answers)).toEqual(['200 100\n']);
    for (const reason of reasons(answers)) expect(['not-connected', 'deadline']).toContain(reason);
    expect(latest(answers)).toBeLessThan(latestMs);
    await world.clearFaults();
    await expectRecorded(answers);
  });
});

it('holds no more sockets afterwards than a few that are kept alive', async () => {
  // One that stayed for each hung call, and for each time it was asked again, would be more than fifty.
  const pid = world.stack.servers[0]?.pid ?? 0;
  await expect.poll(() => openSockets(pid), { timeout: 15_000 }).toBeLessThanOrEqual(socketsBefore + 30);
});

describe('every question gets its right answer, and is recorded afterwards, while', () => {
  it('Temporal is stopped', async () => {
    await world.stack.parts.temporal?.stop();
    const answers = [await world.ask(known.callerId), ...(await world.askMany(10, 20))];
    expect(answers[0]?.body).toBe(`${known.extension}\n`);
    expect(reasons(answers.slice(1))).toEqual(['no-match']);
    expect(latest(answers)).toBeLessThan(latestMs);
    await world.stack.parts.temporal?.start();
    await expectRecorded(answers);
  });

  it('PostgreSQL is stopped', async () => {
    await world.stack.parts.postgres?.stop();
    const answers = [await world.ask(known.callerId), ...(await world.askMany(10, 20))];
    expect(answers[0]?.body).toBe(`${known.extension}\n`);
    expect(reasons(answers.slice(1))).toEqual(['no-match']);
    expect(latest(answers)).toBeLessThan(latestMs);
    await world.stack.parts.postgres?.start();
    await expectRecorded(answers);
  });
});

it('ends the workflow of a server that was killed in the middle of a lookup on another, which learns who it was', async () => {
  const [first, second] = world.stack.servers;
  const before = await world.startedLookups();
  await world.fault({ fault: 'slow-headers', delayMs: 60_000 });
  const lost = world.ask(known.callerId, second?.url).then(
    () => 'answered',
    () => 'reset',
  );
  await expect.poll(() => world.startedLookups(), { timeout: 10_000, interval: 20 }).toHaveLength(before.length + 1);
  const [runId = ''] = (await world.startedLookups()).filter((id) => !before.includes(id));
  await second?.crash();
  expect(await lost).toBe('reset');
  await world.clearFaults();
  await expect
    .poll(() => world.runs([runId]), { timeout: 60_000 })
    .toEqual([{ id: runId, reason: 'unknown', extension: null, foundExtension: known.extension }]);
  expect((await world.ask(known.callerId, first?.url)).body).toBe(`${known.extension}\n`);
});

/** Counted where the system tells; elsewhere there is nothing to count. */
async function openSockets(pid: number): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const files = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
  return links.filter((link) => link.startsWith('socket:')).length;
}
