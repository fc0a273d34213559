import type { LookupDefinition, LookupRun, LookupService, Refused } from '../../src/domain/lookup.ts';
import type { Texts } from '../texts.ts';

export interface LookupRunView {
  readonly id: string;
  readonly askedAtMs: number;
  readonly number: string;
  readonly answer: string;
  readonly reason: string;
  readonly meaning: string;
  /** What Salesforce said after the caller had been answered. */
  readonly later: string | undefined;
  /** What Salesforce refuses of the lookup, in a sentence. */
  readonly refused: string | undefined;
  readonly repeats: string | undefined;
  readonly duration: string;
  readonly good: boolean;
  readonly isTest: boolean;
}

export function presentLookupRun(run: LookupRun, t: Texts): LookupRunView {
  const { question, answer, found } = run;
  return {
    id: run.id,
    askedAtMs: run.askedAtMs,
    number: maskNumber(question.callerId ?? question.calledId ?? question.ivrId ?? ''),
    answer: presentAnswer(run, t),
    reason: t(`answers.${answer.reason}`),
    meaning: meaningText(answer.reason, run.service, t),
    later:
      found === undefined || found.reason === answer.reason
        ? undefined
        : t('phone-system.found-later', { found: found.extension ?? t(`answers.${found.reason}`) }),
    refused: found?.refused && refusedText(found.refused, t),
    repeats: run.repeats === 0 ? undefined : t('phone-system.repeats', { count: run.repeats }),
    duration: answer.ms === undefined ? t('phone-system.unknown') : t('phone-system.duration-ms', { ms: answer.ms }),
    good: isGood(run),
    isTest: run.isTest,
  };
}

const isGood = ({ answer: { reason } }: LookupRun): boolean => reason === 'matched' || reason === 'matched-several';

/** The extension, or how many fields. An old run does not know whether it was asked for the one or the other. */
function presentAnswer(run: LookupRun, t: Texts): string {
  const { extension, fields = 0 } = run.answer;
  if (extension !== undefined) return extension;
  if (fields > 0) return t('lookup-runs.fields', { count: fields });
  return t(run.service === undefined && isGood(run) ? 'lookup-runs.not-kept' : 'phone-system.no-answer');
}

/** What a reason means for the phone system that asked. */
export const meaningText = (
  reason: LookupRun['answer']['reason'],
  service: LookupService | undefined,
  t: Texts,
): string => t(`lookup-run.meanings.${reason === 'matched' && service === 'data' ? 'matched-data' : reason}`);

export const refusedText = ({ answer, step }: Refused, t: Texts): string =>
  step === undefined ? t('lookup-run.refused', { answer }) : t('lookup-run.refused-step', { answer, step: step + 1 });

/** The names of the fields that were told, as long as the lookup is the one that told them. */
export function fieldsTold(
  { answer, trace, lookupVersion }: LookupRun,
  lookup: LookupDefinition | undefined,
): string[] {
  if ((answer.fields ?? 0) === 0 || lookup?.version !== lookupVersion) return [];
  const winner = trace?.events.find((event) => event[0] === 'judged' && event[3] === 'winner');
  const step = typeof winner?.[2] === 'number' ? lookup.steps[winner[2]] : undefined;
  return step?.returns.map(({ name }) => name) ?? [];
}

/** Enough to know a number again, not enough to call it: the middle is hidden, and all of a short one but its last two characters. */
export function maskNumber(number: string): string {
  const text = number.trim();
  const tail = text.length > 8 ? 3 : Math.min(2, Math.floor(text.length / 2));
  const head = text.length > 8 ? 4 : 0;
  return text.slice(0, head) + '•'.repeat(text.length - head - tail) + text.slice(text.length - tail);
}

/** The heads of the columns of an exported log: for programs, so they are never translated. */
export const exportColumns = [
  'run',
  'asked_at',
  'pbx_id',
  'lookup_id',
  'lookup_version',
  'service',
  'test',
  'caller_id',
  'called_id',
  'ivr_id',
  'read_as',
  'reason',
  'extension',
  'fields',
  'matches',
  'ms',
  'repeats',
  'found_reason',
  'found_at',
  'object',
  'record_id',
] as const;

export const exportRow = (run: LookupRun): Record<(typeof exportColumns)[number], string | number | undefined> => ({
  run: run.id,
  asked_at: new Date(run.askedAtMs).toISOString(),
  pbx_id: run.pbxId,
  lookup_id: run.lookupId,
  lookup_version: run.lookupVersion,
  service: run.service,
  test: run.isTest ? 'yes' : 'no',
  caller_id: run.question.callerId,
  called_id: run.question.calledId,
  ivr_id: run.question.ivrId,
  read_as: run.number,
  reason: run.answer.reason,
  extension: run.answer.extension,
  fields: run.answer.fields,
  matches: run.answer.matches,
  ms: run.answer.ms,
  repeats: run.repeats,
  found_reason: run.found?.reason,
  found_at: run.foundAtMs === undefined ? undefined : new Date(run.foundAtMs).toISOString(),
  object: run.found?.object,
  record_id: run.found?.recordId,
});
