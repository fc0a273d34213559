import { createTracer, type LookupTrace, type ReadAs } from '../domain/lookup-trace.ts';
import type { Question } from '../domain/lookup.ts';
import type { ReadNumber } from '../phone-numbers/read-number.ts';
import type { FindRecordEvent } from './find-record.ts';
import type { ReadQuestion } from './read-question.ts';

export interface LookupTracer {
  readonly observe: (event: FindRecordEvent) => void;
  /**
   * Takes what happened by now. It is put in words when that is called, once, which can wait until the caller has the answer; what it was
   * told of is let go then, since that holds all records that were found.
   */
  readonly take: () => () => LookupTrace;
}

/** Traces a question that has been read. While the caller waits it does no more than note when it was told of what. */
export function traceLookup(
  { callerId = '', calledId = '' }: Question,
  read: ReadQuestion,
  times: { readonly readMs: number; readonly elapsedMs: () => number },
): LookupTracer {
  const { readMs, elapsedMs } = times;
  const told: { readonly atMs: number; readonly event: FindRecordEvent }[] = [];
  return {
    observe: (event) => void told.push({ atMs: elapsedMs(), event }),
    take() {
      const taken = told.splice(0);
      return () => {
        const tracer = createTracer();
        for (const { atMs, event } of taken.splice(0)) addTo(tracer, Math.round(atMs), event);
        return {
          readMs: Math.round(readMs * 100) / 100,
          ...(callerId !== '' && { caller: readAs(read.caller) }),
          ...(calledId !== '' && { called: readAs(read.called) }),
          ...tracer.taken(),
        };
      };
    },
  };
}

function addTo(tracer: ReturnType<typeof createTracer>, atMs: number, event: FindRecordEvent): void {
  switch (event.kind) {
    case 'asking':
      tracer.add(['asking', atMs, event.call, event.count]);
      break;
    case 'answered':
      tracer.add(['answered', atMs, event.call, event.rows()]);
      break;
    case 'refused':
      tracer.add(['refused', atMs, event.step, event.answer.slice(0, 60)]);
      break;
    case 'extension':
      tracer.add(['extension', atMs, event.step, event.from]);
      break;
    case 'judged':
      for (const { step, record, verdict } of event.records())
        tracer.judge(atMs, step, verdict, record.object, record.id);
      break;
  }
}

/** Without what follows from it. */
export function readAs(number: ReadNumber): ReadAs {
  switch (number.kind) {
    case 'number':
      return { kind: 'number', e164: number.e164 };
    case 'internal':
    case 'withheld':
    case 'invalid':
      return number;
  }
}
