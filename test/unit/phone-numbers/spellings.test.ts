import fc from 'fast-check';
import { getExampleNumber } from 'libphonenumber-js/min';
import examples from 'libphonenumber-js/mobile/examples' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { defaultDialingRules } from '../../../src/phone-numbers/numbering-plans.ts';
import { readNumber, type PhoneNumber } from '../../../src/phone-numbers/read-number.ts';
import { agreement, bestAgreement, sameNumber } from '../../../src/phone-numbers/same-number.ts';
import { mainNumberSpellings, searchDigits, spellings } from '../../../src/phone-numbers/spellings.ts';
import { matchingTable } from '../matching/table.ts';

const german = defaultDialingRules('DE');
const american = defaultDialingRules('US');

function numberOf(raw: string, rules = german): PhoneNumber {
  const number = readNumber(raw, rules);
  if (number.kind !== 'number') throw new Error(`${raw} is no number`);
  return number;
}

describe('spellings', () => {
  it.each([
    '+49752543312',
    '+49 7525 43312',
    '0049752543312',
    '0049 7525 43312',
    '0752543312',
    '07525 43312',
    '07525/43312',
    '07525-43312',
    '(07525) 43312',
    '+49 (0)7525 43312',
    '+49(0)752543312',
    '00490752543312',
    '752543312',
    '49752543312',
    '07525 43312-0',
  ])('hold %s for a German number', (stored) => {
    expect(spellings(numberOf('0752543312'), german)).toContain(stored);
  });

  it.each([
    '+14155550100',
    '(415) 555-0100',
    '415-555-0100',
    '415.555.0100',
    '4155550100',
    '14155550100',
    '1-415-555-0100',
    '+1 415.555.0100',
    '+1 (415) 555-0100',
    '+1 415 555 0100',
  ])('hold %s for an American number', (stored) => {
    expect(spellings(numberOf('4155550100', american), american)).toContain(stored);
  });

  it('begin with the likeliest', () => {
    expect(spellings(numberOf('0752543312'), german).slice(0, 4)).toEqual([
      '+49752543312',
      '+49 7525 43312',
      '07525 43312',
      '0752543312',
    ]);
  });

  it('carry a trunk prefix or country code where the rules keep the long distance prefix', () => {
    const kept = spellings(numberOf('0752543312'), { ...german, keepLongDistancePrefix: true });
    expect(kept).toContain('0752543312');
    expect(kept).not.toContain('752543312');
    expect(sameNumber('752543312', numberOf('0752543312'), { ...german, keepLongDistancePrefix: true })).toBe(false);
  });

  it('are of the number alone, whatever was dialled after it', () => {
    expect(spellings(numberOf('0752543312#12'), german)).toEqual(spellings(numberOf('0752543312'), german));
  });

  it('fit the field, are few, differ, and each is the number itself', () => {
    const callers = matchingTable.filter(({ how, rules }) => how === 'E.164' && rules === undefined);
    const wrong: string[] = [];
    for (const [arrives, country] of new Map(callers.map((row) => [row.arrives, row.country]))) {
      const rules = defaultDialingRules(country);
      const number = numberOf(arrives, rules);
      const spelled = spellings(number, rules);
      expect(spelled.length).toBeLessThanOrEqual(56);
      expect(new Set(spelled).size).toBe(spelled.length);
      for (const spelling of spelled)
        if (spelling.length > 40 || agreement(spelling, number, rules) !== 0) wrong.push(spelling);
    }
    expect(wrong).toEqual([]);
  });
});

describe('mainNumberSpellings', () => {
  it('cut digits from the right, the longest first, with and without the 0 of the operator', () => {
    const spelled = mainNumberSpellings(numberOf('+49752543312'), german);
    expect(spelled).toEqual(expect.arrayContaining(['07525 4331-0', '07525 433', '+49 7525 43-0']));
    expect(spelled.indexOf('07525 4331')).toBeLessThan(spelled.indexOf('07525 433'));
    for (const spelling of spelled) expect(agreement(spelling, numberOf('+49752543312'), german)).toBeGreaterThan(0);
  });

  it('are none in North America, and none where the rules cut nothing', () => {
    expect(mainNumberSpellings(numberOf('+14155550100'), { ...german, ddiDigits: 3 })).toEqual([]);
    expect(mainNumberSpellings(numberOf('+49752543312'), { ...german, ddiDigits: 0 })).toEqual([]);
  });
});

