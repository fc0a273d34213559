import { betweenDigits, blanks, filledIn } from '../domain/blank-digits.ts';
import type { DialingRules } from '../domain/dialing-rules.ts';
import { madeOnce } from '../made-once.ts';
import { isNanp, numberingPlan } from './numbering-plans.ts';
import { groupingOf, type Grouping } from './number-patterns.ts';
import type { PhoneNumber } from './read-number.ts';

/** Length of a Salesforce phone field. */
const fieldLength = 40;
/** Bounds the query; the rarest spellings come last and are left to the search. */
const maxSpellings = 56;
/** Shorter than this a main number would be an area code. */
const shortestMainNumber = 6;

/** The number in the parts that people separate. */
export interface NumberParts {
  readonly countryCode: string;
  /** Empty where there is none, and in North America, where it is the country code. */
  readonly trunk: string;
  readonly area: string;
  readonly rest: readonly string[];
}

/**
 * How a number may be typed into a phone field, for exact comparison; with blanks for its digits, and the same object for all numbers
 * that are grouped alike.
 */
export interface SpellingPatterns {
  /** The most likely first, without repetition. */
  readonly own: readonly string[];
  /** How a company's main number may be typed when the number is one of its direct-dial numbers; the longest first. */
  readonly main: readonly string[];
  /** Both. */
  readonly all: readonly string[];
}

/** How the number may be typed into a phone field, the most likely first, without repetition; for exact comparison. */
export const spellings = (number: PhoneNumber, rules: DialingRules): readonly string[] =>
  spellingPatterns(number, rules).own.map((spelling) => filledIn(spelling, number.national));

/** How a company's main number may be typed when the caller's number is one of its direct-dial numbers; the longest first. */
export const mainNumberSpellings = (number: PhoneNumber, rules: DialingRules): readonly string[] =>
  spellingPatterns(number, rules).main.map((spelling) => filledIn(spelling, number.national));

/** A phone system is called by numbers of some dozens of groupings; all that the library knows are some thousands. */
const maxPatternsKnown = 500;
const patternsKnown = madeOnce<DialingRules, Map<Grouping, SpellingPatterns>>(() => new Map());

export function spellingPatterns(number: PhoneNumber, rules: DialingRules): SpellingPatterns {
  const grouping = groupingOf(number);
  const known = patternsKnown(rules);
  const before = known.get(grouping);
  if (before !== undefined) return before;
  const patterns = toPatterns(grouping, rules);
  if (known.size === maxPatternsKnown) known.clear();
  known.set(grouping, patterns);
  return patterns;
}

function toPatterns(grouping: Grouping, rules: DialingRules): SpellingPatterns {
  const number: Unwritten = {
    countryCode: grouping.countryCode,
    country: grouping.country,
    national: blanks(grouping.length),
  };
  const { international, national } = grouping.write(number.national);
  const parts = partsOf(number, international);
  const typed = isNanp(number.countryCode) ? northAmerican(parts) : elsewhere(parts, rules);
  const accepted = [`+${number.countryCode}${number.national}`, international, national, ...typed].filter((spelling) =>
    keepsPrefix(spelling, number, parts, rules),
  );
  const own = bounded(accepted, maxSpellings);
  const main = mainNumbers(number, rules).flatMap((shorter) => spellingsOfMain(shorter, parts));
  return { own, main, all: [...own, ...main] };
}

/** What of a number spellings are made of: its digits may be blanks. */
type Unwritten = Pick<PhoneNumber, 'countryCode' | 'country' | 'national'>;

function spellingsOfMain(main: string, { countryCode, trunk, area }: NumberParts): readonly string[] {
  const rest = main.slice(area.length);
  const bare = [
    `+${countryCode}${main}`,
    `+${countryCode} ${area} ${rest}`,
    `${trunk}${area} ${rest}`,
    `${trunk}${main}`,
    `${trunk}${area}/${rest}`,
    `+${countryCode} (${trunk})${area} ${rest}`,
  ];
  return bounded([...bare.map((spelling) => `${spelling}-0`), ...bare], 2 * bare.length);
}

