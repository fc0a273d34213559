import { countriesOf, planOf, type LibraryPlan } from './library-plans.ts';
import type { PhoneNumber } from './read-number.ts';

/*
 * The library makes its patterns anew for every number, and for every question about it: a quarter of what a lookup did before its query
 * went out. Here they are made once, for the two things that every lookup needs: reading a number that is written in full, and grouping
 * it. What has to be interpreted (prefixes, numbers that no plan knows) is left to the library, with which all of this agrees.
 */

/** Longer than the 15 digits of E.164: Germany has such numbers. */
const inFull = /^\+[1-9]\d{5,18}$/;
const longestCallingCode = 3;

/**
 * Reads `+` and digits as a number that the plan of its country knows. Undefined for everything else, and where the plan may take the
 * first digits for a prefix.
 */
export function readInFull(text: string): PhoneNumber | undefined {
  if (!inFull.test(text)) return undefined;
  const code = callingCodeOf(text);
  if (code === undefined) return undefined;
  const national = text.slice(1 + code.callingCode.length);
  const [prefix = ''] = code.prefix?.exec(national) ?? []; // what Argentina's may be is nothing, mostly
  if (prefix !== '') return undefined;
  const plan = code.countries.length === 1 ? code.countries[0] : code.countries.find((each) => isOf(each, national));
  if (plan === undefined || !isKnown(plan, national)) return undefined;
  return { kind: 'number', e164: text, countryCode: code.callingCode, national, country: plan.country };
}

export interface WrittenNumber {
  /** `+49 7525 43312` */
  readonly international: string;
  /** `07525 43312` */
  readonly national: string;
}

/** How the numbers of one country, one format and one length are grouped. */
export interface Grouping {
  readonly countryCode: string;
  /** Undefined for numbers of no country. */
  readonly country: string | undefined;
  readonly length: number;
  /** Any text of that length in its groups. */
  write(national: string): WrittenNumber;
}

/** The same object for all numbers that are grouped alike, so that what is made of it is made once. */
export function groupingOf(number: PhoneNumber): Grouping {
  const { countryCode, country, national } = number;
  const format = formatsOf(country ?? countryCode).find(
    ({ leading, pattern }) => leading?.test(national) !== false && pattern.test(national),
  );
  if (format === undefined) throw new RangeError('A national number has digits alone.');
  return (format.groupings[national.length] ??= toGrouping(number, format));
}

// ------------------------------------------------------------------------------------------------------------- plans

interface CallingCode {
  readonly callingCode: string;
  /** What a plan may take for a prefix, at the beginning. */
  readonly prefix: RegExp | undefined;
  /** The main one first. */
  readonly countries: readonly CountryPatterns[];
}

interface CountryPatterns {
  readonly country: string;
  /** Tells the country's numbers from those of others under the same code. */
  readonly leading: RegExp | undefined;
  readonly all: RegExp;
  /** Where these are listed, a number is one of them; how long each may be follows from its pattern. */
  readonly kinds: readonly RegExp[] | undefined;
}

const isOf = (patterns: CountryPatterns, national: string): boolean =>
  patterns.leading === undefined ? isOneOfItsKinds(patterns, national) : patterns.leading.test(national);

const isKnown = (patterns: CountryPatterns, national: string): boolean =>
  patterns.kinds === undefined ? patterns.all.test(national) : isOneOfItsKinds(patterns, national);

const isOneOfItsKinds = ({ all, kinds = [] }: CountryPatterns, national: string): boolean =>
  all.test(national) && kinds.some((kind) => kind.test(national));

const codesKnown = new Map<string, CallingCode | undefined>();

/** The one that an international number begins with; no code is the beginning of another. */
function callingCodeOf(text: string): CallingCode | undefined {
  for (let length = 1; length <= longestCallingCode; length++) {
    const digits = text.slice(1, 1 + length);
    if (!codesKnown.has(digits)) codesKnown.set(digits, toCallingCode(digits));
    const code = codesKnown.get(digits);
    if (code !== undefined) return code;
  }
  return undefined;
}

