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
