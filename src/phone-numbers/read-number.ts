import { parsePhoneNumberFromString, type PhoneNumber as ParsedNumber } from 'libphonenumber-js/min';
import type { DialingRules } from '../domain/dialing-rules.ts';
import { madeOnce } from '../made-once.ts';
import { readInFull } from './number-patterns.ts';
import { isCountry, isNanp } from './numbering-plans.ts';
import { isKeypadWord, isWithheld, isZeros } from './withheld.ts';

/** A number in full. */
export interface PhoneNumber {
  readonly kind: 'number';
  /** `+49752543312` */
  readonly e164: string;
  /** The country calling code, digits only. */
  readonly countryCode: string;
  /** National significant number: without trunk prefix, with an Italian zero. */
  readonly national: string;
  /** ISO 3166-1 alpha-2; undefined for a number of no country. */
  readonly country: string | undefined;
}

export type ReadNumber =
  | PhoneNumber
  /** An extension of the phone system itself. */
  | { readonly kind: 'internal'; readonly digits: string }
  | { readonly kind: 'withheld' }
  | { readonly kind: 'invalid' };

/**
 * Reads what a phone system signals: as a number, a URI (`sip:`, `tel:`), with outside prefix, or as one of the many ways to say
 * that there is no number. Never throws, whatever the text.
 *
 * The readings that the rules allow are tried from the most to the least likely; the first that the country's numbering plan
 * knows wins, else the first whose length is possible there.
 */
export const readNumber = (raw: string, rules: DialingRules): ReadNumber => readExplained(raw, rules).number;

export interface ExplainedReading {
  readonly number: ReadNumber;
  /** What was taken for the prefix of an outside line, and removed; empty when nothing was. */
  readonly prefixCut: string;
}

/** The same, with what was made of the number's beginning. */
export function readExplained(raw: string, rules: DialingRules): ExplainedReading {
  const whole = (number: ReadNumber): ExplainedReading => ({ number, prefixCut: '' });
  if (raw === '') return whole({ kind: 'withheld' }); // at once: few questions have a called number and something keyed in
  const dialled = isBare(raw) ? raw : toDialled(raw, rules);
  if (typeof dialled !== 'string') return whole(dialled);
  if (isZeros(dialled) || (isKeypadWord(dialled) && !isDialledAtHome(dialled, rules)))
    return whole({ kind: 'withheld' });
  if (/^\d+$/.test(dialled) && dialled.length <= rules.internalLength) {
    return whole({ kind: 'internal', digits: dialled });
  }

  let possible: ExplainedReading | undefined;
  for (const { text: reading, isExplicit, prefixCut } of readings(dialled, rules)) {
    const inFull = readInFull(reading);
    if (inFull !== undefined) return { number: inFull, prefixCut };
    const parsed = parse(reading, rules);
    if (parsed?.isValid() === true) return { number: toNumber(parsed), prefixCut };
    // A zero in front that the plan does not know is no digit of a number, but one prefix too many.
    if (parsed?.isPossible() !== true || parsed.nationalNumber.startsWith('0')) continue;
    // Plans change faster than their metadata: a number that says that it is international is one.
    if (isExplicit) return { number: toNumber(parsed), prefixCut };
    possible ??= { number: toNumber(parsed), prefixCut };
  }
  return possible ?? whole({ kind: 'invalid' });
}

/** Reads a stored text as a number of a country; undefined when it is none in full. */
export function readStored(text: string, country: string): PhoneNumber | undefined {
  if (!isCountry(country)) return undefined;
  const number = parsePhoneNumberFromString(text, { defaultCountry: country, extract: false });
  return number?.isPossible() === true ? toNumber(number) : undefined;
}

/** Whether the digits, without any prefix, are a number that the country's plan knows. */
export function isNationalNumber(digits: string, country: string): boolean {
  return isCountry(country) && parsePhoneNumberFromString(digits, country)?.isValid() === true;
}

/**
 * Whether the country's plan knows the digits as they are dialled: with no prefix where it has none or does without it (`8656696` in
 * Iceland), or with what the rules put in front.
 */
