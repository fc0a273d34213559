import { createTracer, type LookupTrace, type ReadAs } from '../domain/lookup-trace.ts';
import type { Question } from '../domain/lookup.ts';
import type { ReadNumber } from '../phone-numbers/read-number.ts';
import type { FindRecordEvent } from './find-record.ts';
import type { ReadQuestion } from './read-question.ts';

export interface LookupTracer {
  readonly observe: (event: FindRecordEvent) => void;
  /** What happened by now. */
  readonly trace: () => LookupTrace;
}

/** Traces a question that has been read. What it is told of it puts in a few words at once, since every lookup passes here. */
export function traceLookup(
  { callerId = '', calledId = '' }: Question,
  read: ReadQuestion,
  times: { readonly readMs: number; readonly elapsedMs: () => number },
): LookupTracer {
  const { readMs, elapsedMs } = times;
  const tracer = createTracer();
  return {
    observe(event) {
      const atMs = Math.round(elapsedMs());
      switch (event.kind) {
        case 'asking':
          tracer.add(['asking', atMs, event.call, event.count]);
          break;
        case 'answered':
          tracer.add(['answered', atMs, event.call, event.rows]);
          break;
        case 'refused':
          tracer.add(['refused', atMs, event.step, event.answer.slice(0, 60)]);
          break;
        case 'extension':
          tracer.add(['extension', atMs, event.step, event.from]);
          break;
        case 'judged':
          tracer.judge(atMs, event.step, event.verdict, event.object, event.recordId);
          break;
      }
    },
    trace: () => ({
      readMs: Math.round(readMs * 100) / 100,
      ...(callerId !== '' && { caller: readAs(read.caller) }),
      ...(calledId !== '' && { called: readAs(read.called) }),
      ...tracer.taken(),
    }),
  };
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
