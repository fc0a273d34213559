import { expect, it } from 'vitest';
import { isFilterValue } from '../../../src/domain/step-filter.ts';

it.each([
  ['date', '2026-02-28'],
  ['date', '2028-02-29'],
  ['date', '1700-01-01'],
  ['date', '4000-12-31'],
  ['date', 'LAST_N_DAYS:30'],
  ['datetime', '2026-12-31T23:59:59Z'],
  ['datetime', '2028-02-29T00:00:00.000+14:00'],
  ['datetime', 'TODAY'],
] as const)('a filter on a %s takes %j', (type, value) => {
  expect(isFilterValue(type, value)).toBe(true);
});

it.each([
  ['date', '2026-02-30'],
  ['date', '2027-02-29'],
  ['date', '2026-04-31'],
  ['date', '2026-13-01'],
  ['date', '2026-00-10'],
  ['date', '2026-01-00'],
  ['date', '0000-01-01'],
  ['date', '4001-01-01'],
  ['date', '2026-02-28T00:00:00Z'],
  ['date', ''],
  ['datetime', '2026-02-30T10:00:00Z'],
  ['datetime', '2026-02-28T24:00:00Z'],
  ['datetime', '2026-02-28T10:00:00+99:99'],
  ['datetime', '2026-02-28'],
  ['datetime', ''],
] as const)('a filter on a %s does not take %j, which Salesforce refuses', (type, value) => {
  expect(isFilterValue(type, value)).toBe(false);
});
