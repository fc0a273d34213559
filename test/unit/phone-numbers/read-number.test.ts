import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countries, defaultDialingRules } from '../../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../../src/phone-numbers/read-number.ts';

const german = defaultDialingRules('DE');
const american = defaultDialingRules('US');
const e164 = (raw: string, rules = german) => {
  const number = readNumber(raw, rules);
  return number.kind === 'number' ? number.e164 : number.kind;
};

describe('readNumber', () => {
  it.each([
    'anonymous',
    'Anonymous',
    'ANONYMOUS',
    'Restricted',
    'unavailable',
    'unknown',
    'Private Number',
    'No Caller ID',
    'withheld',
    'numéro masqué',
    'Unbekannt',
    'unterdrückt',
    'P',
    'null',
    'NaN',
    'undefined',
    'N/A',
    '-',
    '()',
    '+',
    '"" <>',
    '\u200e',
    '',
    '   ',
    '0000000000',
    'sip:anonymous@anonymous.invalid',
    '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
    'sip:unknown@unknown.invalid',
    'tel:anonymous',
    '+266696687',
    '7378742833',
  ])('reads %j as withheld', (raw) => {
    expect(readNumber(raw, german)).toEqual({ kind: 'withheld' });
  });

  it.each([
    ['00497525 43312', '+49752543312'],
    ['+49 (0)7525 43312', '+49752543312'],
    ['+49752543312', '+49752543312'],
    ['0752543312', '+49752543312'],
    ['752543312', '+49752543312'],
    ['49752543312', '+49752543312'],
    ['tel:+13175550125', '+13175550125'],
    ['TEL:+1-317-555-0125', '+13175550125'],
    ['sip:+4975253099803@provider.example;user=phone', '+4975253099803'],
    ['sips:%2B4975253099803@provider.example', '+4975253099803'],
    ['"Reception" <sip:0752543312@10.0.0.1:5060;transport=udp>', '+49752543312'],
    ['+49752543312;ext=12', '+49752543312'],
    ['+49752543312;phone-context=enterprise', '+49752543312'],
    ['tel:43312;phone-context=+497525', '+49752543312'],
    ['0734273830@myprovider.com', '+49734273830'],
    ['+39 06 12345678', '+390612345678'],
    ['+4532123456', '+4532123456'],
    [' 49752543312', '+49752543312'],
    ['+49 7525 43312 x12', '+49752543312'],
    ['+49 7525 43312 ext. 7', '+49752543312'],
    ['０７５２５ ４３３１２', '+49752543312'],
    ['٠٧٥٢٥٤٣٣١٢', '+49752543312'],
    ['0007 5254 3312', 'invalid'],
    ['+80012345678', '+80012345678'],
  ])('reads %j at a German phone system as %s', (raw, expected) => {
    expect(e164(raw)).toBe(expected);
  });

  it.each([
    ['4155550100', '+14155550100'],
    ['14155550100', '+14155550100'],
    ['+14155550100', '+14155550100'],
    ['(415) 555-0100', '+14155550100'],
    ['01149752543312', '+49752543312'],
    ['5550100', 'invalid'],
    ['555', 'internal'],
  ])('reads %j at an American phone system as %s', (raw, expected) => {
    expect(e164(raw, american)).toBe(expected);
  });

  it.each([
    ['8656696', 'IS', {}, '+3548656696'],
    ['7378742833', 'US', {}, '+17378742833'],
    ['8656696', 'US', { areaCode: '415' }, '+14158656696'],
    ['8656696', 'DE', { areaCode: '89' }, '+49898656696'],
    ['266696687', 'DE', { addPrefix: '0' }, '+49266696687'],
    // Nobody dials these so: a trunk prefix is missing, or the plan does not know them.
    ['8656696', 'US', {}, 'withheld'],
    ['8656696', 'GB', {}, 'withheld'],
    ['266696687', 'DE', {}, 'withheld'],
    ['+7378742833', 'US', {}, 'withheld'],
    ['+8656696', 'IS', {}, 'withheld'],
  ] as const)(
    'reads %j, a word on the keypad, at a phone system in %s with %j as %s',
    (raw, country, rules, expected) => {
      expect(e164(raw, { ...defaultDialingRules(country), ...rules })).toBe(expected);
    },
  );

  it('keeps the Italian zero and tells country, code and national number', () => {
    expect(readNumber('06 12345678', defaultDialingRules('IT'))).toEqual({
      kind: 'number',
      e164: '+390612345678',
      countryCode: '39',
      national: '0612345678',
      country: 'IT',
    });
  });

  it('reads the short numbers of the phone system itself as internal, up to the length that the rules give', () => {
    expect(readNumber('101', german)).toEqual({ kind: 'internal', digits: '101' });
    expect(readNumber('sip:101@pbx.example', german)).toEqual({ kind: 'internal', digits: '101' });
    expect(readNumber('40123', { ...german, internalLength: 5 })).toEqual({ kind: 'internal', digits: '40123' });
    expect(readNumber('101', { ...german, internalLength: 2 }).kind).not.toBe('internal');
  });

  it('takes no short national number of a country without trunk prefix for an internal one', () => {
    expect(e164('4012', defaultDialingRules('NU'))).toBe('+6834012');
  });

  it.each([
    ['00734273830', '+49734273830'],
    ['#10734273830', '+49734273830'],
    ['#00734273830', '+49734273830'],
    ['00049734273830', '+49734273830'],
    ['0+49734273830', '+49734273830'],
    ['0734273830', '+49734273830'],
    ['+49734273830', '+49734273830'],
    ['#0734273830', '+49734273830'],
  ])(
    'removes one outside prefix of 0;#1;#0 from %s, the longest that fits, and never the trunk zero',
    (raw, expected) => {
      expect(e164(raw, { ...german, outsidePrefixes: '0;#1;#0' })).toBe(expected);
    },
  );

  it('removes an outside prefix only once', () => {
    expect(e164('990734273830', { ...german, outsidePrefixes: '9' })).not.toBe('+49734273830');
  });

  it('leaves a number alone that begins like the outside prefix but is dialable as it is', () => {
    expect(e164('9155550100', { ...american, outsidePrefixes: '9' })).toBe('+19155550100');
    expect(e164('94155550100', { ...american, outsidePrefixes: '9' })).toBe('+14155550100');
    expect(e164('914155550100', { ...american, outsidePrefixes: '9' })).toBe('+14155550100');
  });

  it('puts back the prefix that the phone system drops', () => {
    expect(e164('734273830', { ...german, addPrefix: '0' })).toBe('+49734273830');
    expect(e164('0734273830', { ...german, addPrefix: '0' })).toBe('+49734273830');
    expect(e164('+49734273830', { ...german, addPrefix: '0' })).toBe('+49734273830');
    // Without it this would be E.164 without its plus.
    expect(e164('49752543312', { ...german, addPrefix: '0' })).toBe('+4949752543312');
  });

  it('completes local numbers by the area code of the rules', () => {
    expect(e164('5550100', { ...american, areaCode: '415' })).toBe('+14155550100');
    expect(e164('6465550100', { ...american, areaCode: '415' })).toBe('+16465550100');
  });

  it('cuts at the characters that the rules name', () => {
    expect(e164('0734273830*99', { ...german, truncateAt: '*' })).toBe('+49734273830');
  });

  it.each(['sip:bob@example.com', 'hello', '0734abc', '1'.repeat(300), '#', '*31#', '📞', '☎️', '€', '='])(
    'reads %j as invalid: something was sent, and it is no number',
    (raw) => {
      expect(readNumber(raw, german)).toEqual({ kind: 'invalid' });
    },
  );

  it('never throws, whatever the text, in any country', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: fc.constantFrom(...Array.from('0123456789+#*();=@:<>"% -./x')) }),
        ),
        fc.constantFrom(...countries()),
        (raw, country) => {
          readNumber(raw, defaultDialingRules(country));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reads its own result again as the same number', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[0-9+]{5,15}$/),
        fc.constantFrom('DE', 'US', 'IT', 'DK', 'RU', 'BR'),
        (raw, country) => {
          const rules = defaultDialingRules(country);
          const number = readNumber(raw, rules);
          if (number.kind === 'number') expect(readNumber(number.e164, rules)).toEqual(number);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('defaultDialingRules', () => {
  it.each([
    ['DE', '49', '0', '00', 3],
    ['US', '1', '1', '011', 0],
    ['CA', '1', '1', '011', 0],
    ['IT', '39', '', '00', 3],
    ['DK', '45', '', '00', 3],
    ['HU', '36', '06', '00', 3],
    ['RU', '7', '8', '810', 3],
    ['JP', '81', '0', '010', 3],
    ['AU', '61', '0', '0011', 3],
  ])('knows %s', (country, countryCode, longDistancePrefix, internationalPrefix, ddiDigits) => {
    expect(defaultDialingRules(country)).toMatchObject({
      country,
      countryCode,
      longDistancePrefix,
      internationalPrefix,
      ddiDigits,
    });
  });

  it('has rules for every country that it lists', () => {
    expect(countries().length).toBeGreaterThan(200);
    for (const country of countries()) expect(defaultDialingRules(country).countryCode).toMatch(/^\d{1,3}$/);
  });

  it('refuses what is no country', () => {
    expect(() => defaultDialingRules('XX')).toThrow(RangeError);
  });
});
