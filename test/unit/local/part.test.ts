import { expect, onTestFinished, test } from 'vitest';
import { Part } from '../../../src/local/part.ts';
import { startService, type Exit } from '../../../src/local/processes.ts';
import { temporaryFolder, until } from '../../support/temporary-folder.ts';

async function sample(code = 'setInterval(() => {}, 1000)') {
  const dataDir = await temporaryFolder();
  const exits: Exit[] = [];
  const part = new Part({
    name: 'sample',
    launch: () => startService({ name: 'sample', command: process.execPath, args: ['-e', code], dataDir }),
    onUnexpectedExit: (exit) => exits.push(exit),
  });
  onTestFinished(() => part.stop(0));
  return { part, exits };
}

test('can be crashed and brought back, and nobody is told', async () => {
  const { part, exits } = await sample();
  await part.start();
  const { pid } = part;
  await part.crash();
  expect(part.isUp).toBe(false);
  await part.start();
  expect(part.isUp).toBe(true);
  expect(part.pid).not.toBe(pid);
  await part.stop();
  expect(exits).toEqual([]);
});

test('tells when it ends by itself', async () => {
  const { part, exits } = await sample('process.exit(3)');
  await part.start();
  await until('it has ended', () => exits.length > 0);
  expect(exits).toEqual([{ code: 3, signal: null }]);
});

test('a part that never started can be stopped', async () => {
  const { part } = await sample();
  await part.stop();
  expect(part.isUp).toBe(false);
});

test('can be crashed while it is paused', async () => {
  const { part } = await sample();
  await part.start();
  part.pause();
  await part.crash();
  expect(part.isUp).toBe(false);
});
