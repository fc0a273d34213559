import { Metadata } from 'libphonenumber-js/min';

/** What the library knows of a numbering plan; its own types leave most of it out. */
export interface LibraryPlan {
  callingCode(): string;
  /** The number 0 where there is none. */
  nationalPrefix(): string | number | undefined;
  nationalPrefixForParsing(): string | undefined;
  IDDPrefix(): string | undefined;
  possibleLengths(): readonly number[];
  nationalNumberPattern(): string;
  leadingDigits(): string | undefined;
  hasTypes(): boolean;
  type(name: string): { pattern(): string | undefined } | undefined;
  formats(): readonly {
    pattern(): string;
    format(): string;
    /** From the least to the most exact. */
    leadingDigitsPatterns(): readonly string[];
    nationalPrefixFormattingRule(): string | undefined;
    internationalFormat(): string;
  }[];
}

const library = new Metadata() as unknown as {
  selectNumberingPlan(countryOrCode: string): { readonly numberingPlan: LibraryPlan };
  getCountryCodesForCallingCode(callingCode: string): readonly string[] | undefined;
};

/** Of a country, or of a calling code's main country. Throws for what is neither. */
export const planOf = (countryOrCode: string): LibraryPlan => library.selectNumberingPlan(countryOrCode).numberingPlan;

/** The countries of a calling code, the main one first; undefined for what is no code, or that of no country. */
export const countriesOf = (callingCode: string): readonly string[] | undefined =>
  library.getCountryCodesForCallingCode(callingCode);
