import type { DialingRules } from './dialing-rules.ts';
import { readName } from './names.ts';

export type DialingRuleField = keyof DialingRules | 'name';

export const dialingRuleLimits = {
  name: 100,
  prefix: 10,
  prefixes: 120,
  areaCode: 10,
  internalLength: 15,
  ddiDigits: 6,
} as const;

/** A set of dialing rules as a form sends it. */
export type DialingRulesForm = Readonly<
  Record<Exclude<DialingRuleField, 'dialInternationalPrefix' | 'keepLongDistancePrefix'>, string>
> & {
  readonly dialInternationalPrefix: boolean;
  readonly keepLongDistancePrefix: boolean;
};

/** Reads a form; `countries` are the ISO 3166-1 codes whose numbers can be read. Faulty fields are named. */
export function readDialingRulesForm(
  form: DialingRulesForm,
  countries: readonly string[],
): { ok: true; name: string; rules: DialingRules } | { ok: false; faults: readonly DialingRuleField[] } {
  const name = readName(form.name, dialingRuleLimits.name);
  const internalLength = wholeNumber(form.internalLength);
  const ddiDigits = wholeNumber(form.ddiDigits);
  const outsidePrefixes = form.outsidePrefixes
    .split(';')
    .map((prefix) => prefix.trim())
    .filter((prefix) => prefix !== '');
  const rules: DialingRules = {
    country: form.country,
    countryCode: form.countryCode.trim().replace(/^\+/, ''),
    longDistancePrefix: form.longDistancePrefix.trim(),
    internationalPrefix: form.internationalPrefix.trim(),
    dialInternationalPrefix: form.dialInternationalPrefix,
    outsidePrefixes: [...new Set(outsidePrefixes)].join(';'),
    addPrefix: form.addPrefix.trim(),
    keepLongDistancePrefix: form.keepLongDistancePrefix,
    areaCode: form.areaCode.trim(),
    internalLength: internalLength ?? 0,
    truncateAt: [...new Set(form.truncateAt.replace(/\s/g, ''))].join(''),
    ddiDigits: ddiDigits ?? 0,
  };
  const isPrefix = (text: string) => text.length <= dialingRuleLimits.prefix && /^[\d*#]*$/.test(text);
  const checks: Readonly<Record<DialingRuleField, boolean>> = {
    name: name !== undefined,
    country: countries.includes(rules.country),
    countryCode: /^[1-9]\d{0,2}$/.test(rules.countryCode),
    longDistancePrefix: isPrefix(rules.longDistancePrefix),
    internationalPrefix: isPrefix(rules.internationalPrefix),
    dialInternationalPrefix: true,
    outsidePrefixes:
      outsidePrefixes.every((prefix) => isPrefix(prefix.replace(/^\+/, ''))) &&
      rules.outsidePrefixes.length <= dialingRuleLimits.prefixes,
    addPrefix: isPrefix(rules.addPrefix),
    keepLongDistancePrefix: true,
    areaCode: /^\d*$/.test(rules.areaCode) && rules.areaCode.length <= dialingRuleLimits.areaCode,
    internalLength: internalLength !== undefined && internalLength <= dialingRuleLimits.internalLength,
    // Digits, the plus and the prefixes' own signs are what numbers are made of.
    truncateAt: rules.truncateAt.length <= dialingRuleLimits.prefix && !/[\d+*#]/.test(rules.truncateAt),
    ddiDigits: ddiDigits !== undefined && ddiDigits <= dialingRuleLimits.ddiDigits,
  };
  const faults = (Object.keys(checks) as DialingRuleField[]).filter((field) => !checks[field]);
  return faults.length > 0 || name === undefined ? { ok: false, faults } : { ok: true, name, rules };
}

export const toDialingRulesForm = (name: string, rules: DialingRules): DialingRulesForm => ({
  ...rules,
  name,
  internalLength: String(rules.internalLength),
  ddiDigits: String(rules.ddiDigits),
});

const wholeNumber = (text: string): number | undefined => (/^\d{1,2}$/.test(text.trim()) ? Number(text) : undefined);