/** Undefined for what is no code, or that of no country. */
function toCallingCode(callingCode: string): CallingCode | undefined {
  const countries = countriesOf(callingCode);
  if (countries === undefined) return undefined;
  const prefix = planOf(callingCode).nationalPrefixForParsing();
  return { callingCode, prefix: prefix ? atBeginning(prefix) : undefined, countries: countries.map(toPatterns) };
}

function toPatterns(country: string): CountryPatterns {
  const plan = planOf(country);
  const leading = plan.leadingDigits();
  const kinds = kindNames.flatMap((name) => {
    const pattern = plan.type(name)?.pattern();
    return pattern ? [entirely(pattern)] : [];
  });
  return {
    country,
    leading: leading ? atBeginning(leading) : undefined,
    all: entirely(plan.nationalNumberPattern()),
    kinds: plan.hasTypes() ? kinds : undefined,
  };
}

interface Format {
  readonly leading: RegExp | undefined;
  readonly pattern: RegExp;
  readonly international: Template;
  readonly national: Template;
  /** By the length of the national number, which is all that a pattern makes its groups by: they have no digits of their own. */
  readonly groupings: (Grouping | undefined)[];
}

const formatsKnown = new Map<string, readonly Format[]>();

/** The last of them takes every number. */
function formatsOf(countryOrCode: string): readonly Format[] {
  const known = formatsKnown.get(countryOrCode);
  if (known !== undefined) return known;
  const formats = [...planOf(countryOrCode).formats().map(toFormat), { ...ungrouped, groupings: [] }];
  formatsKnown.set(countryOrCode, formats);
  return formats;
}

function toFormat(format: ReturnType<LibraryPlan['formats']>[number]): Format {
  const leading = format.leadingDigitsPatterns().at(-1);
  const prefixed = format.nationalPrefixFormattingRule();
  return {
    leading: leading === undefined ? undefined : atBeginning(leading),
    pattern: entirely(format.pattern()),
    international: toTemplate(format.internationalFormat().replace(/[^$\d]+/g, ' ')),
    // The rule's own `$1` is the group that it takes the place of: the second in Argentina.
    national: toTemplate(prefixed ? format.format().replace(/(\$\d)/, prefixed) : format.format()),
    groupings: [],
  };
}

function toGrouping({ countryCode, country, national }: PhoneNumber, format: Format): Grouping {
  const [, ...groups] = format.pattern.exec(national) ?? [];
  const ends = groups.map((_, index) => groups.slice(0, index + 1).join('').length);
  return {
    countryCode,
    country,
    length: national.length,
    write(text) {
      const parts = ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
      return {
        international: `+${countryCode} ${filled(format.international, parts).trim()}`,
        national: filled(format.national, parts),
      };
    },
  };
}

/** Texts and the numbers of groups between them: `['0', 1, ' ', 2]`. */
type Template = readonly (string | number)[];

/** From `0$1 $2`. */
const toTemplate = (text: string): Template =>
  text.split(/(\$\d)/).map((part) => (/^\$\d$/.test(part) ? Number(part.slice(1)) : part));

const filled = (template: Template, groups: readonly string[]): string =>
  template.map((part) => (typeof part === 'string' ? part : (groups[part - 1] ?? ''))).join('');

const ungrouped = { leading: undefined, pattern: /^(\d+)$/, international: [1], national: [1] };

const kindNames = [
  'FIXED_LINE',
  'MOBILE',
  'TOLL_FREE',
  'PREMIUM_RATE',
  'PERSONAL_NUMBER',
  'VOICEMAIL',
  'UAN',
  'PAGER',
  'VOIP',
  'SHARED_COST',
];

const entirely = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const atBeginning = (pattern: string) => new RegExp(`^(?:${pattern})`);
