import { causeClass } from '../domain/connection.ts';
import type { DialingRules } from '../domain/dialing-rules.ts';
import type { LookupStep } from '../domain/lookup-step.ts';
import type { AnswerReason, Finding, Refused } from '../domain/lookup.ts';
import { madeOnce } from '../made-once.ts';
import type { PhoneNumber } from '../phone-numbers/read-number.ts';
import { searchDigits, spellingPatterns } from '../phone-numbers/spellings.ts';
import type {
  ExtensionMap,
  FoundRecord,
  RecordQuestion,
  RecordSearch,
  RecordSearchCall,
  SalesforceFailure,
  SalesforceSession,
} from '../ports.ts';
import { createFindExtension, type ExtensionPlace } from './find-extension.ts';
import type { ReadQuestion } from './read-question.ts';
import {
  fewestCut,
  judge,
  judgeAgain,
  rowsOf,
  verdictsOf,
  type AskedStep,
  type JudgedRecord,
  type StepMatches,
} from './record-matches.ts';
import { findWithoutSearch, searchInputOf } from './search-input.ts';

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
  /** Told of each step as it happens, so that a listener can put its own clock to it; the caller waits meanwhile. */
  readonly observe?: (event: FindRecordEvent) => void;
}

type ApiUsage = { readonly used: number; readonly max: number } | undefined;

export type FindRecordOutcome =
  | { readonly ok: true; readonly finding: Finding; readonly apiUsage: ApiUsage }
  | {
      readonly ok: false;
      readonly failure: SalesforceFailure;
      /** The position of the step that it is about; absent where it is about none. */
      readonly step?: number;
    };

/** How Salesforce is asked: by exact values, by the digits in its search index, for the user whose extension it is. */
export type FindRecordCall = 'values' | 'digits' | 'user';

/**
 * What the test box shows. Query texts carry numbers: they are never logged, and what is kept with a run has none (`traceLookup`). What
 * takes time to tell is made for whoever asks for it.
 */
export type FindRecordEvent =
  | { readonly kind: 'asking'; readonly call: FindRecordCall; readonly count: number; texts(): readonly string[] }
  | { readonly kind: 'answered'; readonly call: FindRecordCall; rows(): number }
  /** Salesforce does not let this step be asked. */
  | { readonly kind: 'refused'; readonly step: number; readonly answer: string }
  | { readonly kind: 'judged'; records(): readonly JudgedRecord[] }
  | { readonly kind: 'extension'; readonly step: number; readonly from: ExtensionPlace };

export type FindRecord = (request: FindRecordRequest) => Promise<FindRecordOutcome>;

/** A step that Salesforce does not let be asked, now or ever. */
interface Refusal {
  readonly step: number;
  readonly failure: SalesforceFailure;
}

/** What the matches come to. */
interface Decision {
  readonly ok: true;
  readonly matches: readonly StepMatches[];
  /** The number of digits cut at which there are matches; undefined where nothing matches. */
  readonly cut: number | undefined;
  /** The step with the answer; undefined where none yields one. */
  readonly winner: AskedStep | undefined;
  /** Undefined where nothing matches, or where no step that matches could be asked to its end. */
  readonly finding: Finding | undefined;
}
type Failed = Extract<FindRecordOutcome, { ok: false }>;

