import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The second half of the processors that this process may use: the larger ids. None where there is one processor, or another system. */
export function backgroundProcessors(): readonly number[] {
  const processors = allowedTo('self');
  return processors.slice(Math.ceil(processors.length / 2));
}

/** Of proc(5), `Cpus_allowed_list: 0-3,6`. */
export function allowedTo(pid: number | 'self'): readonly number[] {
  try {
    const [, list = ''] = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return list.split(',').flatMap((range) => {
      const [first = Number.NaN, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
  } catch {
    return [];
  }
}

/**
 * Keeps a process, with its threads and what it starts from now on, to the second half of the processors: what works behind a lookup leaves
 * the caches of the first to whoever answers one. Where there is nothing to do it with, taskset(1), it runs as everybody does.
 */
export async function keepToBackground(pid: number): Promise<void> {
  const processors = backgroundProcessors();
  if (processors.length === 0) return;
  await run('taskset', ['-a', '-c', '-p', processors.join(','), String(pid)]).catch(() => undefined);
}
