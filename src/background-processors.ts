import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** It takes milliseconds. */
const limitMs = 2_000;

/** The second half of the processors that this process may use: the larger ids. None where there is one processor, or another system. */
export function backgroundProcessors(): readonly number[] {
  // A process may be allowed more than a virtual machine has plugged in.
  const online = new Set(idsIn('/sys/devices/system/cpu/online', /^(.+)$/m));
  const processors = allowedTo('self').filter((id) => online.has(id));
  return processors.slice(Math.ceil(processors.length / 2));
}

/** Of proc(5), `Cpus_allowed_list: 0-3,6`. */
export const allowedTo = (pid: number | 'self'): readonly number[] =>
  idsIn(`/proc/${pid}/status`, /^Cpus_allowed_list:\s*(.+)$/m);

function idsIn(file: string, list: RegExp): readonly number[] {
  try {
    const [, ranges] = list.exec(readFileSync(file, 'utf8')) ?? [];
    if (ranges === undefined) return [];
    return ranges.split(',').flatMap((range) => {
      const [first = Number.NaN, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
  } catch {
    return [];
  }
}

/**
 * Keeps a process, with its threads and what it starts from now on, to the second half of the processors: what works behind a lookup leaves
 * the first to whoever answers one, and its caches, where the halves share none. Where there is nothing to do it with, taskset(1), or no
 * right to, it runs as everybody does.
 */
export async function keepToBackground(pid: number): Promise<void> {
  const processors = backgroundProcessors();
  if (processors.length === 0) return;
  try {
    await run('taskset', ['-a', '-c', '-p', processors.join(','), String(pid)], { timeout: limitMs });
  } catch {
    // it runs everywhere
  }
}
