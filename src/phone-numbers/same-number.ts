import type { DialingRules } from '../domain/dialing-rules.ts';
import { isNanp, numberingPlan } from './numbering-plans.ts';
import { isNationalNumber, readStored, type PhoneNumber } from './read-number.ts';
import { mainNumbers, trunkPrefixOf } from './spellings.ts';

/**
 * How many digits are cut from the right of the caller's number to make the stored one of it. 0: it is the caller's own; else the main
 * number of the company whose direct-dial number calls, the likelier the fewer. Undefined: it is another's.
 */
export type Agreement = number | undefined;

const extension = /(?<=\d[\s().\-/,;]*)(?:extension|extn?|x|durchwahl|dw|#)[\s.:=]*\d{1,7}\s*$/i;
/** A main number as German companies print it: `07525 43312-0`. */
const operator = /(?<=\d)\s*-\s*0$/;

/**
 * Whether a stored text is the caller's number: compared by all digits, after both sides are normalised. A text without country code
 * is read as of the phone system's country, or of the caller's where it is no number at home.
 */
export function agreement(stored: string, number: PhoneNumber, rules: DialingRules): Agreement {
  if (isPlainlyWritten(stored, number, rules)) return 0;
  const texts = numbersIn(stored);
  const accepted = acceptedDigits(number, rules);
  for (const text of texts) {
    const written = normalise(text);
    if (written.digits.length < 4) continue;
    if (isOneOf(written, accepted, number, rules) || isSameByPlan(text, number, rules)) return 0;
  }
  const mains = mainNumbers(number, rules).map((national) => acceptedDigits({ ...number, national }, rules));
  const written = [...texts].map(normalise);
  const cut = mains.findIndex((main) => written.some((each) => isOneOf(each, main, number, rules)));
  return cut === -1 ? undefined : cut + 1;
}

/** The same for a record's fields: that of the one that says most. */
export function bestAgreement(stored: readonly string[], number: PhoneNumber, rules: DialingRules): Agreement {
  // A record found has the number in one of its fields, mostly plainly, and others in the rest, which would have to be read with care.
  if (stored.some((text) => isPlainlyWritten(text, number, rules))) return 0;
  const cuts = stored.flatMap((text) => agreement(text, number, rules) ?? []);
  return cuts.length === 0 ? undefined : Math.min(...cuts);
}

/** Whether it is nothing but the number, as it is written abroad or in its own country, which leaves nothing to be read: so are most. */
function isPlainlyWritten(stored: string, number: PhoneNumber, rules: DialingRules): boolean {
  const digits = plainDigits(stored);
  if (digits === undefined) return false;
  const { countryCode, national } = number;
  const dialled = trunkPrefixOf(number) + national;
  const isAbroad = (text: string) => text === countryCode + national || text === countryCode + dialled;
  return (
    isAbroad(digits) ||
    (!stored.startsWith('+') &&
      ((digits === dialled && countryCode === rules.countryCode) ||
        (digits.startsWith('00') && isAbroad(digits.slice(2)))))
  );
}

/** The digits of a text that has nothing else but what separates them, and maybe a plus in front; patterns would take twice as long. */
function plainDigits(text: string): string | undefined {
  let digits = '';
  for (let index = text.startsWith('+') ? 1 : 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character >= '0' && character <= '9') digits += character;
    else if (!' ().-/'.includes(character)) return undefined;
  }
  return digits;
}

/** The texts that may be one number each: the whole, where no words stand between its digits, and its parts, where it lists several. */
function numbersIn(stored: string): ReadonlySet<string> {
  const text = stored.replace(extension, '');
  const parts = text.split(/[,;]|\s\/\s|\p{L}+/u).filter((part) => /\d/.test(part));
  return new Set(/\d.*\p{L}.*\d/u.test(text) ? parts : [text, ...parts]);
}

/** Whether a stored text is exactly the caller's number. */
export const sameNumber = (stored: string, number: PhoneNumber, rules: DialingRules): boolean =>
  agreement(stored, number, rules) === 0;

interface Written {
  /** Without prefix for international calls; that is told by `international`. */
  readonly digits: string;
  readonly international: boolean;
  /** Without the `-0` that stands for the operator; undefined where none is written. */
  readonly main: string | undefined;
  /** Grouped as North Americans do: `(415) 555-0100`. */
  readonly northAmerican: boolean;
}

interface AcceptedDigits {
  readonly international: ReadonlySet<string>;
  readonly national: ReadonlySet<string>;
}

function normalise(text: string): Written {
  const bare = text
    .normalize('NFKC')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(extension, '')
    .trim();
  const main = operator.test(bare) ? bare.replace(operator, '') : undefined;
  const digits = bare.replace(/\D/g, '');
  return {
    digits,
    international: /^\D*\+/.test(bare) && !/^\D*\d.*\+/.test(bare),
    main: main?.replace(/\D/g, ''),
    northAmerican: /^\D*\(?\d{3}\)?[\s.-]*\d{3}[.-]\d{4}\D*$/.test(bare),
  };
}

/** All that may be written for the number: as a whole, with a trunk zero that should not be there, or without any prefix. */
function acceptedDigits({ countryCode, national, ...number }: PhoneNumber, rules: DialingRules): AcceptedDigits {
  const trunk = trunkPrefixOf({ ...number, countryCode, national });
  const bare = !rules.keepLongDistancePrefix || (trunk === '' && !isNanp(countryCode)) ? [national] : [];
  return {
    international: new Set([countryCode + national, countryCode + trunk + national]),
    national: new Set([...bare, trunk + national]),
  };
}

function isOneOf(written: Written, accepted: AcceptedDigits, number: PhoneNumber, rules: DialingRules): boolean {
  return [written.digits, ...(written.main === undefined ? [] : [written.main])].some((digits) => {
    if (written.international) return accepted.international.has(digits);
    const prefixes = new Set([
      '00',
      rules.internationalPrefix,
      ...(number.country === undefined ? [] : [numberingPlan(number.country).internationalPrefix]),
    ]);
    for (const prefix of prefixes)
      if (prefix !== '' && digits.startsWith(prefix) && accepted.international.has(digits.slice(prefix.length)))
        return true;
    if (accepted.national.has(digits)) return isReadAbroad(written, digits, number, rules);
    return accepted.international.has(digits);
  });
}

/** Whether a number without country code may be one of the caller's country, when the phone system stands in another. */
function isReadAbroad(written: Written, digits: string, number: PhoneNumber, rules: DialingRules): boolean {
  if (number.countryCode === rules.countryCode) return true;
  if (isNanp(number.countryCode) && written.northAmerican) return true;
  return !isNationalNumber(digits, rules.country);
}

/** For what digits alone do not tell: mobile prefixes and carrier codes that exist only in national notation (Argentina, Brazil). */
function isSameByPlan(text: string, number: PhoneNumber, rules: DialingRules): boolean {
  const tail = number.national.slice(-6);
  const bare = text.replace(extension, '');
  const digits = bare.replace(/\D/g, '');
  if (!digits.endsWith(tail) || (rules.keepLongDistancePrefix && digits === number.national)) return false;
  return readStored(bare, rules.country)?.e164 === number.e164;
}
