import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allowedTo, backgroundProcessors } from '../../src/background-processors.ts';
import { childrenOf, sessionShare } from '../support/processes.ts';
import { known, startLookupStack, type LookupStack } from '../support/lookup-stack.ts';

let world: LookupStack;

beforeAll(async () => {
  world = await startLookupStack({ servers: 1, deadlineMs: 7_000 });
});
afterAll(() => world.stop());

const server = () => {
  const [first] = world.stack.servers;
  if (!first) throw new Error('the stack has no server');
  return first;
};
const recorder = () => childrenOf(server().pid)[0];
/** Not 0 where there is none: that would be all processes of this test's group. */
const runningRecorder = () => {
  const pid = recorder();
  if (pid === undefined) throw new Error('the server has no recorder');
  return pid;
};
const runs = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('does not charge the processor that a recorder uses to its server', async ({ skip }) => {
  const ofServer = sessionShare(server().pid ?? 0);
  skip(ofServer === '', 'this system shares the processor without regard to sessions');
  const [group] = ofServer.split(' ');
  const ofRecorder = () => sessionShare(recorder() ?? 0);
  await expect.poll(ofRecorder).toMatch(/ nice 10$/);
  expect(ofServer).toMatch(/ nice 0$/);
  expect(ofRecorder()).not.toMatch(new RegExp(`^${group} `));
});

it('leaves the first half of the processors to whoever answers, as all do that callers do not wait for', async ({
  skip,
}) => {
  const second = backgroundProcessors();
  const { status } = spawnSync('taskset', ['-p', String(process.pid)]);
  skip(second.length === 0 || status !== 0, 'there is one processor, or nothing to choose them with');
  const { temporal } = world.stack.parts; // PostgreSQL is another user's where this is root, who needs a right for it
  await expect.poll(() => allowedTo(recorder() ?? 0)).toEqual(second);
  for (const part of [temporal, world.stack.workers[0]]) expect(allowedTo(part?.pid ?? 0)).toEqual(second);
  expect(allowedTo(server().pid ?? 0)).toEqual(allowedTo('self'));
});

it('answers without a recorder, and has everything recorded by the next one', async () => {
  const killed = runningRecorder();
  process.kill(killed, 'SIGKILL');
  const answers = await world.askMany(20, 20);
  expect((await world.ask(known.callerId)).body).toBe(`${known.extension}\n`);
  for (const { status, reason } of answers) expect({ status, reason }).toEqual({ status: 200, reason: 'no-match' });
  const ids = answers.map(({ runId }) => runId);
  await expect.poll(async () => (await world.runs(ids)).length, { timeout: 30_000 }).toBe(20);
  for (const run of await world.runs(ids)) expect(run.reason).toBe('no-match');
  expect(recorder()).not.toBe(killed);
  await expect.poll(() => world.startedLookups(ids), { timeout: 30_000 }).toHaveLength(20);
});

it('outlives a frozen recorder, which records when it goes on', async () => {
  const frozen = runningRecorder();
  process.kill(frozen, 'SIGSTOP');
  const answers = await world.askMany(10, 20);
  for (const { reason } of answers) expect(reason).toBe('no-match');
  process.kill(frozen, 'SIGCONT');
  const ids = answers.map(({ runId }) => runId);
  await expect.poll(async () => (await world.runs(ids)).length, { timeout: 30_000 }).toBe(10);
});

it('answers after a start while Temporal is away, and has it recorded when Temporal is back', async () => {
  const { temporal } = world.stack.parts;
  await server().crash();
  await temporal?.stop();
  await server().start();
  const { status, body, reason, runId } = await world.askKnown();
  expect({ status, body, reason }).toEqual({ status: 200, body: `${known.extension}\n`, reason: 'matched' });
  const health = async () => {
    const response = await fetch(`${server().url ?? ''}/health/ready`);
    return { status: response.status, parts: await response.json() };
  };
  expect(await health()).toEqual({ status: 200, parts: { postgres: 'ok', temporal: 'away' } });
  await temporal?.start();
  await expect.poll(() => world.runs([runId]), { timeout: 30_000 }).toMatchObject([{ reason: 'matched' }]);
  await expect.poll(() => world.startedLookups([runId]), { timeout: 30_000 }).toEqual([runId]);
  await expect.poll(health, { timeout: 15_000 }).toEqual({ status: 200, parts: { postgres: 'ok', temporal: 'ok' } });
});

it('leaves no recorder behind when the server is killed', async () => {
  const orphan = runningRecorder();
  expect(runs(orphan)).toBe(true);
  await server().crash();
  await expect.poll(() => runs(orphan), { timeout: 15_000 }).toBe(false);
  await server().start();
});
