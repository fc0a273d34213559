import { writeFileSync } from 'node:fs';

/**
 * Gives the session that a process leads (one that was started `detached`) a smaller share of the processor. Linux shares a processor
 * among sessions first, sched(7), so that a low priority of the process alone counts only against its own session. Where there is nothing
 * of the kind it runs as everybody does; in a container that has a share of its own, it changes nothing.
 */
export function lowerSessionPriority(pid: number | 'self', niceness: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // another system, or, without privileges, the second session within a tenth of a second
  }
}
