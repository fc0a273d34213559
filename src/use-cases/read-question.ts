import type { DialingRules } from '../domain/dialing-rules.ts';
import type { Question } from '../domain/lookup.ts';
import type { ReadNumber } from '../phone-numbers/read-number.ts';

/** What a phone system sent, as it is understood. */
export interface ReadQuestion {
  /** The caller's number; where none was sent, not even an empty one, the one that was called. */
  readonly caller: ReadNumber;
  readonly called: ReadNumber;
  /** What the caller keyed in, without the key that ended it; undefined when nothing was. */
  readonly ivr: string | undefined;
  /** The same, read as a phone number. */
  readonly ivrNumber: ReadNumber;
}

export type ReadPhoneNumber = (sent: string, rules: DialingRules) => ReadNumber;

/**
 * A caller's number that was sent empty is withheld: the number called says nothing about that caller, and would ring whoever owns the
 * record of one's own company.
 */
export function readQuestion(
  { callerId, calledId = '', ivrId = '' }: Question,
  read: (sent: string) => ReadNumber,
): ReadQuestion {
  const called = read(calledId);
  const ivr = ivrId.trim().replace(/#$/, '').trim();
  return {
    caller: callerId === undefined && calledId !== '' ? called : read(callerId ?? ''),
    called,
    ivr: ivr === '' ? undefined : ivr,
    ivrNumber: read(ivr),
  };
}

/** The number that the run is found by in the log, as E.164: the caller's, else the one called. */
export const e164Of = ({ caller }: Pick<ReadQuestion, 'caller'>): string | undefined =>
  caller.kind === 'number' ? caller.e164 : undefined;
