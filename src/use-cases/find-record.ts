import type { DialingRules } from '../domain/dialing-rules.ts';
import { isMappedExtension } from '../domain/extensions.ts';
import type { ExtensionSource, LookupStep, UserSource } from '../domain/lookup-step.ts';
import type { AnswerReason, Finding } from '../domain/lookup.ts';
import type { PhoneNumber } from '../phone-numbers/read-number.ts';
import { agreement } from '../phone-numbers/same-number.ts';
import { mainNumberSpellings, searchDigits, spellings } from '../phone-numbers/spellings.ts';
import type {
  ExtensionMap,
  FoundRecord,
  RecordQuestion,
  RecordSearch,
  RecordSearchCall,
  RecordUser,
  SalesforceFailure,
  SalesforceSession,
} from '../ports.ts';
import type { ReadQuestion } from './read-question.ts';
import { findWithoutSearch, searchInputOf, type SearchInput } from './search-input.ts';

export interface FindRecordRequest {
  /** Only what can be searched for is; where nothing can, that is a miss without a call to Salesforce. */
  readonly question: ReadQuestion;
  readonly rules: DialingRules;
  /** In the administrator's order: the first that yields an answer wins. */
  readonly steps: readonly LookupStep[];
  readonly extensions: ExtensionMap;
  readonly session: SalesforceSession;
  /** Ends every call to Salesforce. */
  readonly signal: AbortSignal;
  /** Told of each step as it happens, so that a listener can put its own clock to it. */
  readonly observe?: (event: FindRecordEvent) => void;
}

export type FindRecordOutcome =
  | {
      readonly ok: true;
      readonly finding: Finding;
      readonly apiUsage: { readonly used: number; readonly max: number } | undefined;
    }
  | { readonly ok: false; readonly failure: SalesforceFailure };

/** How Salesforce is asked: by exact values, by the digits in its search index, for the user whose extension it is. */
export type FindRecordCall = 'values' | 'digits' | 'user';

/** What the test box shows. Carries numbers: never logged, never recorded. */
export type FindRecordEvent =
  | { readonly kind: 'asking'; readonly call: FindRecordCall; readonly queries: readonly string[] }
  | { readonly kind: 'answered'; readonly call: FindRecordCall; readonly rows: number }
  /** Salesforce does not let this step be asked. */
  | { readonly kind: 'refused'; readonly step: number; readonly answer: string }
  | {
      readonly kind: 'judged';
      readonly step: number;
      readonly object: string;
      readonly recordId: string;
      /**
       * `no-answer`: it would have won, but yields none. `later-step`: it matches, but an earlier step has the answer. `main-number`:
       * only the company's.
       */
      readonly verdict: 'winner' | 'also-matches' | 'no-answer' | 'main-number' | 'later-step' | 'other-number';
    }
  | { readonly kind: 'extension'; readonly step: number; readonly from: 'map' | 'user-field' | 'record' | 'nowhere' };

export type FindRecord = (request: FindRecordRequest) => Promise<FindRecordOutcome>;

/** A step that can be asked, with what it asks. */
interface AskedStep {
  readonly step: LookupStep;
  readonly position: number;
  readonly input: Exclude<SearchInput, { kind: 'none' }>;
  readonly question: RecordQuestion;
}

/** The records of a step, the verified ones in their order. */
interface StepMatches {
  readonly asked: AskedStep;
  readonly same: readonly FoundRecord[];
  /** Those under the main number of the caller's company. */
  readonly main: readonly FoundRecord[];
  readonly other: readonly FoundRecord[];
}

type ApiUsage = Extract<FindRecordOutcome, { ok: true }>['apiUsage'];

/**
 * Finds the record that a question is about, and what of it is the answer.
 *
 * First one API call with a query for every step (up to five; five more take another call beside it): the values exactly, a phone
 * number in every likely spelling. A hit there is as fresh as the record. Only when no step has one a second call: the digits, in
 * Salesforce's search index, which knows every notation but lags by minutes. Every row found by number is verified by all its digits.
 *
 * Of the verified ones the first step's win that yields an answer (somebody's extension, or fields), and among these the first in the
 * administrator's order, then the lowest id; the answer says how many there were. A company's main number counts only where the
 * caller's own number is nowhere. Where no step yields an answer, the first that matched says why.
 *
 * A further call happens only for a user whom the queries could not tell: one by name, or the owner of something that a queue may own
 * and that came from the search index.
 */
