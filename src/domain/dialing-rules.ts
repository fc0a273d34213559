/** How one phone system writes the numbers it signals. Every prefix is digits, `*` or `#`; an empty text means that there is none. */
export interface DialingRules {
  /** ISO 3166-1 alpha-2; national numbers are read as of this country. */
  readonly country: string;
  /** The country calling code, digits only: `49`. */
  readonly countryCode: string;
  /** National trunk prefix: `0` in most of Europe, `1` in North America, none in Denmark. */
  readonly longDistancePrefix: string;
  /** `00` in most of Europe, `011` in North America. */
  readonly internationalPrefix: string;
  /** A leading `+` is dialled as the international prefix; of no matter to reading. */
  readonly dialInternationalPrefix: boolean;
  /**
   * What the phone system puts before an external number, several separated by semicolons: `0;#1;#0`. The longest that fits is
   * removed, once, and only where a number that can be dialled is left.
   */
  readonly outsidePrefixes: string;
  /** Put before a number that arrives without its trunk prefix; empty where numbers arrive whole. */
  readonly addPrefix: string;
  /** Search only spellings that carry the trunk prefix or the country code. */
  readonly keepLongDistancePrefix: boolean;
  /** Without trunk prefix; completes a local number that arrives without its area code. */
  readonly areaCode: string;
  /** Numbers of at most this many digits are internal; 0: none are. */
  readonly internalLength: number;
  /** The number ends before the first of these characters. */
  readonly truncateAt: string;
  /** How many digits may be cut from the right to find a company's main number; 0: none. */
  readonly ddiDigits: number;
}

/** What does not depend on the country. */
export const commonDialingRules = {
  dialInternationalPrefix: false,
  outsidePrefixes: '',
  addPrefix: '',
  keepLongDistancePrefix: false,
  areaCode: '',
  internalLength: 4,
  truncateAt: '@;',
} as const satisfies Partial<DialingRules>;
