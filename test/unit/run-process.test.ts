import { fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const program = fileURLToPath(new URL('../support/abandoned-process.ts', import.meta.url));

it('ends also when its parent went before anybody listened', async () => {
  const child = fork(program, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  const said = child.stdout && text(child.stdout);
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(10_000) });
  child.disconnect();
  expect(await ended).toEqual([0, null]);
  expect(await said).toContain('started');
});
