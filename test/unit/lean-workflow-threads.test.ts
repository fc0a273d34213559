import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

const preload = fileURLToPath(new URL('../../src/temporal/lean-workflow-threads.ts', import.meta.url));

/** Whether a thread hooks into promises, and whether a call into a sandbox is held to a time limit, here to one that no call may have. */
const probe = `
  const { promiseHooks } = require('node:v8');
  const { createContext, Script } = require('node:vm');
  const { parentPort } = require('node:worker_threads');
  let hooked = 0;
  const stop = promiseHooks.createHook({ init: () => { hooked += 1; } });
  new Promise(() => undefined);
  stop();
  let answer;
  try {
    answer = new Script('6 * 7').runInContext(createContext(), { timeout: -1 });
  } catch (error) {
    answer = error.code;
  }
  parentPort.postMessage({ hooked, answer });
`;

it.each([
  ['with it', ['--require', preload], { hooked: 0, answer: 42 }],
  ['without it', [], { hooked: 1, answer: 'ERR_OUT_OF_RANGE' }],
])('spares the threads of the recorder hooks and time limits: %s', async (_what, execArgv, expected) => {
  const worker = new Worker(probe, { eval: true, execArgv });
  const [said] = (await once(worker, 'message')) as [unknown];
  expect(said).toEqual(expected);
  await worker.terminate();
});
