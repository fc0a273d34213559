import type { DialingRules } from '../domain/dialing-rules.ts';
import { readExplained, type ReadNumber } from '../phone-numbers/read-number.ts';
import { mainNumbers, mainNumberSpellings, searchDigits, spellings } from '../phone-numbers/spellings.ts';

export interface NumberExplanation {
  readonly number: ReadNumber;
  /** What was taken for the prefix of an outside line, and removed; empty when nothing was. */
  readonly prefixCut: string;
  /** How it may be stored; these are searched for exactly. Empty where nothing is searched for. */
  readonly spellings: readonly string[];
  /** As E.164, the numbers that the caller's company may have as its main number, and how these may be stored. */
  readonly mainNumbers: readonly string[];
  readonly mainNumberSpellings: readonly string[];
  /** The words for the search index. */
  readonly digits: readonly string[];
}

/** How a phone system's number is read under its rules, and what Salesforce is searched for. */
export function explainNumber(raw: string, rules: DialingRules): NumberExplanation {
  const { number, prefixCut } = readExplained(raw, rules);
  if (number.kind !== 'number') {
    return { number, prefixCut, spellings: [], mainNumbers: [], mainNumberSpellings: [], digits: [] };
  }
  return {
    number,
    prefixCut,
    spellings: spellings(number, rules),
    mainNumbers: mainNumbers(number, rules).map((national) => `+${number.countryCode}${national}`),
    mainNumberSpellings: mainNumberSpellings(number, rules),
    digits: searchDigits(number, rules),
  };
}