describe('searchDigits', () => {
  it('begin with the national significant number and hold nothing but digits', () => {
    const digits = searchDigits(numberOf('0752543312'), german);
    expect(digits[0]).toBe('752543312');
    expect(digits).toContain('490752543312');
    for (const word of digits) expect(word).toMatch(/^\d{6,16}$/);
    expect(searchDigits(numberOf('4155550100', american), american)).toEqual(['4155550100', '14155550100']);
  });
});

describe('agreement', () => {
  it.each([
    ['07525 43313', undefined],
    ['07525 43310', undefined],
    ['07526 43312', undefined],
    ['+43 7525 43312', undefined],
    ['43312', undefined],
    ['', undefined],
    ['n/a', undefined],
    ['07525 43312 x12', 0],
    ['07525 43312 Durchwahl 5', 0],
    ['07525 43312 (private)', 0],
    ['07525 43312, 0171 2345678', 0],
    ['0171 2345678 / 07525 43312', 0],
    ['07525\u00a043312', 0],
    ['07525\u201343312', 0],
    ['+49 (0) 7525 / 433 12', 0],
    ['07525 4331', 1],
    ['07525 433-0', 2],
    ['07525/43-0', 3],
    ['07525 433-0, 07525 4331', 1],
    ['07525 4-0', undefined],
  ])('of the stored text %j with +49752543312 is %s', (stored, expected) => {
    expect(agreement(stored, numberOf('+49752543312'), german)).toBe(expected);
  });

  it('keeps to all digits, also where a text ends in -0', () => {
    expect(agreement('07525 43312-0', numberOf('+49752543312'), { ...german, ddiDigits: 0 })).toBe(0);
    expect(agreement('07525 43312-0', numberOf('+497525433120'), { ...german, ddiDigits: 0 })).toBe(0);
    expect(agreement('07525 43312-0', numberOf('+497525433121'), { ...german, ddiDigits: 0 })).toBeUndefined();
  });
});

it('agrees at a glance only where a closer look agrees', () => {
  const countries = ['DE', 'AT', 'CH', 'FR', 'GB', 'IT', 'ES', 'US', 'CA', 'AU', 'AR', 'BR', 'DK', 'HU', 'RU'] as const;
  const callers = countries.map((country) => readNumber(getExampleNumber(country, examples)?.number ?? '', german));
  let agreed = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...callers.filter((caller) => caller.kind === 'number')),
      fc.constantFrom(...countries),
      fc.boolean(),
      fc.nat(),
      fc.option(fc.record({ at: fc.nat(30), digit: fc.nat(9) }), { freq: 3 }),
      (caller, home, keepLongDistancePrefix, which, change) => {
        const rules = { ...defaultDialingRules(home), keepLongDistancePrefix };
        const spelled = spellings(caller, { ...rules, keepLongDistancePrefix: false });
        const stored = Array.from(spelled[which % spelled.length] ?? '');
        if (change && /\d/.test(stored[change.at] ?? '')) stored[change.at] = String(change.digit);
        const found = agreement(stored.join(''), caller, rules);
        if (found === 0) agreed += 1;
        // The semicolon ends a number, and lets nothing be seen at a glance.
        expect(agreement(`${stored.join('')};`, caller, rules)).toBe(found);
        const main = `${caller.national.slice(0, -1)}-0`;
        const both = [agreement(main, caller, rules) ?? Infinity, found ?? Infinity];
        expect(bestAgreement([main, stored.join('')], caller, rules) ?? Infinity).toBe(Math.min(...both));
      },
    ),
    { numRuns: 5_000 },
  );
  expect(agreed).toBeGreaterThan(1_000);
});
