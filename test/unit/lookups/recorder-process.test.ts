import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startRecorder } from '../../../src/recorder-process.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Says that it is able to work, and ends when it is told to. */
const idle = `
  process.on('message', (said) => said.some(({ kind }) => kind === 'close') && process.disconnect());
  process.send({ type: 'ready' });
`;
/** Waits for something, and hears nothing meanwhile. */
const waiting = 'setInterval(() => undefined, 60_000);';
const broken = 'process.exit(3);';

async function start(program: string) {
  const path = join(await temporaryFolder(), 'recorder.mjs');
  await writeFile(path, program);
  const reasons: unknown[] = [];
  const nothing = () => undefined;
  const recorder = startRecorder(
    {
      metrics: { started: nothing, startFailed: nothing, unrecorded: nothing, waiting: nothing },
      onRecorded: nothing,
      logger: {
        error(said: { reason?: unknown }) {
          if ('reason' in said) reasons.push(said.reason);
        },
      },
    },
    { program: path, pauseMs: 10 },
  );
  onTestFinished(() => recorder.close());
  return { recorder, reasons };
}

it('tells when the recorder is able to work', async () => {
  const { recorder } = await start(idle);
  expect(recorder.isRunning()).toBe(false);
  expect(await recorder.first).toBe('ready');
  expect(recorder.isRunning()).toBe(true);
});

it('tells when the first one ended before, and starts the next', async () => {
  const { recorder, reasons } = await start(broken);
  expect(await recorder.first).toBe('ended');
  await expect.poll(() => reasons.length).toBeGreaterThan(1);
  expect(new Set(reasons)).toEqual(new Set([3]));
});

it('tries again when the system gives it no process', async () => {
  const { execPath } = process;
  onTestFinished(() => void (process.execPath = execPath));
  process.execPath = '/no/such/program';
  const { recorder, reasons } = await start(idle);
  expect(await recorder.first).toBe('ended');
  process.execPath = execPath;
  await expect.poll(() => recorder.isRunning(), { timeout: 10_000 }).toBe(true);
  expect(new Set(reasons)).toEqual(new Set(['ENOENT']));
});

it('does not wait, when it closes, for a recorder that is still starting', async () => {
  const { recorder } = await start(waiting);
  const closedAtMs = Date.now();
  await recorder.close();
  expect(Date.now() - closedAtMs).toBeLessThan(2_000);
});
