import type { DialingRules } from '../domain/dialing-rules.ts';
import type { LookupStep } from '../domain/lookup-step.ts';
import { bestAgreement } from '../phone-numbers/same-number.ts';
import type { AskedValues, FoundRecord } from '../ports.ts';
import type { SearchInput } from './search-input.ts';

/** A step that can be asked, with what it asks. */
export interface AskedStep extends AskedValues {
  readonly step: LookupStep;
  readonly position: number;
  readonly input: Exclude<SearchInput, { kind: 'none' }>;
}

/** The records of a step, verified. */
export interface StepMatches {
  readonly asked: AskedStep;
  /**
   * Those that match, in their order, by how many digits are cut from the caller's number: 0 for the caller's own and for what was asked
   * exactly, else those under a main number of the caller's company.
   */
  readonly byCut: ReadonlyMap<number, readonly FoundRecord[]>;
  readonly other: readonly FoundRecord[];
}

/** Verifies each record by the fields of its step. What was asked for exactly needs no proof. */
export function judge(asked: AskedStep, records: readonly FoundRecord[], rules: DialingRules): StepMatches {
  if (records.length === 0) return { asked, byCut: none, other: [] };
  const { input, step } = asked;
  const cutOf = ({ values }: FoundRecord): number | undefined =>
    input.kind === 'exact'
      ? 0
      : bestAgreement(
          step.fields.flatMap((field) => values[field] ?? []),
          input.number,
          rules,
        );
  const byCut = new Map<number, FoundRecord[]>();
  const other: FoundRecord[] = [];
  for (const record of records.length === 1 ? records : distinct(records).toSorted(compareRecords(step))) {
    const cut = cutOf(record);
    if (cut === undefined) other.push(record);
    else byCut.set(cut, [...(byCut.get(cut) ?? []), record]);
  }
  return { asked, byCut, other };
}

const none: StepMatches['byCut'] = new Map();

/** The same with what the search index has told; of a record that both told, what the queries told, which is more. */
export const judgeAgain = (
  { asked, byCut, other }: StepMatches,
  records: readonly FoundRecord[],
  rules: DialingRules,
): StepMatches => judge(asked, [...[...byCut.values()].flat(), ...other, ...records], rules);

/** The number of digits at which something matches, over all steps: the longest number wins, wherever it is. */
export function fewestCut(matches: readonly StepMatches[]): number | undefined {
  const cuts = matches.flatMap(({ byCut }) => [...byCut.keys()]);
  return cuts.length === 0 ? undefined : Math.min(...cuts);
}

export const rowsOf = (matches: readonly StepMatches[]): number =>
  matches.reduce((rows, { byCut, other }) => rows + [...byCut.values()].flat().length + other.length, 0);

/**
 * `no-answer`: it would have won, but yields none. `later-step`: it matches, but an earlier step has the answer. `main-number`: only a
 * main number of the company, shorter than what another record has.
 */
export type Verdict = 'winner' | 'also-matches' | 'no-answer' | 'main-number' | 'later-step' | 'other-number';

export interface JudgedRecord {
  readonly step: number;
  readonly record: FoundRecord;
  readonly verdict: Verdict;
}

/**
 * Why each record won or did not. `cut`: the number of digits at which there are matches; `step`: the one with the answer, undefined where
 * none has.
 */
export function verdictsOf(
  matches: readonly StepMatches[],
  decided: { readonly cut: number | undefined; readonly step: number | undefined },
): readonly JudgedRecord[] {
  const judged: JudgedRecord[] = [];
  const add = (step: number, record: FoundRecord, verdict: Verdict) => judged.push({ step, record, verdict });
  for (const { asked, byCut, other: others } of matches) {
    const { position } = asked;
    const isBehind = decided.step !== undefined && position > decided.step;
    for (const [cut, records] of [...byCut].sort(([one], [other]) => one - other)) {
      for (const [index, record] of records.entries()) {
        if (cut !== decided.cut) add(position, record, 'main-number');
        else if (isBehind) add(position, record, 'later-step');
        else if (index > 0) add(position, record, 'also-matches');
        else add(position, record, position === decided.step ? 'winner' : 'no-answer');
      }
    }
    for (const record of others) add(position, record, 'other-number');
  }
  return judged;
}

/** Of a record that comes twice, the first. */
function distinct(records: readonly FoundRecord[]): readonly FoundRecord[] {
  const byId = new Map<string, FoundRecord>();
  for (const record of records) if (!byId.has(record.id)) byId.set(record.id, record);
  return [...byId.values()];
}

/** As the queries order, since rows of several queries are put together: empty fields last, ties to the lowest id. */
function compareRecords({ order }: LookupStep): (one: FoundRecord, other: FoundRecord) => number {
  return (one, other) => {
    for (const [index, left] of one.rank.entries()) {
      const right = other.rank[index];
      if (left === undefined || right === undefined) {
        if (left !== right) return left === undefined ? 1 : -1;
        continue;
      }
      const compared = compareValues(left, right);
      const descending = (order[index]?.direction ?? 'descending') === 'descending';
      if (compared !== 0) return descending ? -compared : compared;
    }
    return one.id < other.id ? -1 : 1;
  };
}

type Comparable = string | number | boolean;

function compareValues(one: Comparable, other: Comparable): number {
  if (typeof one === 'string' && typeof other === 'string') {
    const left = one.toLowerCase();
    const right = other.toLowerCase();
    return left < right ? -1 : left > right ? 1 : 0;
  }
  return Number(one) - Number(other);
}
