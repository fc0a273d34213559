import fc from 'fast-check';
import { getCountries, getExampleNumber, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import examples from 'libphonenumber-js/mobile/examples' with { type: 'json' };
import { expect, it } from 'vitest';
import { groupingOf, readInFull } from '../../../src/phone-numbers/number-patterns.ts';
import { toNumber, type PhoneNumber } from '../../../src/phone-numbers/read-number.ts';

/** Numbers of every country: its example with some digits changed, cut off or added, so that many are none that its plan knows. */
const international = fc
  .record({
    country: fc.constantFrom(...getCountries()),
    changes: fc.array(fc.record({ at: fc.nat(20), digit: fc.nat(9) }), { maxLength: 10 }),
    more: fc.integer({ min: -2, max: 2 }),
  })
  .map(({ country, changes, more }) => {
    const example = getExampleNumber(country, examples);
    const digits = Array.from(example?.nationalNumber ?? '');
    for (const { at, digit } of changes) digits[at % digits.length] = String(digit);
    const national = more < 0 ? digits.slice(0, more) : digits.concat(Array<string>(more).fill('0'));
    return `+${example?.countryCallingCode ?? ''}${national.join('')}`;
  });

const writeNumber = (number: PhoneNumber) => groupingOf(number).write(number.national);

const byLibrary = (text: string) => parsePhoneNumberFromString(text, { defaultCountry: 'DE', extract: false });

it('reads numbers of all countries as the library does, or leaves them to it', () => {
  let read = 0;
  let known = 0;
  fc.assert(
    fc.property(international, (text) => {
      const expected = byLibrary(text);
      if (expected?.isValid() === true) known += 1;
      const number = readInFull(text);
      if (number === undefined) return;
      read += 1;
      expect(expected?.isValid()).toBe(true);
      expect(number).toEqual(expected && toNumber(expected));
    }),
    { numRuns: 20_000 },
  );
  expect(read / known).toBeGreaterThan(0.95);
});

it('groups numbers of all countries as the library does', () => {
  fc.assert(
    fc.property(international, (text) => {
      const parsed = byLibrary(text);
      if (parsed === undefined) return;
      expect(writeNumber(toNumber(parsed))).toEqual({
        international: parsed.formatInternational(),
        national: parsed.formatNational(),
      });
    }),
    { numRuns: 20_000 },
  );
});

it.each([
  '',
  '+',
  '07525433120',
  '+49 7525 433120',
  '+49',
  '+497',
  '+999123456789', // no country
  '+80012345678', // of no country
  '+4907525433120', // a trunk prefix too many
  '+5590991234567', // what Brazil's plan takes for a collect call
  '+49752543312000000000',
  '+٤٩٧٥٢٥٤٣٣١٢٠',
])('leaves %s to the library', (text) => {
  expect(readInFull(text)).toBeUndefined();
});

it.each(['800', '808', '870', '878', '881', '882', '883', '888', '979'])(
  'groups numbers of no country: +%s',
  (code) => {
    for (const national of ['1234567', '12345678', '123456789', '1234567890', '12345678901', '510012345678']) {
      const parsed = byLibrary(`+${code}${national}`);
      if (parsed === undefined) throw new Error('the library has no such number');
      expect(readInFull(parsed.number)).toBeUndefined();
      expect(writeNumber(toNumber(parsed))).toEqual({
        international: parsed.formatInternational(),
        national: parsed.formatNational(),
      });
    }
  },
);

it('reads numbers in full that might have a prefix, but have none', () => {
  expect(readInFull('+5491123456789')).toMatchObject({ country: 'AR', national: '91123456789' });
});
