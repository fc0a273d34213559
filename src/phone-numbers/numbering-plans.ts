import { getCountries, isSupportedCountry, type CountryCode } from 'libphonenumber-js/min';
import { commonDialingRules, type DialingRules } from '../domain/dialing-rules.ts';
import { planOf } from './library-plans.ts';

/*
 * The `min` metadata (80 KB) is enough: lengths, prefixes and formats are the same in all sets, and telling a mobile from a fixed
 * line, which the larger ones add, is of no matter to finding a record.
 */

export interface NumberingPlan {
  readonly country: CountryCode;
  readonly countryCode: string;
  /** Empty where national numbers are dialled as they are. */
  readonly trunkPrefix: string;
  readonly internationalPrefix: string;
  readonly shortestNumber: number;
}

/** Where a leading zero belongs to the number itself, although the metadata lists a trunk prefix (source: ITU-T E.164, Italy). */
const zeroBelongsToNumber: ReadonlySet<string> = new Set(['IT', 'VA', 'SM']);

/** Tried where the metadata gives a pattern instead of one prefix: the first that fits it is the usual one. */
const usualInternationalPrefixes = ['00', '011', '0011', '001', '010', '000', '002', '005', '0015', '810', '119'];

/** North America: ten digits, no company main numbers, trunk prefix and country code are the same 1. */
export const isNanp = (countryCode: string): boolean => countryCode === '1';

export const isCountry = (country: string): country is CountryCode => isSupportedCountry(country);

/** ISO 3166-1 alpha-2 codes that numbers can be read for. */
export const countries = (): readonly string[] => getCountries();

const plans = new Map<string, NumberingPlan>();

/** Throws a `RangeError` for what is no country. */
export function numberingPlan(country: string): NumberingPlan {
  const known = plans.get(country);
  if (known !== undefined) return known;
  if (!isCountry(country)) throw new RangeError('There is no numbering plan for this country.');
  const facts = planOf(country);
  const nationalPrefix = facts.nationalPrefix();
  const internationalPattern = new RegExp(`^(?:${facts.IDDPrefix() ?? '00'})$`);
  const plan: NumberingPlan = {
    country,
    countryCode: facts.callingCode(),
    trunkPrefix: typeof nationalPrefix !== 'string' || zeroBelongsToNumber.has(country) ? '' : nationalPrefix,
    internationalPrefix: usualInternationalPrefixes.find((prefix) => internationalPattern.test(prefix)) ?? '00',
    shortestNumber: Math.min(...facts.possibleLengths()),
  };
  plans.set(country, plan);
  return plan;
}

const defaults = new Map<string, DialingRules>();

/**
 * The rules of a phone system that signals numbers as its country's network does; the same object each time, so that what is made of it is
 * made once. Throws a `RangeError` for what is no country.
 */
export function defaultDialingRules(country: string): DialingRules {
  const known = defaults.get(country);
  if (known !== undefined) return known;
  const rules = toDefaultRules(numberingPlan(country));
  defaults.set(country, rules);
  return rules;
}

function toDefaultRules(plan: NumberingPlan): DialingRules {
  return {
    ...commonDialingRules,
    country: plan.country,
    countryCode: plan.countryCode,
    longDistancePrefix: plan.trunkPrefix,
    internationalPrefix: plan.internationalPrefix,
    // Without a trunk prefix the shortest national numbers (four digits on some islands) must not be taken for internal ones.
    internalLength:
      plan.trunkPrefix === ''
        ? Math.min(commonDialingRules.internalLength, plan.shortestNumber - 1)
        : commonDialingRules.internalLength,
    ddiDigits: isNanp(plan.countryCode) ? 0 : 3,
  };
}
