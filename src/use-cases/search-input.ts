import { toId18 } from '../domain/ids.ts';
import type { FixedForm, LookupStep, StepSearch } from '../domain/lookup-step.ts';
import type { AnswerReason, Finding } from '../domain/lookup.ts';
import type { PhoneNumber, ReadNumber } from '../phone-numbers/read-number.ts';
import type { ReadQuestion } from './read-question.ts';

/** What a step searches for. `none`: there is nothing to search for, which would be a miss for this reason. */
export type SearchInput =
  | { readonly kind: 'number'; readonly number: PhoneNumber }
  | { readonly kind: 'exact'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'none'; readonly reason: Extract<AnswerReason, 'no-match' | 'withheld' | 'invalid-number'> };

export function searchInputOf(search: StepSearch, question: ReadQuestion): SearchInput {
  switch (search.by) {
    case 'caller':
      return ofNumber(question.caller);
    case 'called':
      return ofNumber(question.called);
    case 'ivr': {
      if (question.ivr === undefined) return nothing;
      if (search.as === 'phone') return ofNumber(question.ivrNumber);
      return ofText(question.ivr, search.as, search.leadingZerosTo);
    }
    case 'fixed':
      return ofText(search.value, search.as, 0);
  }
}

/** The finding where no step has anything to search for, without a call to Salesforce; undefined where one has. */
export function findWithoutSearch(steps: readonly LookupStep[], question: ReadQuestion): Finding | undefined {
  let reason: AnswerReason = 'no-match';
  for (const { search } of steps) {
    const input = searchInputOf(search, question);
    if (input.kind !== 'none') return undefined;
    if (reason === 'no-match') reason = input.reason;
  }
  return { reason, matches: 0 };
}

const nothing: SearchInput = { kind: 'none', reason: 'no-match' };

/** An extension of the phone system itself is nobody in Salesforce. */
function ofNumber(number: ReadNumber): SearchInput {
  switch (number.kind) {
    case 'number':
      return { kind: 'number', number };
    case 'internal':
      return nothing;
    case 'withheld':
      return { kind: 'none', reason: 'withheld' };
    case 'invalid':
      return { kind: 'none', reason: 'invalid-number' };
  }
}

function ofText(text: string, as: FixedForm, leadingZerosTo: number): SearchInput {
  if (as === 'id') {
    const id = toId18(text.trim());
    return id === undefined ? nothing : { kind: 'exact', values: [id] };
  }
  if (as === 'number')
    return /^-?\d{1,15}(?:\.\d{1,10})?$/.test(text) ? { kind: 'exact', values: [Number(text)] } : nothing;
  const padded = /^\d+$/.test(text) ? [text.padStart(leadingZerosTo, '0')] : [];
  return { kind: 'exact', values: [...new Set([text, ...padded])] };
}