function isDialledAtHome(dialled: string, rules: DialingRules): boolean {
  const { country, countryCode, longDistancePrefix: trunk, areaCode, addPrefix } = rules;
  const added = addPrefix + areaCode;
  return (
    /^\d/.test(dialled) &&
    (added !== '' || trunk === '' || isNanp(countryCode)) &&
    isNationalNumber(added + dialled, country)
  );
}

/** A number as the library has read it. */
export const toNumber = (parsed: ParsedNumber): PhoneNumber => ({
  kind: 'number',
  e164: parsed.number,
  countryCode: parsed.countryCallingCode,
  national: parsed.nationalNumber,
  country: parsed.country ?? parsed.getPossibleCountries()[0],
});

const parse = (reading: string, rules: DialingRules): ParsedNumber | undefined =>
  parsePhoneNumberFromString(
    reading,
    isCountry(rules.country) ? { defaultCountry: rules.country, extract: false } : undefined,
  );

/** Whether there is nothing to unwrap, as with most numbers: no rule cuts at a digit. */
const isBare = (text: string): boolean => /^\+?\d{1,39}$/.test(text);

/** What is to be dialled, without anything else; or what there is instead. */
function toDialled(raw: string, rules: DialingRules): string | Extract<ReadNumber, { kind: 'withheld' | 'invalid' }> {
  const text = toDialString(raw, rules);
  if (text === undefined) return { kind: 'invalid' };
  if (isWithheld(text)) return { kind: 'withheld' };
  return withoutSeparators(text) ?? { kind: 'invalid' };
}

/** Unwraps URIs and display names and cuts what follows the number. Undefined when nothing can be made of it. */
function toDialString(raw: string, rules: DialingRules): string | undefined {
  if (raw.length > 256) return undefined;
  // An unencoded plus in a query arrives as a space.
  const plus = /^\s+[1-9]/.test(raw) ? '+' : '';
  let text = toWesternDigits(raw.normalize('NFKC')).trim();
  text = /<([^<>]*)>/.exec(text)?.[1] ?? text;
  text = text.replace(/%2b/gi, '+').replace(/%20/g, ' ').replace(/%23/g, '#');
  const uri = /^(?:sips?|tel|callto):\s*/i.exec(text);
  const context = /;phone-context=(\+[\d().-]+)/i.exec(text)?.[1];
  text = cutAt(text.slice(uri?.[0].length ?? 0), uri === null ? rules.truncateAt : `${rules.truncateAt}@;:?`);
  // A local number with the prefix that makes it a global one (RFC 3966, 5.1.5).
  if (context !== undefined && /^[\d().-]+$/.test(text)) text = context + text;
  return plus + text.replace(/(?<=\d[\s().-]*)(?:extension|ext|x)[\s.:]*\d{1,7}\s*$/i, '').trim();
}

function cutAt(text: string, characters: string): string {
  const cut = Array.from(text).findIndex((character) => characters.includes(character));
  return cut === -1 ? text : Array.from(text).slice(0, cut).join('');
}

/** Arabic-Indic and Persian digits; full-width ones are western after normalisation. */
const toWesternDigits = (text: string): string =>
  text.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf));

