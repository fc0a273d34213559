import type { LookupRun } from '../../src/domain/lookup.ts';
import type { Texts } from '../texts.ts';

export interface LookupRunView {
  readonly id: string;
  readonly askedAtMs: number;
  readonly number: string;
  readonly answer: string;
  readonly reason: string;
  /** What Salesforce said after the caller had been answered. */
  readonly later: string | undefined;
  readonly repeats: string | undefined;
  readonly duration: string;
  readonly good: boolean;
}

export function presentLookupRun(run: LookupRun, t: Texts): LookupRunView {
  const { question, answer, found } = run;
  return {
    id: run.id,
    askedAtMs: run.askedAtMs,
    number: maskNumber(question.callerId ?? question.calledId ?? question.ivrId ?? ''),
    answer: answer.extension ?? t('phone-system.no-answer'),
    reason: t(`answers.${answer.reason}`),
    later:
      found === undefined || found.reason === answer.reason
        ? undefined
        : t('phone-system.found-later', { found: found.extension ?? t(`answers.${found.reason}`) }),
    repeats: run.repeats === 0 ? undefined : t('phone-system.repeats', { count: run.repeats }),
    duration: answer.ms === undefined ? t('phone-system.unknown') : t('phone-system.duration-ms', { ms: answer.ms }),
    good: answer.reason === 'matched' || answer.reason === 'matched-several',
  };
}

/** Enough to know a number again, not enough to call it: the middle is hidden, and all of a short one but its last two characters. */
export function maskNumber(number: string): string {
  const text = number.trim();
  const tail = text.length > 8 ? 3 : Math.min(2, Math.floor(text.length / 2));
  const head = text.length > 8 ? 4 : 0;
  return text.slice(0, head) + '•'.repeat(text.length - head - tail) + text.slice(text.length - tail);
}
