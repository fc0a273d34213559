import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

/*
 * Required (`--require`, with `--expose-gc`) by a process whose memory is looked at, and by its threads. At SIGUSR2 each of them collects
 * its garbage, and `<MEMORY_PROBE_FOLDER>/<pid>.json` says how many bytes are still in use: what is kept. Resident memory does not tell that,
 * because the engine gives little of what it once had back to the system.
 */

type Sent = { readonly kind: 'collect' } | { readonly kind: 'collected'; readonly from: number; readonly kept: number };

const channel = new BroadcastChannel('memory-probe');
channel.unref();
const say = (sent: Sent) => channel.postMessage(sent);
const hear = (listener: (sent: Sent) => void) => {
  channel.onmessage = (event) => listener((event as { data: Sent }).data);
};

function collect(): number {
  if (!globalThis.gc) throw new Error('the memory probe needs --expose-gc');
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

if (isMainThread) {
  const running = new Set([threadId]);
  const kept = new Map<number, number>();
  process.on('worker', (worker) => {
    const thread = worker.threadId;
    running.add(thread);
    worker.once('exit', () => running.delete(thread));
  });
  const add = (thread: number, bytes: number) => {
    kept.set(thread, bytes);
    if (![...running].every((each) => kept.has(each))) return;
    const file = join(process.env['MEMORY_PROBE_FOLDER'] ?? '', `${process.pid}.json`);
    // Whole at once, for whoever waits for it.
    writeFileSync(`${file}.new`, String([...kept.values()].reduce((sum, each) => sum + each)));
    renameSync(`${file}.new`, file);
  };
  hear((sent) => {
    if (sent.kind === 'collected') add(sent.from, sent.kept);
  });
  process.on('SIGUSR2', () => {
    kept.clear();
    say({ kind: 'collect' });
    add(threadId, collect());
  });
} else {
  hear(({ kind }) => {
    if (kind === 'collect') say({ kind: 'collected', from: threadId, kept: collect() });
  });
}
