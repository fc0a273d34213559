import { describe, expect, it } from 'vitest';
import { defaultDialingRules } from '../../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../../src/phone-numbers/read-number.ts';
import { agreement } from '../../../src/phone-numbers/same-number.ts';
import { outcomeOf, winnersOf } from './outcome.ts';
import { exceptions, matchingContests, matchingTable } from './table.ts';

const countries = [...new Set(matchingTable.map(({ country }) => country))];
const excepted = (row: (typeof matchingTable)[number]) => exceptions.some(({ matches }) => matches(row));

describe('the matching table', () => {
  it('has at least 400 rows, in at least 40 countries, of numbers to find and of numbers to refuse', () => {
    expect(matchingTable.length).toBeGreaterThanOrEqual(400);
    expect(countries.length).toBeGreaterThanOrEqual(40);
    for (const expected of ['hit', 'main', 'miss'] as const)
      expect(matchingTable.filter((row) => row.expected === expected).length).toBeGreaterThan(5);
  });

  it.each(countries)('finds whom it should find and refuses all others at a phone system in %s', (country) => {
    const wrong = matchingTable
      .filter((row) => row.country === country && !excepted(row))
      .map((row) => ({ row, ...outcomeOf(row) }))
      .filter(({ row, verdict }) => verdict !== row.expected);
    expect(wrong).toEqual([]);
  });

  it.each(matchingContests)('lets $wins win of $stored for $arrives', (contest) => {
    expect(winnersOf(contest)).toEqual(contest.wins);
  });

  it('lists no exception that is none', () => {
    for (const { matches, reason } of exceptions)
      expect([reason, matchingTable.some((row) => matches(row) && outcomeOf(row).verdict !== row.expected)]).toEqual([
        reason,
        true,
      ]);
  });

  it('never takes a number of the table for another one, however that is stored', () => {
    const byNumber = new Map<string, { country: string; stored: string[] }>();
    for (const row of matchingTable) {
      if (row.expected !== 'hit' || row.rules !== undefined) continue;
      const number = readNumber(row.arrives, defaultDialingRules(row.country));
      if (number.kind !== 'number') continue;
      const known = byNumber.get(number.e164) ?? { country: row.country, stored: [] };
      byNumber.set(number.e164, { ...known, stored: [...known.stored, row.stored] });
    }
    const mistaken: unknown[] = [];
    for (const [e164, { country }] of byNumber) {
      const rules = defaultDialingRules(country);
      const caller = readNumber(e164, rules);
      if (caller.kind !== 'number') continue;
      for (const [other, { stored, country: otherCountry }] of byNumber) {
        // A number without country code is read as of the phone system's country: that of the table's other countries is none there.
        if (other === e164 || otherCountry !== country) continue;
        for (const text of stored)
          if (agreement(text, caller, rules) !== undefined) mistaken.push({ caller: e164, stored: text, of: other });
      }
    }
    expect(byNumber.size).toBeGreaterThan(50);
    expect(mistaken).toEqual([]);
  });
});