/** National significant numbers that the caller's company may have as its main number: digits cut from the right, one by one. */
export function mainNumbers(number: Unwritten, rules: DialingRules): readonly string[] {
  if (isNanp(number.countryCode)) return [];
  return Array.from({ length: rules.ddiDigits }, (_, cut) => number.national.slice(0, -(cut + 1))).filter(
    (main) => main.length >= shortestMainNumber,
  );
}

/** Digits under which a search index may hold the number, or else its company's main number; the caller's own first. */
export function searchDigits(number: PhoneNumber, rules: DialingRules): readonly string[] {
  const nationals = [number.national, ...mainNumbers(number, rules)];
  return [...new Set(nationals.flatMap((national) => writtenDigits({ ...number, national })))];
}

function writtenDigits(number: PhoneNumber): readonly string[] {
  const trunk = trunkPrefixOf(number);
  const { countryCode, national } = number;
  const bare = [national, trunk + national, countryCode + national, countryCode + trunk + national];
  return isNanp(countryCode) ? bare : [...bare, ...bare.slice(0, 3).map((digits) => `${digits}0`)];
}

/** The trunk prefix of the number's own country; empty in North America, where it is the country code. */
export const trunkPrefixOf = (number: Unwritten): string =>
  number.country === undefined || isNanp(number.countryCode) ? '' : numberingPlan(number.country).trunkPrefix;

function partsOf(number: Unwritten, international: string): NumberParts {
  const { countryCode, national } = number;
  const groups = international.slice(countryCode.length + 2).split(betweenDigits);
  const [area = national, ...rest] = groups.join('') === national ? groups : [];
  return { countryCode, trunk: trunkPrefixOf(number), area, rest };
}

function northAmerican({ area, rest }: NumberParts): string[] {
  const [exchange = '', line = ''] = rest;
  return [
    `(${area}) ${exchange}-${line}`,
    `${area}-${exchange}-${line}`,
    `${area}${exchange}${line}`,
    `+1 ${area}-${exchange}-${line}`,
    `+1 (${area}) ${exchange}-${line}`,
    `1-${area}-${exchange}-${line}`,
    `${area}.${exchange}.${line}`,
    `1${area}${exchange}${line}`,
    `+1-${area}-${exchange}-${line}`,
    `+1.${area}.${exchange}.${line}`,
    `+1 ${area}.${exchange}.${line}`,
    `+1${area}.${exchange}.${line}`,
    `+1 ${area}${exchange}${line}`,
    `+1 (${area})${exchange}-${line}`,
    `+1(${area})${exchange}-${line}`,
    `+1(${area}) ${exchange}-${line}`,
    `1 (${area}) ${exchange}-${line}`,
    `1(${area})${exchange}-${line}`,
    `1 ${area} ${exchange} ${line}`,
    `1 ${area} ${exchange}-${line}`,
    `1 ${area}-${exchange}-${line}`,
    `1.${area}.${exchange}.${line}`,
    `(${area})${exchange}-${line}`,
    `(${area}) ${exchange} ${line}`,
    `(${area}) ${exchange}${line}`,
    `(${area}) ${exchange}.${line}`,
    `(${area})-${exchange}-${line}`,
    `${area} ${exchange} ${line}`,
    `${area} ${exchange}-${line}`,
    `${area}-${exchange}${line}`,
    `${area}/${exchange}-${line}`,
    `${area} ${exchange}${line}`,
    `001${area}${exchange}${line}`,
    `001 ${area} ${exchange} ${line}`,
    `001 ${area} ${exchange}-${line}`,
    `001 (${area}) ${exchange}-${line}`,
  ];
}

