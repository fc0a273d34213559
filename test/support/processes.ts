import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** A process of the stack, with those that it started. */
export interface Usage {
  readonly cpuMs: number;
  readonly memoryMiB: number;
}

/** Of proc(5): jiffies are 10 ms and pages 4 KiB on the Linux machines that this runs on. */
const jiffyMs = 10;
const pageBytes = 4_096;

export function usageOf(pid: number | undefined): Usage {
  if (pid === undefined) return { cpuMs: 0, memoryMiB: 0 };
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\)\s/s, '')
    .split(' ');
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * jiffyMs,
    memoryMiB: (Number(fields[21]) * pageBytes) / 2 ** 20,
  };
}

/** How Linux shares the processor, sched(7): `/autogroup-<number> nice <niceness>`. Empty where it does not do that. */
export function sessionShare(pid: number): string {
  const file = `/proc/${pid}/autogroup`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
}

/** The processes that this one started and that run now: the server's recorder, PostgreSQL's backends. */
export function childrenOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return [];
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

export const together = (usages: readonly Usage[]): Usage => ({
  cpuMs: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  memoryMiB: usages.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
});
