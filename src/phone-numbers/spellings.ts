import type { DialingRules } from '../domain/dialing-rules.ts';
import { madeOnce } from '../made-once.ts';
import { isNanp, numberingPlan } from './numbering-plans.ts';
import { writeNumber, type WrittenNumber } from './number-patterns.ts';
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

/** How the number may be typed into a phone field, the most likely first, without repetition; for exact comparison. */
export function spellings(number: PhoneNumber, rules: DialingRules): readonly string[] {
  const { international, national, parts } = formatsOf(number);
  const typed = isNanp(number.countryCode) ? northAmerican(parts) : elsewhere(parts, rules);
  const accepted = [number.e164, international, national, ...typed].filter((spelling) =>
    keepsPrefix(spelling, number, parts, rules),
  );
  return bounded(accepted, maxSpellings);
}

/** How a company's main number may be typed when the caller's number is one of its direct-dial numbers; the longest first. */
export function mainNumberSpellings(number: PhoneNumber, rules: DialingRules): readonly string[] {
  const { countryCode, trunk, area } = formatsOf(number).parts;
  return mainNumbers(number, rules).flatMap((main) => {
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
  });
}

/** National significant numbers that the caller's company may have as its main number: digits cut from the right, one by one. */
export function mainNumbers(number: PhoneNumber, rules: DialingRules): readonly string[] {
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
export const trunkPrefixOf = (number: PhoneNumber): string =>
  number.country === undefined || isNanp(number.countryCode) ? '' : numberingPlan(number.country).trunkPrefix;

interface Formats extends WrittenNumber {
  readonly parts: NumberParts;
}

/** Needed for the own and the main number. */
const formatsOf = madeOnce((number: PhoneNumber): Formats => {
  const written = writeNumber(number);
  return { ...written, parts: partsOf(number, written.international) };
});

function partsOf(number: PhoneNumber, international: string): NumberParts {
  const groups = international.slice(number.countryCode.length + 1).match(/\d+/g) ?? [];
  const [area = number.national, ...rest] = groups.join('') === number.national ? groups : [];
  return { countryCode: number.countryCode, trunk: trunkPrefixOf(number), area, rest };
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
function keepsPrefix(spelling: string, number: PhoneNumber, parts: NumberParts, rules: DialingRules): boolean {
  if (!rules.keepLongDistancePrefix || (parts.trunk === '' && !isNanp(number.countryCode))) return true;
  const digits = spelling.replace(/\D/g, '');
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