export function createFindRecord(search: RecordSearch): FindRecord {
  return async (request) => {
    const { question, rules, steps, session, signal, observe } = request;
    const unsearchable = findWithoutSearch(steps, question);
    if (unsearchable !== undefined) return { ok: true, finding: unsearchable, apiUsage: undefined };

    const asked = askedSteps(request);
    const callAs = (call: FindRecordCall): RecordSearchCall => ({
      session,
      signal,
      ...(observe && { onQueries: (queries) => observe({ kind: 'asking', call, queries }) }),
    });

    const exact = await search.byValues(
      asked.map((each) => each.question),
      callAs('values'),
    );
    if (!exact.ok) return exact;
    const refusals: { asked: AskedStep; failure: SalesforceFailure }[] = [];
    const matches = asked.map((each, index) => {
      const result = exact.value[index];
      if (result?.ok === false) {
        refusals.push({ asked: each, failure: result.failure });
        observe?.({ kind: 'refused', step: each.position, answer: result.failure.answer });
      }
      return judge(each, result?.ok === true ? result.value : [], rules);
    });
    observe?.({ kind: 'answered', call: 'values', rows: rowsOf(matches) });

    const first = matches.find(({ same }) => same.length > 0);
    // What may be answered at the next attempt, and would come before the match found.
    const outstanding = refusals.find(
      ({ asked: { position }, failure }) => isPassing(failure) && position < (first?.asked.position ?? Infinity),
    );
    if (outstanding !== undefined) return { ok: false, failure: outstanding.failure };
    if (first !== undefined) return decide(matches, 'same', exact.apiUsage);

    const refused = new Set(refusals.map((refusal) => refusal.asked));
    const searchable = asked.filter((each) => each.input.kind === 'number' && !refused.has(each));
    const hasMain = matches.some(({ main }) => main.length > 0);
    const found =
      searchable.length === 0
        ? undefined
        : await search.byDigits(
            searchable.map((each) => each.question),
            [...new Set(numbersOf(searchable).flatMap((number) => searchDigits(number, rules)))],
            callAs('digits'),
          );
    if (found?.ok === false) {
      // The number itself may be somewhere, but its company is known: better than a fallback.
      return hasMain ? decide(matches, 'main', exact.apiUsage) : found;
    }
    const all = matches.map((before) => {
      const records = found?.value[searchable.indexOf(before.asked)] ?? [];
      return judge(before.asked, distinct([...before.same, ...before.main, ...before.other, ...records]), rules);
    });
    const apiUsage = found?.apiUsage ?? exact.apiUsage;
    if (found) observe?.({ kind: 'answered', call: 'digits', rows: found.value.flat().length });
    if (all.some(({ same }) => same.length > 0)) return decide(all, 'same', apiUsage);
    if (all.some(({ main }) => main.length > 0)) return decide(all, 'main', apiUsage);

    // A miss is only true when every step could be asked.
    const [refusal] = refusals;
    if (refusal !== undefined) return { ok: false, failure: refusal.failure };
    tell(all, undefined, observe);
    return { ok: true, finding: { reason: 'no-match', matches: 0 }, apiUsage };

    async function decide(
      candidates: readonly StepMatches[],
      agreeing: 'same' | 'main',
      usage: ApiUsage,
    ): Promise<FindRecordOutcome> {
      let withoutAnswer: Finding | undefined;
      let broken: SalesforceFailure | undefined;
      for (const { asked: each, [agreeing]: records } of candidates) {
        const [record] = records;
        if (record === undefined) continue;
        const answer = await answerOf(each, record, records.length);
        if (!answer.ok) {
          if (isPassing(answer.failure)) return answer;
          observe?.({ kind: 'refused', step: each.position, answer: answer.failure.answer });
          broken ??= answer.failure;
          continue;
        }
        if (answer.yields) {
          tell(candidates, { agreeing, step: each.position }, observe);
          return { ok: true, finding: answer.finding, apiUsage: usage };
        }
        withoutAnswer ??= answer.finding;
      }
      tell(candidates, { agreeing, step: Infinity }, observe);
      if (withoutAnswer !== undefined) return { ok: true, finding: withoutAnswer, apiUsage: usage };
      return broken === undefined
        ? { ok: true, finding: { reason: 'no-match', matches: 0 }, apiUsage: usage }
        : { ok: false, failure: broken };
    }

    async function answerOf(
      { step, position }: AskedStep,
      record: FoundRecord,
      count: number,
    ): Promise<{ ok: true; finding: Finding; yields: boolean } | { ok: false; failure: SalesforceFailure }> {
      if (count > 1 && step.whenSeveral === 'answer-several')
        return { ok: true, finding: { reason: 'matched-several', matches: count }, yields: true };
      const matched: AnswerReason = count > 1 ? 'matched-several' : 'matched';
      const basis = {
        matches: count,
        ...(step.returns.length > 0 && { fields: fieldsOf(step, record) }),
        recordId: record.id,
        object: record.object,
      };
      if (step.extension === undefined) return { ok: true, finding: { reason: matched, ...basis }, yields: true };
      const extension = await extensionOf(step.extension, record, position);
      if (!extension.ok) return extension;
      return 'extension' in extension
        ? { ok: true, finding: { reason: matched, ...basis, extension: extension.extension }, yields: true }
        : { ok: true, finding: { reason: extension.missing, ...basis }, yields: false };
    }

    async function extensionOf(
      source: ExtensionSource,
      record: FoundRecord,
      position: number,
    ): Promise<
      | { ok: true; extension: string }
      | { ok: true; missing: 'no-extension' | 'owner-inactive' }
      | { ok: false; failure: SalesforceFailure }
    > {
      /** A field of Salesforce may hold anything; what cannot be rung is no extension. */
      const from = (where: 'map' | 'user-field' | 'record', value: string | undefined) => {
        const extension = value !== undefined && isMappedExtension(value) ? value : undefined;
        observe?.({ kind: 'extension', step: position, from: extension === undefined ? 'nowhere' : where });
        return extension === undefined
          ? ({ ok: true, missing: 'no-extension' } as const)
          : ({ ok: true, extension } as const);
      };
      if (source.from === 'record') return from('record', record.values[source.field]);
      const named = nameOf(source.user, record);
      const mapped = named === undefined ? undefined : request.extensions.userNamed(named);
      if (mapped !== undefined) return from('map', mapped.extension);
      const user = await userOf(source, record, named);
      if (!user.ok) return user;
      if (user.value?.kind !== 'user') return from('user-field', undefined);
      if (!user.value.isActive) return { ok: true, missing: 'owner-inactive' };
      const extension = request.extensions.ofUser(user.value.id);
      return extension === undefined ? from('user-field', user.value.fields[source.userField]) : from('map', extension);
    }

    /** Whom the step asks about; Salesforce is asked once more only where the queries could not tell. */
    async function userOf(
      { user, userField }: Extract<ExtensionSource, { from: 'user' }>,
      record: FoundRecord,
      named: string | undefined,
    ): Promise<{ ok: true; value: RecordUser | undefined } | { ok: false; failure: SalesforceFailure }> {
      const told = user.is === 'field' ? record.users[user.field] : undefined;
      const by = told?.kind === 'user-id-only' ? { id: told.id } : named === undefined ? undefined : { name: named };
      if (by === undefined) return { ok: true, value: told };
      const answer = await search.user(by, [userField], callAs('user'));
      if (!answer.ok) return answer;
      observe?.({ kind: 'answered', call: 'user', rows: answer.value === undefined ? 0 : 1 });
      return { ok: true, value: answer.value };
    }
  };
}