function withoutSeparators(text: string): string | undefined {
  const dialled = text.replace(/[\s().\-/\p{Pd}\p{Cf}]/gu, '');
  return /^[\d*#+]{1,40}$/.test(dialled) ? dialled : undefined;
}

interface Reading {
  /** `+…` or a national number. */
  readonly text: string;
  /** Dialled with a plus or the international prefix. */
  readonly isExplicit: boolean;
  /** What was removed from the front as the prefix of an outside line. */
  readonly prefixCut: string;
}

const implicit = (text: string): Reading => ({ text, isExplicit: false, prefixCut: '' });
const explicit = (text: string): Reading => ({ text, isExplicit: true, prefixCut: '' });

/** Everything the dialled text may mean, the most likely first. */
function readings(dialled: string, rules: DialingRules): readonly Reading[] {
  const trimmed = withoutOutsidePrefix(dialled, rules);
  const inside = inCountry(dialled, rules);
  const outside = trimmed === undefined ? [] : afterPrefix(trimmed, rules);
  const likely = trimmed?.certain === true ? [...outside, ...inside] : [...inside, ...outside];
  return [...likely, ...asSent(dialled, rules)];
}

/** What is sent against the rules. */
function asSent(dialled: string, { internationalPrefix }: DialingRules): readonly Reading[] {
  const found: Reading[] = [];
  // An outside line that nobody told us of: nothing else starts with 0 or 9 and then an international prefix.
  if (internationalPrefix !== '' && /^[09]/.test(dialled) && dialled.startsWith(internationalPrefix, 1))
    found.push({ ...implicit(`+${dialled.slice(1 + internationalPrefix.length)}`), prefixCut: dialled.charAt(0) });
  // 00 is sent by networks whose callers dial something else; a bare country code, E.164 without its plus, by many.
  if (dialled.startsWith('00')) found.push(implicit(`+${dialled.slice(2)}`));
  else if (/^[1-9]/.test(dialled)) found.push(implicit(`+${dialled}`));
  return found;
}

/**
 * Removes the longest outside prefix that fits, once. It is *certain* to be one when a trunk or international prefix follows, or
 * when no number starts like that; otherwise a bare `0` might be the trunk prefix itself of a number that arrived without it.
 */
function withoutOutsidePrefix(dialled: string, rules: DialingRules): OutsideNumber | undefined {
  const prefix = outsidePrefixesOf(rules).find((listed) => dialled.startsWith(listed));
  if (prefix === undefined) return undefined;
  const rest = dialled.slice(prefix.length);
  const isFollowed = ['+', rules.internationalPrefix, rules.longDistancePrefix].some(
    (next) => next !== '' && rest.startsWith(next),
  );
  return { prefix, rest, certain: isFollowed || /\D/.test(prefix) };
}

/** The longest first. */
const outsidePrefixesOf = madeOnce(({ outsidePrefixes }: DialingRules): readonly string[] =>
  outsidePrefixes
    .split(';')
    .map((listed) => listed.trim())
    .filter((listed) => listed !== '')
    .sort((one, other) => other.length - one.length),
);

interface OutsideNumber {
  readonly prefix: string;
  readonly rest: string;
  readonly certain: boolean;
}

const afterPrefix = ({ prefix, rest }: OutsideNumber, rules: DialingRules): readonly Reading[] =>
  inCountry(rest, rules).map((reading) => ({ ...reading, prefixCut: prefix }));

function inCountry(dialled: string, rules: DialingRules): readonly Reading[] {
  const { internationalPrefix, addPrefix } = rules;
  // National, too: the plus may have been a space before.
  if (dialled.startsWith('+')) return [explicit(dialled), ...national(dialled.slice(1), rules)];
  const abroad =
    internationalPrefix !== '' && dialled.startsWith(internationalPrefix)
      ? [explicit(`+${dialled.slice(internationalPrefix.length)}`)]
      : [];
  return [
    ...abroad,
    ...national(addPrefix === '' || dialled.startsWith(addPrefix) ? dialled : addPrefix + dialled, rules),
  ];
}

function national(digits: string, rules: DialingRules): readonly Reading[] {
  const { countryCode, longDistancePrefix: trunk, areaCode } = rules;
  const found: Reading[] = [];
  if (trunk !== '' && digits.startsWith(trunk)) found.push(implicit(`+${countryCode}${digits.slice(trunk.length)}`));
  else {
    if (areaCode !== '' && !digits.startsWith(areaCode)) found.push(implicit(`+${countryCode}${areaCode}${digits}`));
    // Where a trunk prefix is in use, what starts with the country code instead is E.164 without its plus.
    if (trunk !== '' && digits.startsWith(countryCode)) found.push(implicit(`+${digits}`));
    found.push(implicit(`+${countryCode}${digits}`));
  }
  // Knows carrier codes, mobile prefixes and every other international prefix of the country.
  found.push(implicit(digits));
  return found;
}
