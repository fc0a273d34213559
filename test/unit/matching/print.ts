import { outcomeOf, winnersOf } from './outcome.ts';
import { exceptions, matchingContests, matchingTable } from './table.ts';

/** Prints what the matching table holds and how many of its rows come out as wished. */
const judged = matchingTable.map((row) => ({ row, ...outcomeOf(row) }));
const isRight = ({ row, verdict }: (typeof judged)[number]) => verdict === row.expected;
const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`;

const wanted = judged.filter(({ row }) => row.expected !== 'miss');
const strangers = judged.filter(({ row }) => row.expected === 'miss');
const contestsWon = matchingContests.filter((each) => winnersOf(each).join() === each.wins.join());
const found = wanted.filter(isRight);
const refused = strangers.filter(isRight);
console.table({
  rows: matchingTable.length,
  countries: new Set(matchingTable.map(({ country }) => country)).size,
  'ways of arriving': new Set(matchingTable.map(({ how }) => how)).size,
  'stored notations': new Set(matchingTable.map(({ notation }) => notation)).size,
  'to be found': wanted.length,
  'found by exact values (1 call)': found.filter(({ foundBy }) => foundBy === 'values').length,
  'found by digits (2 calls)': found.filter(({ foundBy }) => foundBy === 'digits').length,
  recall: share(found.length, wanted.length),
  'not to be found': strangers.length,
  precision: share(found.length, found.length + strangers.length - refused.length),
  'several stored, the right one wins': `${contestsWon.length} of ${matchingContests.length}`,
});
for (const each of judged.filter((one) => !isRight(one))) {
  const { row, verdict, foundBy } = each;
  const reason = exceptions.find(({ matches }) => matches(row))?.reason ?? 'UNEXPLAINED';
  console.log(
    `${row.country} ${row.arrives} (${row.how}) · ${row.stored} (${row.notation}): ${verdict} by ${foundBy}, not ${row.expected}: ${reason}`,
  );
}
for (const each of matchingContests.filter((one) => !contestsWon.includes(one)))
  console.log(`${each.country} ${each.arrives} of ${each.stored.join(' | ')}: ${winnersOf(each).join(' | ')}`);