/**
 * Finds the record that a question is about, and what of it is the answer.
 *
 * First one API call with a query for every step (up to five; five more take another call beside it): the values exactly, a phone
 * number in every likely spelling. A hit there is as fresh as the record. A second call asks for the digits in Salesforce's search
 * index, which knows every notation but lags by minutes; it is made only
 *
 * - when the first has no hit, or none that yields an answer: an owner without an extension ends no search; and
 * - when a step that answers "several" has exactly one hit, since another may be stored in an unlikely spelling.
 *
 * Once it is made, its records count beside those of the first. Without it a hit in a likely spelling answers, though an earlier step
 * may have a record in an unlikely one: that is the price of one call for most questions. Every row found by number is verified by all
 * its digits.
 *
 * Of the verified ones the first step's win that yields an answer (somebody's extension, or fields), and among these the first in the
 * administrator's order, then the lowest id; the answer says how many there were. A company's main number counts only where the
 * caller's own number is nowhere, and of several the longest that is somewhere. Where no step yields an answer, the first that matched
 * says why.
 *
 * A further call happens only for a user whom the queries could not tell: see `createFindExtension`.
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
      ...(observe && { onQueries: (count, texts) => observe({ kind: 'asking', call, count, texts }) }),
    });
    const findExtension = createFindExtension({
      search,
      extensions: request.extensions,
      call: () => callAs('user'),
      tell: {
        answered: (rows) => observe?.({ kind: 'answered', call: 'user', rows: () => rows }),
        extension: (step, from) => observe?.({ kind: 'extension', step, from }),
      },
    });
    const refusals: Refusal[] = [];

    const exact = await search.byValues(asked, callAs('values'));
    if (!exact.ok) return exact;
    const byValues = asked.map((each, index) => {
      const result = exact.value[index];
      if (result?.ok === false) refuse(each, result.failure);
      return judge(each, result?.ok === true ? result.value : [], rules);
    });
    observe?.({ kind: 'answered', call: 'values', rows: () => rowsOf(byValues) });

    const own = byValues.find(({ byCut }) => byCut.has(0));
    const missing = outstanding(own?.asked.position);
    if (missing !== undefined) return missing;
    const known = own && (await decide(byValues));
    if (known?.ok === false) return known;
    if (known !== undefined) {
      const missingStill = outstanding(known.winner?.position);
      if (missingStill !== undefined) return missingStill;
      if (known.winner !== undefined && !mayBeSeveral(known.winner, known.finding))
        return conclude(known, exact.apiUsage);
    }

    const searchable = asked.filter((each) => each.input.kind === 'number' && !isRefused(each));
    const found =
      searchable.length === 0
        ? undefined
        : await search.byDigits(
            searchable.map((each) => each.question),
            [...new Set(numbersOf(searchable).flatMap((number) => searchDigits(number, rules)))],
            callAs('digits'),
          );
    if (found?.ok === false) {
      // Whoever is known, if only the company, is better than a fallback.
      const best = known ?? (await decide(byValues));
      return best.ok && best.winner !== undefined ? conclude(best, exact.apiUsage) : found;
    }
    if (found) observe?.({ kind: 'answered', call: 'digits', rows: () => found.value.flat().length });
    const decision = await decide(
      byValues.map((before) => judgeAgain(before, found?.value[searchable.indexOf(before.asked)] ?? [], rules)),
    );
    return decision.ok ? conclude(decision, found?.apiUsage ?? exact.apiUsage) : decision;

    function refuse({ position }: AskedStep, failure: SalesforceFailure): void {
      refusals.push({ step: position, failure });
      observe?.({ kind: 'refused', step: position, answer: failure.answer });
    }

    function isRefused({ position }: AskedStep): boolean {
      return refusals.some(({ step }) => step === position);
    }

    /** What may be answered at the next attempt, and would come before this step. */
    function outstanding(position = Infinity): Failed | undefined {
      const refusal = refusals.find(({ step, failure }) => isPassing(failure) && step < position);
      return refusal && { ok: false, ...refusal };
    }

    /** The first step with an answer, among those with the longest number that matches. */
    async function decide(matches: readonly StepMatches[]): Promise<Decision | Failed> {
      const cut = fewestCut(matches);
      let withoutAnswer: Finding | undefined;
      for (const { asked: each, byCut } of matches) {
        const records = (cut === undefined ? undefined : byCut.get(cut)) ?? [];
        const [record] = records;
        if (record === undefined) continue;
        const answer = await answerOf(each, record, records.length);
        if (answer.ok) {
          if (answer.yields) return { ok: true, matches, cut, winner: each, finding: answer.finding };
          withoutAnswer ??= answer.finding;
        } else if (isPassing(answer.failure)) {
          return { ...answer, step: each.position };
        } else if (!isRefused(each)) {
          refuse(each, answer.failure);
        }
      }
      return { ok: true, matches, cut, winner: undefined, finding: withoutAnswer };
    }

    async function answerOf(
      asked: AskedStep,
      record: FoundRecord,
      count: number,
    ): Promise<{ ok: true; finding: Finding; yields: boolean } | { ok: false; failure: SalesforceFailure }> {
      const { step } = asked;
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
      const found = await findExtension(asked, step.extension, record);
      if (!found.ok) return found;
      return 'extension' in found
        ? { ok: true, finding: { reason: matched, ...basis, extension: found.extension }, yields: true }
        : { ok: true, finding: { reason: found.missing, ...basis }, yields: false };
    }

    function conclude({ matches, cut, winner, finding }: Decision, apiUsage: ApiUsage): FindRecordOutcome {
      observe?.({ kind: 'judged', records: () => verdictsOf(matches, { cut, step: winner?.position }) });
      const [refusal] = refusals;
      // A miss is only true when every step could be asked.
      if (finding === undefined && refusal !== undefined) return { ok: false, ...refusal };
      const [refused] = refusals.flatMap((each) => refusedBy(each) ?? []);
      return {
        ok: true,
        finding: { ...(finding ?? { reason: 'no-match', matches: 0 }), ...(refused && { refused }) },
        apiUsage,
      };
    }
  };
}

const isPassing = (failure: SalesforceFailure): boolean => failure.kind === 'token' || failure.retryable;

/** What of a failure will be the same at every attempt; undefined where it may pass. */
export function refusedBy({ failure, step }: Partial<Refusal> & Pick<Refusal, 'failure'>): Refused | undefined {
  const mayPass = isPassing(failure) || failure.cause === 'salesforce-slow' || causeClass(failure.cause) === 'limit';
  return mayPass ? undefined : { answer: failure.answer, ...(step !== undefined && { step }) };
}

/** Whether a record that the search index alone knows would make another answer of the one that was found. */
const mayBeSeveral = ({ step, input }: AskedStep, finding: Finding | undefined): boolean =>
  step.whenSeveral === 'answer-several' && finding?.matches === 1 && input.kind === 'number';

const askedSteps = ({ steps, question, rules }: FindRecordRequest): readonly AskedStep[] =>
  steps.flatMap((step, position): AskedStep[] => {
    const input = searchInputOf(step.search, question);
    if (input.kind === 'none') return [];
    const compared =
      input.kind === 'number'
        ? { values: spellingPatterns(input.number, rules).all, digits: input.number.national }
        : { values: input.values };
    return [{ step, position, input, question: questionOf(step), ...compared }];
  });

/** One a step, which stays the same until its lookup is changed. */
const questionOf = madeOnce((step: LookupStep): RecordQuestion => {
  const { object, fields, only, filters, order, returns, extension } = step;
  const user = extension?.from === 'user' ? extension.user : undefined;
  return {
    object,
    fields,
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
});

const numbersOf = (asked: readonly AskedStep[]): readonly PhoneNumber[] => [
  ...new Set(asked.flatMap(({ input }) => (input.kind === 'number' ? [input.number] : []))),
];

const fieldsOf = ({ returns }: LookupStep, { values }: FoundRecord): Readonly<Record<string, string>> =>
  Object.fromEntries(returns.map(({ field, name, empty }) => [name, values[field] ?? empty]));
