import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

/*
 * Required (`--require`, with `--expose-gc`) by a process whose memory is looked at, and by its threads. At SIGUSR2 each of them collects
 * its garbage, and `<MEMORY_PROBE_FOLDER>/<pid>.json` says how many bytes are still in use: what is kept. Resident memory does not tell that,
 * because the engine gives little of what it once had back to the system.
 */

type Said = { readonly kind: 'begun' | 'collect' } | { readonly kind: 'collected'; readonly kept: number };
type Sent = Said & { readonly from: number };

const channel = new BroadcastChannel('memory-probe');
channel.unref();
const say = (said: Said) => channel.postMessage({ ...said, from: threadId } satisfies Sent);
const hear = (listener: (sent: Sent) => void) => {
  channel.onmessage = (event) => listener((event as { data: Sent }).data);
};

function collect(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

if (isMainThread) {
  const threads = new Set([threadId]);
  const kept = new Map<number, number>();
  const add = (thread: number, bytes: number) => {
    kept.set(thread, bytes);
    if (kept.size < threads.size) return;
    const file = join(process.env['MEMORY_PROBE_FOLDER'] ?? '', `${process.pid}.json`);
    // Whole at once, for whoever waits for it.
    writeFileSync(`${file}.new`, String([...kept.values()].reduce((sum, each) => sum + each)));
    renameSync(`${file}.new`, file);
  };
  hear((sent) => {
    if (sent.kind === 'begun') threads.add(sent.from);
    if (sent.kind === 'collected') add(sent.from, sent.kept);
  });
  process.on('SIGUSR2', () => {
    kept.clear();
    say({ kind: 'collect' });
    add(threadId, collect());
  });
} else {
  hear(({ kind }) => {
    if (kind === 'collect') say({ kind: 'collected', kept: collect() });
  });
  say({ kind: 'begun' });
}
