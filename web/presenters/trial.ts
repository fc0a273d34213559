import type { LookupService } from '../../src/domain/lookup.ts';
import type { TriedLookup } from '../../src/use-cases/try-lookup.ts';
import type { Texts } from '../texts.ts';
import { meaningText, refusedText } from './lookup-runs.ts';
import { presentTrace, type RecordUrl, type TraceStep } from './lookup-trace.ts';

/** What the test box shows of a trial. */
export interface TrialView {
  readonly reason: string;
  readonly meaning: string;
  readonly isGood: boolean;
  readonly matches: number;
  readonly ms: string;
  readonly service: LookupService;
  readonly extension: string | undefined;
  /** The lookup did not find it: it is the fallback. */
  readonly isFallback: boolean;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly runId: string;
  readonly steps: readonly TraceStep[];
}

export function presentTrial(trial: TriedLookup, t: Texts, recordUrl: RecordUrl): TrialView {
  const { answer, finding, service } = trial;
  return {
    reason: t(`answers.${answer.reason}`),
    meaning: [
      ...(finding.refused && answer.reason === 'salesforce-error' ? [] : [meaningText(answer.reason, service, t)]),
      ...(finding.refused ? [refusedText(finding.refused, t)] : []),
    ].join(' '),
    isGood: answer.reason === 'matched' || answer.reason === 'matched-several',
    matches: answer.matches,
    ms: t('phone-system.duration-ms', { ms: answer.ms }),
    service,
    extension: answer.extension,
    isFallback: answer.extension !== undefined && finding.extension === undefined,
    fields: Object.entries(answer.fields),
    runId: answer.runId,
    steps: presentTrace(trial, t, recordUrl),
  };
}
