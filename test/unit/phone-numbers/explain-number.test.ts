import { describe, expect, it } from 'vitest';
import { readDialingRulesForm, toDialingRulesForm } from '../../../src/domain/dialing-rule-form.ts';
import { countries, defaultDialingRules } from '../../../src/phone-numbers/numbering-plans.ts';
import { explainNumber } from '../../../src/use-cases/explain-number.ts';

const german = defaultDialingRules('DE');

describe('explainNumber', () => {
  it.each([
    ['00734273830', { outsidePrefixes: '0' }, '0', '+49734273830'],
    ['#10734273830', { outsidePrefixes: '0;#1;#0' }, '#1', '+49734273830'],
    ['#00734273830', { outsidePrefixes: '0;#1;#0' }, '#0', '+49734273830'],
    ['0734273830', { outsidePrefixes: '0' }, '', '+49734273830'],
    ['000497852416200', {}, '0', '+497852416200'],
    ['734273830', { addPrefix: '0' }, '', '+49734273830'],
    ['sip:+4975253099803@provider.example;user=phone', {}, '', '+4975253099803'],
  ])('tells what of %s was the outside prefix', (raw, changes, prefixCut, e164) => {
    const explained = explainNumber(raw, { ...german, ...changes });
    expect(explained).toMatchObject({ prefixCut, number: { kind: 'number', e164, country: 'DE' } });
    expect(explained.spellings).toContain(e164);
  });

  it('tells the numbers that the company may have, and none in North America', () => {
    const explained = explainNumber('+49752543312', german);
    expect(explained.mainNumbers).toEqual(['+4975254331', '+497525433', '+49752543']);
    expect(explained.mainNumberSpellings.length).toBeGreaterThan(0);
    expect(explained.digits).toContain('752543312');
    expect(explainNumber('4155550100', defaultDialingRules('US')).mainNumbers).toEqual([]);
  });

  it.each(['anonymous', '', '101', 'hello'])('searches for nothing where %j is sent', (raw) => {
    expect(explainNumber(raw, german)).toMatchObject({ spellings: [], digits: [], prefixCut: '' });
  });
});

describe('a form of dialing rules', () => {
  it('gives back the ready-made set of every country', () => {
    const known = countries();
    expect(known.length).toBeGreaterThan(30);
    for (const country of known) {
      const rules = defaultDialingRules(country);
      expect(readDialingRulesForm(toDialingRulesForm('A set', rules), known), country).toEqual({
        ok: true,
        name: 'A set',
        rules,
      });
    }
  });

  it('tidies what was typed', () => {
    const read = readDialingRulesForm(
      {
        ...toDialingRulesForm(' Berlin ', german),
        countryCode: '+49',
        outsidePrefixes: ' 0 ; #1;0; ',
        truncateAt: '@ ;@',
      },
      ['DE'],
    );
    expect(read).toMatchObject({
      ok: true,
      name: 'Berlin',
      rules: { countryCode: '49', outsidePrefixes: '0;#1', truncateAt: '@;' },
    });
  });

  it.each([
    ['name', ''],
    ['country', 'XX'],
    ['countryCode', '049'],
    ['longDistancePrefix', '0a'],
    ['internationalPrefix', '+'],
    ['outsidePrefixes', '0;x'],
    ['addPrefix', '-'],
    ['areaCode', '(30)'],
    ['internalLength', '16'],
    ['truncateAt', '@1'],
    ['ddiDigits', 'three'],
  ] as const)('names the field %s when %j was typed', (field, typed) => {
    expect(readDialingRulesForm({ ...toDialingRulesForm('A set', german), [field]: typed }, ['DE'])).toEqual({
      ok: false,
      faults: [field],
    });
  });
});
