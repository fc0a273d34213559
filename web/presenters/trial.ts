import type { NumberExplanation } from '../../src/use-cases/explain-number.ts';
import type { TracedEvent, TriedLookup } from '../../src/use-cases/try-lookup.ts';
import type { Texts } from '../texts.ts';
import { refusedText } from './lookup-runs.ts';

export interface TrialStep {
  readonly at: string;
  readonly text: string;
  /** Query texts, or spellings. */
  readonly lines: readonly string[];
  readonly record: { readonly id: string; readonly object: string; readonly url: string | undefined } | undefined;
  readonly tone: 'good' | 'bad' | 'idle';
}

/** What the test box shows of a trial. */
export interface TrialView {
  readonly reason: string;
  readonly meaning: string;
  readonly isGood: boolean;
  readonly matches: number;
  readonly ms: string;
  readonly extension: string | undefined;
  /** The lookup did not find it: it is the fallback. */
  readonly isFallback: boolean;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly runId: string;
  readonly steps: readonly TrialStep[];
}

export function presentTrial(
  trial: TriedLookup,
  t: Texts,
  recordUrl: (object: string, id: string) => string | undefined,
): TrialView {
  const { answer, finding, numbers, trace } = trial;
  return {
    reason: t(`answers.${answer.reason}`),
    meaning: [
      ...(finding.refused && answer.reason === 'salesforce-error' ? [] : [t(`lookup-run.meanings.${answer.reason}`)]),
      ...(finding.refused ? [refusedText(finding.refused, t)] : []),
    ].join(' '),
    isGood: answer.reason === 'matched' || answer.reason === 'matched-several',
    matches: answer.matches,
    ms: t('phone-system.duration-ms', { ms: answer.ms }),
    extension: answer.extension,
    isFallback: answer.extension !== undefined && finding.extension === undefined,
    fields: Object.entries(answer.fields),
    runId: answer.runId,
    steps: [
      ...(['caller', 'called'] as const).flatMap((which) => {
        const explained = numbers[which];
        return explained ? [presentReading(which, explained, t)] : [];
      }),
      ...trace.map((event, index) => presentEvent(event, trace.slice(0, index), t, recordUrl)),
    ],
  };
}

/** How a number was read, in a sentence. */
export function readingText({ number, prefixCut }: NumberExplanation, t: Texts): string {
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

const plain = (at: string, text: string, changes: Partial<TrialStep> = {}): TrialStep => ({
  at,
  text,
  lines: [],
  record: undefined,
  tone: 'idle',
  ...changes,
});

function presentReading(which: 'caller' | 'called', explained: NumberExplanation, t: Texts): TrialStep {
  const text = `${t(`lookup-run.inputs.${which}`)}: ${readingText(explained, t)}`;
  return plain('', text, { lines: [...explained.spellings, ...explained.mainNumberSpellings] });
}

function presentEvent(
  event: TracedEvent,
  before: readonly TracedEvent[],
  t: Texts,
  recordUrl: (object: string, id: string) => string | undefined,
): TrialStep {
  const at = t('phone-system.duration-ms', { ms: Math.round(event.atMs) });
  switch (event.kind) {
    case 'asking':
      return plain(at, t(`trial.calls.${event.call}`), { lines: event.queries });
    case 'answered': {
      const asked = before.findLast(({ kind }) => kind === 'asking');
      return plain(
        at,
        t('trial.answered', { count: event.rows, ms: Math.round(event.atMs - (asked?.atMs ?? event.atMs)) }),
      );
    }
    case 'refused':
      return plain(at, t('trial.refused', { step: event.step + 1, answer: event.answer }), { tone: 'bad' });
    case 'judged': {
      const { object, recordId: id } = event;
      return plain(at, t(`trial.verdicts.${event.verdict}`, { step: event.step + 1 }), {
        record: { object, id, url: recordUrl(object, id) },
        tone: event.verdict === 'winner' ? 'good' : 'idle',
      });
    }
    case 'extension':
      return plain(at, t(`trial.extension.${event.from}`), { tone: event.from === 'nowhere' ? 'bad' : 'good' });
  }
}