function elsewhere(parts: NumberParts, rules: DialingRules): string[] {
  const { countryCode, trunk, area, rest } = parts;
  const subscriber = rest.join('');
  const spaced = rest.join(' ');
  const full = area + subscriber;
  const home = `${trunk}${area}`;
  const from =
    rules.countryCode !== countryCode && rules.internationalPrefix !== '00' ? [rules.internationalPrefix] : [];
  const separate = (start: string, separator: string) => [start, ...rest].join(separator);
  const withTrunk =
    trunk === ''
      ? []
      : [
          `+${countryCode} (${trunk})${area} ${spaced}`,
          `+${countryCode} (${trunk}) ${area} ${spaced}`,
          `+${countryCode}(${trunk})${full}`,
          `00${countryCode} (${trunk})${area} ${spaced}`,
          `+${countryCode} (${trunk})${area} ${subscriber}`,
          `+${countryCode} (${trunk})${area}/${subscriber}`,
          `+${countryCode} (${trunk})${area}-${subscriber}`,
          `+${countryCode} (${trunk}) ${area} ${subscriber}`,
          `+${countryCode}(${trunk})${area} ${spaced}`,
          `00${countryCode}(${trunk})${full}`,
          `+${countryCode}${trunk}${full}`,
          `00${countryCode}${trunk}${full}`,
          `+${countryCode} ${home} ${spaced}`,
        ];
  return [
    `${trunk}${full}`,
    `00${countryCode}${full}`,
    `00${countryCode} ${area} ${spaced}`,
    `${home}/${subscriber}`,
    `${home}-${subscriber}`,
    ...withTrunk.slice(0, 4),
    `${home} ${spaced}`,
    `${home} ${subscriber}`,
    `+${countryCode} ${area} ${subscriber}`,
    `+${countryCode} ${full}`,
    full,
    `${countryCode}${full}`,
    `${area} ${spaced}`,
    ...from.flatMap((prefix) => [`${prefix}${countryCode}${full}`, `${prefix} ${countryCode} ${area} ${spaced}`]),
    `(${home}) ${spaced}`,
    `(${home}) ${subscriber}`,
    separate(home, '.'),
    separate(home, '-'),
    `+${countryCode}-${separate(area, '-')}`,
    `+${countryCode}.${separate(area, '.')}`,
    `+${countryCode} ${area}-${subscriber}`,
    `+${countryCode} ${area}/${subscriber}`,
    `+${countryCode} (${area}) ${spaced}`,
    `+${countryCode} (${area}) ${subscriber}`,
    `+${countryCode}/${area}/${subscriber}`,
    ...withTrunk.slice(4),
    `${home} / ${subscriber}`,
    `${home} / ${spaced}`,
    `${home}/${spaced}`,
    `${home} - ${subscriber}`,
    `${area}-${subscriber}`,
    `${area}/${subscriber}`,
    `${home} ${spaced}-0`,
    `${home}/${subscriber}-0`,
    `+${countryCode} ${area} ${subscriber}-0`,
    `+${countryCode} (${trunk})${area} ${subscriber}-0`,
    `${countryCode} ${area} ${spaced}`,
    `00${countryCode}-${area}-${subscriber}`,
    `00${countryCode}/${area}/${subscriber}`,
    `00${countryCode} ${area} ${subscriber}`,
  ];
}

/** With *do not truncate long distance prefix*, a spelling must carry the trunk prefix or the country code. */
function keepsPrefix(spelling: string, number: Unwritten, parts: NumberParts, rules: DialingRules): boolean {
  if (!rules.keepLongDistancePrefix || (parts.trunk === '' && !isNanp(number.countryCode))) return true;
  const digits = spelling.replace(betweenDigits, '');
  return digits !== number.national && digits !== `${number.national}0`;
}

function bounded(spelled: readonly string[], max: number): readonly string[] {
  const distinct = new Set<string>();
  for (const spelling of spelled) {
    const text = spelling.trim();
    if (text.length <= fieldLength) distinct.add(text);
    if (distinct.size === max) break;
  }
  return [...distinct];
}