const isPassing = (failure: SalesforceFailure): boolean => failure.kind === 'token' || failure.retryable;

function askedSteps({ steps, question, rules }: FindRecordRequest): readonly AskedStep[] {
  const spelled = new Map<PhoneNumber, readonly string[]>();
  const spellingsOf = (number: PhoneNumber) => {
    const known = spelled.get(number) ?? [...spellings(number, rules), ...mainNumberSpellings(number, rules)];
    spelled.set(number, known);
    return known;
  };
  return steps.flatMap((step, position): AskedStep[] => {
    const input = searchInputOf(step.search, question);
    if (input.kind === 'none') return [];
    const values = input.kind === 'number' ? spellingsOf(input.number) : input.values;
    return [{ step, position, input, question: recordQuestion(step, values) }];
  });
}

function recordQuestion(step: LookupStep, values: readonly (string | number)[]): RecordQuestion {
  const { object, fields, only, filters, order, returns, extension } = step;
  const user = extension?.from === 'user' ? extension.user : undefined;
  return {
    object,
    fields,
    values,
    only,
    filters,
    order,
    wanted: [
      ...returns.map(({ field }) => field),
      ...(extension?.from === 'record' ? [extension.field] : []),
      ...(user?.is === 'named-in' ? [user.field] : []),
    ],
    users: user?.is === 'field' ? [user.field] : [],
    userFields: extension?.from === 'user' ? [extension.userField] : [],
  };
}

