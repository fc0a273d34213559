/**
 * How the answer of a run came about, as it is kept with the run. Every lookup carries one on its way to the log, so that it is small:
 * numbers of queries instead of their texts, of many records only the first ones, and tuples instead of objects. Times are whole
 * milliseconds since the question.
 */
export interface LookupTrace {
  /** How long reading the numbers took, with two decimals. */
  readonly readMs: number;
  /** What the numbers were read as; absent where none was sent. */
  readonly caller?: ReadAs;
  readonly called?: ReadAs;
  readonly events: readonly TraceEvent[];
  /** How many records and events found no room. */
  readonly leftOut: number;
}

export type ReadAs =
  | { readonly kind: 'number'; readonly e164: string }
  | { readonly kind: 'internal'; readonly digits: string }
  | { readonly kind: 'withheld' }
  | { readonly kind: 'invalid' };

export type TracedCall = 'values' | 'digits' | 'user';
export type TracedVerdict = 'winner' | 'also-matches' | 'no-answer' | 'main-number' | 'later-step' | 'other-number';
export type TracedPlace = 'map' | 'user-field' | 'record' | 'nowhere';

/** Steps are positions, from 0. */
export type TraceEvent =
  | readonly [kind: 'asking', atMs: number, call: TracedCall, queries: number]
  | readonly [kind: 'answered', atMs: number, call: TracedCall, rows: number]
  | readonly [kind: 'refused', atMs: number, step: number, answer: string]
  | readonly [kind: 'extension', atMs: number, step: number, from: TracedPlace]
  /** Several records of one step with one verdict are one event. */
  | readonly [
      kind: 'judged',
      atMs: number,
      step: number,
      verdict: TracedVerdict,
      object: string,
      recordIds: readonly string[],
    ];

export const traceLimits = { events: 20, records: 10 } as const;

/** Collects a trace. The record that wins always finds room. */
export function createTracer() {
  const events: TraceEvent[] = [];
  let records = 0;
  let leftOut = 0;
  return {
    add(event: Exclude<TraceEvent, readonly ['judged', ...unknown[]]>): void {
      if (events.length < traceLimits.events) events.push(event);
      else leftOut += 1;
    },
    judge(atMs: number, step: number, verdict: TracedVerdict, object: string, recordId: string): void {
      const isFull = records >= traceLimits.records - 1 || events.length >= traceLimits.events;
      if (isFull && verdict !== 'winner') {
        leftOut += 1;
        return;
      }
      records += 1;
      const last = events.at(-1);
      if (last?.[0] === 'judged' && last[2] === step && last[3] === verdict)
        events[events.length - 1] = ['judged', last[1], step, verdict, object, [...last[5], recordId]];
      else events.push(['judged', atMs, step, verdict, object, [recordId]]);
    },
    /** What has been collected by now. */
    taken: (): Pick<LookupTrace, 'events' | 'leftOut'> => ({ events: [...events], leftOut }),
  };
}
