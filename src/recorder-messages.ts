import type { AskedLookup } from './domain/lookup.ts';
import type { LookupResult } from './ports.ts';

/* What the server and its recorder say to each other. Several in one message, because each message costs both a system call. */

/** From the server. `asked` comes again when a recorder takes over from one that ended. */
export type ServerSays =
  | { readonly kind: 'asked'; readonly asked: AskedLookup }
  | { readonly kind: 'answered'; readonly runId: string; readonly result: LookupResult }
  | { readonly kind: 'close' };

/** From the recorder. */
export type RecorderSays =
  | { readonly kind: 'started'; readonly runId: string }
  | { readonly kind: 'counted'; readonly what: 'eager' | 'polled' | 'start-failed' }
  | { readonly kind: 'recorded'; readonly runId: string; readonly repeats: number };

/** Sends what was said in one turn of the event loop, or within `withinMs`, as one message. */
export function createOutbox<Said>(send: (said: readonly Said[]) => void, withinMs?: number) {
  let waiting: Said[] = [];
  const flush = () => {
    const said = waiting;
    waiting = [];
    if (said.length > 0) send(said);
  };
  return {
    say(said: Said): void {
      waiting.push(said);
      if (waiting.length > 1) return;
      if (withinMs === undefined) setImmediate(flush);
      else setTimeout(flush, withinMs);
    },
    flush,
  };
}
