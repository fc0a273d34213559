import { defaultDialingRules } from '../../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../../src/phone-numbers/read-number.ts';
import { agreement } from '../../../src/phone-numbers/same-number.ts';
import { mainNumberSpellings, searchDigits, spellings } from '../../../src/phone-numbers/spellings.ts';
import { readQuestion } from '../../../src/use-cases/read-question.ts';
import type { MatchingContest, MatchingRow } from './table.ts';

export interface MatchingOutcome {
  readonly verdict: MatchingRow['expected'];
  /** How the stored text would be returned by Salesforce; `nowhere` also where verification refused it. */
  readonly foundBy: 'values' | 'digits' | 'nowhere';
}

/**
 * The words under which Salesforce's index holds a phone number: its digits without punctuation and extension, and their endings of at
 * least seven digits (observed: the national number finds an international notation).
 */
function indexedWords(stored: string): ReadonlySet<string> {
  const words = stored.split(/[,;]|\bor\b/).flatMap((part) => {
    const digits = part.replace(/\s*(?:x|ext\.?)\s*\d+\s*$/i, '').replace(/\D/g, '');
    return [digits, ...Array.from({ length: Math.max(0, digits.length - 7) }, (_, cut) => digits.slice(cut + 1))];
  });
  return new Set(words);
}

/** What becomes of a row: returned by one of the two queries, then accepted or refused by its digits. */
export function outcomeOf(row: MatchingRow): MatchingOutcome {
  const rules = { ...defaultDialingRules(row.country), ...row.rules };
  const question = { callerId: row.arrives, ...(row.called !== undefined && { calledId: row.called }) };
  const { caller: number } = readQuestion(question, (sent) => readNumber(sent, rules));
  if (number.kind !== 'number') return { verdict: 'miss', foundBy: 'nowhere' };
  const words = indexedWords(row.stored);
  const foundBy = [...spellings(number, rules), ...mainNumberSpellings(number, rules)].includes(row.stored)
    ? 'values'
    : searchDigits(number, rules).some((digits) => words.has(digits))
      ? 'digits'
      : 'nowhere';
  const agreed = agreement(row.stored, number, rules);
  // Verification alone must refuse a stranger, whatever a query returns; a match counts only when a query returns it.
  const accepted = agreed === undefined ? 'miss' : agreed === 0 ? 'hit' : 'main';
  if (row.expected === 'miss') return { verdict: accepted, foundBy };
  return foundBy === 'nowhere' ? { verdict: 'miss', foundBy } : { verdict: accepted, foundBy };
}

/** Which of the stored texts win: those that agree with the fewest digits cut. */
export function winnersOf({ country, arrives, stored }: MatchingContest): readonly string[] {
  const rules = defaultDialingRules(country);
  const number = readNumber(arrives, rules);
  if (number.kind !== 'number') return [];
  const cuts = stored.map((text) => agreement(text, number, rules) ?? Infinity);
  const fewest = Math.min(...cuts);
  return stored.filter((_, index) => fewest < Infinity && cuts[index] === fewest);
}
