import { once } from 'node:events';
import { runProcess } from '../../src/run-process.ts';

/*
 * For `fork`: a process that ends with its parent, and has lost it before it listens. Says `started` when it is started all the same,
 * and ends when it is told to.
 */
if (process.connected) await once(process, 'disconnect');
await runProcess(
  'abandoned',
  async ({ signal }) => {
    console.log('started');
    const waiting = setInterval(() => undefined, 1_000);
    if (!signal.aborted) await once(signal, 'abort');
    clearInterval(waiting);
  },
  { stopsWith: 'parent' },
);
