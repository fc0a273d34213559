import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tryLock, withLock } from '../../../src/local/lock.ts';
import { temporaryFolder, until } from '../../support/temporary-folder.ts';

const lockModule = JSON.stringify(new URL('../../../src/local/lock.ts', import.meta.url).href);

async function lockInAnotherProcess(file: string) {
  const code = `import { tryLock } from ${lockModule}; console.log(tryLock(${JSON.stringify(file)}) ? 'held' : 'refused'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

test('one process holds the lock, and a killed one gives it back', async () => {
  const file = join(await temporaryFolder(), 'lock');
  const other = await lockInAnotherProcess(file);
  expect(other.said).toBe('held');
  expect(tryLock(file)).toBeUndefined();
  other.child.kill('SIGKILL');
  await until('the lock is free', () => {
    const held = tryLock(file);
    held?.[Symbol.dispose]();
    return held !== undefined;
  });
});

test('waits for a lock, says so once, and gives it back when the work fails', async () => {
  const file = join(await temporaryFolder(), 'lock');
  const first = tryLock(file);
  const { signal } = new AbortController();
  let waits = 0;
  const work = withLock(file, { signal, waiting: () => (waits += 1) }, async () =>
    Promise.reject(new Error('no luck')),
  );
  await until('it waits', () => waits === 1);
  first?.[Symbol.dispose]();
  await expect(work).rejects.toThrow('no luck');
  expect(waits).toBe(1);
  const again = tryLock(file);
  expect(again).toBeDefined();
  again?.[Symbol.dispose]();
});

test('gives up waiting when told to', async () => {
  const file = join(await temporaryFolder(), 'lock');
  const held = tryLock(file);
  const stopping = new AbortController();
  const waiting = () => stopping.abort(new Error('enough'));
  await expect(withLock(file, { signal: stopping.signal, waiting }, async () => 1)).rejects.toThrow('aborted');
  held?.[Symbol.dispose]();
});
