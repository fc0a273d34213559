import { writeFileSync } from 'node:fs';

/**
 * Has the session that a process leads (one that was started `detached`) take the processor when others do not need it. Linux shares a
 * processor among sessions first, sched(7), so that a low priority of the process alone counts only against its own session. Where there
 * is nothing of the kind it runs as everybody does.
 */
export function lowerSessionPriority(pid: number | 'self', niceness: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // another system, or a container, which has its share of its own
  }
}