const numbersOf = (asked: readonly AskedStep[]): readonly PhoneNumber[] => [
  ...new Set(asked.flatMap(({ input }) => (input.kind === 'number' ? [input.number] : []))),
];

const distinct = (records: readonly FoundRecord[]): readonly FoundRecord[] => [
  ...new Map(records.map((record) => [record.id, record])).values(),
];

/** Verifies each record by the fields of its step. What was asked for exactly needs no proof. */
function judge(asked: AskedStep, records: readonly FoundRecord[], rules: DialingRules): StepMatches {
  const { input, step } = asked;
  const verdictOf = (record: FoundRecord): 'same' | 'main' | 'other' => {
    if (input.kind === 'exact') return 'same';
    const agreements = step.fields.map((field) => {
      const value = record.values[field];
      return value === undefined ? undefined : agreement(value, input.number, rules);
    });
    return agreements.includes('same') ? 'same' : agreements.includes('main') ? 'main' : 'other';
  };
  const groups = { same: [] as FoundRecord[], main: [] as FoundRecord[], other: [] as FoundRecord[] };
  for (const record of distinct(records)) groups[verdictOf(record)].push(record);
  const inOrder = compareRecords(step);
  return { asked, same: groups.same.sort(inOrder), main: groups.main.sort(inOrder), other: groups.other };
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

const fieldsOf = ({ returns }: LookupStep, { values }: FoundRecord): Readonly<Record<string, string>> =>
  Object.fromEntries(returns.map(({ field, name, empty }) => [name, values[field] ?? empty]));

function nameOf(user: UserSource, { values }: FoundRecord): string | undefined {
  switch (user.is) {
    case 'field':
      return undefined;
    case 'named':
      return user.name;
    case 'named-in':
      return values[user.field];
  }
}

const rowsOf = (matches: readonly StepMatches[]): number =>
  matches.reduce((rows, { same, main, other }) => rows + same.length + main.length + other.length, 0);

/** `winner`: the step with the answer, beyond all of them where none has one; undefined where nothing matches. */
function tell(
  matches: readonly StepMatches[],
  winner: { readonly agreeing: 'same' | 'main'; readonly step: number } | undefined,
  observe: ((event: FindRecordEvent) => void) | undefined,
): void {
  if (observe === undefined) return;
  for (const { asked, same, main, other } of matches) {
    const { position } = asked;
    const judged = (record: FoundRecord, verdict: Extract<FindRecordEvent, { kind: 'judged' }>['verdict']) =>
      observe({ kind: 'judged', step: position, object: record.object, recordId: record.id, verdict });
    const agreeing = winner?.agreeing === 'main' ? main : same;
    for (const [index, record] of agreeing.entries()) {
      if (winner === undefined || position > winner.step) judged(record, 'later-step');
      else if (index > 0) judged(record, 'also-matches');
      else judged(record, position === winner.step ? 'winner' : 'no-answer');
    }
    if (winner?.agreeing !== 'main') for (const record of main) judged(record, 'main-number');
    for (const record of other) judged(record, 'other-number');
  }
}
