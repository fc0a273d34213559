import type { ReadAs, TraceEvent } from '../../src/domain/lookup-trace.ts';
import type { ExplainedTrace } from '../../src/use-cases/explain-run.ts';
import type { Texts } from '../texts.ts';

/** Where a record is looked at; undefined while its org is not connected. */
export type RecordUrl = (object: string, id: string) => string | undefined;

/** One step of how an answer came about. */
export interface TraceStep {
  readonly at: string;
  readonly text: string;
  /** Query texts, or spellings. */
  readonly lines: readonly string[];
  readonly records: readonly { readonly id: string; readonly object: string; readonly url: string | undefined }[];
  readonly tone: 'good' | 'bad' | 'idle';
}

/** The same for the test box and for a run of a phone system. */
export function presentTrace(
  { trace, numbers, queries }: ExplainedTrace,
  t: Texts,
  recordUrl: RecordUrl,
): readonly TraceStep[] {
  const texts = queries.values();
  let askedAtMs = 0;
  const steps = (['caller', 'called'] as const).flatMap((which, index): TraceStep[] => {
    const number = trace[which];
    if (number === undefined) return [];
    const { prefixCut = '', spellings = [], mainNumberSpellings = [] } = numbers[which] ?? {};
    const reading = readingText({ number, prefixCut }, t);
    const isFirst = index === 0 || trace.caller === undefined;
    return [
      plain(
        isFirst ? t('phone-system.duration-ms', { ms: trace.readMs }) : '',
        `${t(`lookup-run.inputs.${which}`)}: ${reading}`,
        { lines: [...spellings, ...mainNumberSpellings] },
      ),
    ];
  });
  for (const event of trace.events) {
    if (event[0] === 'asking') askedAtMs = event[1];
    steps.push(presentEvent(event, { lines: event[0] === 'asking' ? (texts.next().value ?? []) : [], askedAtMs }));
  }
  if (trace.leftOut > 0) steps.push(plain('', t('trial.left-out', { count: trace.leftOut })));
  return steps;

  function presentEvent(
    event: TraceEvent,
    { lines, askedAtMs: sinceMs }: { readonly lines: readonly string[]; readonly askedAtMs: number },
  ): TraceStep {
    const at = t('phone-system.duration-ms', { ms: event[1] });
    switch (event[0]) {
      case 'asking': {
        const [, , call, count] = event;
        return plain(at, t(`trial.calls.${call}`, { count }), { lines });
      }
      case 'answered': {
        const [, atMs, , count] = event;
        return plain(at, t('trial.answered', { count, ms: atMs - sinceMs }));
      }
      case 'refused': {
        const [, , step, answer] = event;
        return plain(at, t('trial.refused', { step: step + 1, answer }), { tone: 'bad' });
      }
      case 'judged': {
        const [, , step, verdict, object, ids] = event;
        return plain(at, t(`trial.verdicts.${verdict}`, { step: step + 1 }), {
          records: ids.map((id) => ({ object, id, url: recordUrl(object, id) })),
          tone: verdict === 'winner' ? 'good' : 'idle',
        });
      }
      case 'extension': {
        const [, , , from] = event;
        return plain(at, t(`trial.extension.${from}`), { tone: from === 'nowhere' ? 'bad' : 'good' });
      }
    }
  }
}

/** How a number was read, in a sentence. */
export function readingText({ number, prefixCut }: { number: ReadAs; prefixCut: string }, t: Texts): string {
  switch (number.kind) {
    case 'number':
      return t(prefixCut === '' ? 'trial.read.number' : 'trial.read.number-cut', {
        e164: number.e164,
        prefix: prefixCut,
      });
    case 'internal':
      return t('trial.read.internal', { digits: number.digits });
    case 'withheld':
      return t('trial.read.withheld');
    case 'invalid':
      return t('trial.read.invalid');
  }
}

const plain = (at: string, text: string, changes: Partial<TraceStep> = {}): TraceStep => ({
  at,
  text,
  lines: [],
  records: [],
  tone: 'idle',
  ...changes,
});
