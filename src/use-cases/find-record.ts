import type { DialingRules } from '../domain/dialing-rules.ts';
import type { AnswerReason, Finding, LookupStep } from '../domain/lookup.ts';
import type { PhoneNumber, ReadNumber } from '../phone-numbers/read-number.ts';
import { agreement } from '../phone-numbers/same-number.ts';
import { mainNumberSpellings, searchDigits, spellings } from '../phone-numbers/spellings.ts';
import type {
  FoundRecord,
  FoundRecords,
  RecordOwner,
  RecordSearch,
  RecordSearchCall,
  SalesforceFailure,
  SalesforceSession,
  SearchedObject,
} from '../ports.ts';

export interface FindRecordRequest {
  /** As `readNumber` read it; only a number is searched for, anything else is a miss without a call to Salesforce. */
  readonly number: ReadNumber;
  readonly rules: DialingRules;
  /** In the administrator's order: the first step with a match wins. */
  readonly steps: readonly LookupStep[];
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

/** How Salesforce is asked: by exact values, by the digits in its search index, for the user who owns the record found. */
export type FindRecordCall = 'values' | 'digits' | 'owner';

/** What the test box shows. Carries numbers: never logged, never recorded. */
export type FindRecordEvent =
  | { readonly kind: 'asking'; readonly call: FindRecordCall; readonly queries: readonly string[] }
  | { readonly kind: 'answered'; readonly call: FindRecordCall; readonly rows: number }
  | {
      readonly kind: 'judged';
      readonly object: string;
      readonly recordId: string;
      /** `later-step`: it matches, but an earlier step has a match. `main-number`: only the company's. */
      readonly verdict: 'winner' | 'also-matches' | 'main-number' | 'later-step' | 'other-number';
    };

export type FindRecord = (request: FindRecordRequest) => Promise<FindRecordOutcome>;

export type FindWithoutSearch = (number: ReadNumber) => Finding | undefined;

/** The finding for what cannot be searched for; undefined for a number. An extension of the phone system itself is nobody in Salesforce. */
export function findWithoutSearch(number: ReadNumber): Finding | undefined {
  switch (number.kind) {
    case 'number':
      return undefined;
    case 'internal':
      return miss('no-match');
    case 'withheld':
      return miss('withheld');
    case 'invalid':
      return miss('invalid-number');
  }
}

const miss = (reason: AnswerReason): Finding => ({ reason, matches: 0 });

/**
 * Finds the record that a caller's number belongs to, and the extension of its owner.
 *
 * First one API call: every likely spelling, exactly, on the phone fields of all steps' objects. A hit there is as fresh as the record.
 * Only when it gives none a second one: the digits, in Salesforce's search index, which knows every notation but lags by minutes.
 * Every row is verified by all its digits. Of the verified ones the first step's win, and among these the one modified last, then the
 * lowest id; the answer says how many there were. A company's main number counts only where the caller's own number is nowhere.
 *
 * A third call happens only where the winner came from the search index and its owner may be a queue (a lead, a case): SOSL cannot
 * tell a user's fields there.
 */
export function createFindRecord(search: RecordSearch): FindRecord {
  return async ({ number, rules, steps, session, signal, observe }) => {
    const unsearchable = findWithoutSearch(number);
    if (unsearchable !== undefined || number.kind !== 'number')
      return { ok: true, finding: unsearchable ?? miss('no-match'), apiUsage: undefined };

    const objects = searchedObjects(steps);
    const callAs = (call: FindRecordCall): RecordSearchCall => ({
      session,
      signal,
      ...(observe && { onQueries: (queries) => observe({ kind: 'asking', call, queries }) }),
    });

    const values = [...spellings(number, rules), ...mainNumberSpellings(number, rules)];
    const exact = await search.byValues(objects, values, callAs('values'));
    if (!exact.ok) return exact;
    observe?.({ kind: 'answered', call: 'values', rows: exact.value.records.length });
    const exactMatches = judge(exact.value.records, steps, number, rules);
    const own = winners(exactMatches, 'same');
    const outstanding = transientRefusal(exact.value, steps, own?.step);
    if (outstanding !== undefined) return { ok: false, failure: outstanding };
    if (own !== undefined) return decide(own, exactMatches, exact.apiUsage);

    const refused = new Set(exact.value.refused.map(({ object }) => object));
    const searchable = objects.filter(({ object }) => !refused.has(object));
    const found =
      searchable.length === 0
        ? undefined
        : await search.byDigits(searchable, searchDigits(number, rules), callAs('digits'));
    const main = winners(exactMatches, 'main');
    if (found?.ok === false) {
      // The number itself may be somewhere, but its company is known: better than a fallback.
      return main === undefined ? found : decide(main, exactMatches, exact.apiUsage);
    }
    observe?.({ kind: 'answered', call: 'digits', rows: found?.value.records.length ?? 0 });
    const matches = judge([...exact.value.records, ...(found?.value.records ?? [])], steps, number, rules);
    const best = winners(matches, 'same') ?? winners(matches, 'main');
    const apiUsage = found?.apiUsage ?? exact.apiUsage;
    if (best !== undefined) return decide(best, matches, apiUsage);

    // A miss is only true when every object could be asked.
    const refusal = exact.value.refused[0];
    if (refusal !== undefined) return { ok: false, failure: refusal.failure };
    tell(matches, undefined, observe);
    return { ok: true, finding: miss('no-match'), apiUsage };

    async function decide(
      winner: Winners,
      judged: readonly Judged[],
      apiUsage: { used: number; max: number } | undefined,
    ): Promise<FindRecordOutcome> {
      tell(judged, winner, observe);
      const { record, step } = winner.first;
      let owner: RecordOwner | undefined = record.owner;
      if (owner.kind === 'user-id-only') {
        const answer = await search.user(owner.userId, [step.extensionField], callAs('owner'));
        if (!answer.ok) return answer;
        observe?.({ kind: 'answered', call: 'owner', rows: answer.value === undefined ? 0 : 1 });
        owner = answer.value;
      }
      const extension = owner?.kind === 'user' ? owner.fields[step.extensionField] : undefined;
      const isInactive = owner?.kind === 'user' && !owner.isActive;
      const reason = isInactive
        ? 'owner-inactive'
        : extension === undefined
          ? 'no-extension'
          : winner.matches > 1
            ? 'matched-several'
            : 'matched';
      return {
        ok: true,
        finding: {
          reason,
          matches: winner.matches,
          ...(extension !== undefined && !isInactive && { extension }),
          recordId: record.id,
          object: record.object,
        },
        apiUsage,
      };
    }
  };
}

/** The steps' objects, each once, since an object can be searched only once in a query. */
function searchedObjects(steps: readonly LookupStep[]): readonly SearchedObject[] {
  const objects = new Map<string, { fields: Set<string>; ownerFields: Set<string> }>();
  for (const { object, fields, extensionField } of steps) {
    const searched = objects.get(object) ?? { fields: new Set(), ownerFields: new Set() };
    for (const field of fields) searched.fields.add(field);
    searched.ownerFields.add(extensionField);
    objects.set(object, searched);
  }
  return [...objects].map(([object, { fields, ownerFields }]) => ({
    object,
    fields: [...fields],
    ownerFields: [...ownerFields],
  }));
}

interface Judged {
  readonly record: FoundRecord;
  /** The first step that the record matches, or that asks for its object. */
  readonly step: LookupStep;
  readonly position: number;
  readonly verdict: 'same' | 'main' | 'other';
}

/** Verifies each record once, by the fields of the steps that ask for its object. */
function judge(
  records: readonly FoundRecord[],
  steps: readonly LookupStep[],
  number: PhoneNumber,
  rules: DialingRules,
): readonly Judged[] {
  const distinct = new Map(records.map((record) => [record.id, record]));
  const rank = { same: 0, main: 1, other: 2 } as const;
  return [...distinct.values()].flatMap((record) => {
    const verdicts = steps.flatMap((step, position): Judged[] => {
      if (step.object !== record.object) return [];
      const agreements = step.fields.map((field) => {
        const value = record.values[field];
        return value === undefined ? undefined : agreement(value, number, rules);
      });
      const verdict = agreements.includes('same') ? 'same' : agreements.includes('main') ? 'main' : 'other';
      return [{ record, step, position, verdict }];
    });
    return verdicts.sort((one, other) => rank[one.verdict] - rank[other.verdict]).slice(0, 1);
  });
}

interface Winners {
  readonly first: Judged;
  readonly step: number;
  readonly matches: number;
}

/** The matches of the first step that has any. */
function winners(judged: readonly Judged[], verdict: 'same' | 'main'): Winners | undefined {
  const matching = judged.filter((one) => one.verdict === verdict);
  const step = Math.min(...matching.map(({ position }) => position));
  const [first, ...others] = matching
    .filter(({ position }) => position === step)
    .sort(
      ({ record: one }, { record: other }) =>
        other.lastModifiedAtMs - one.lastModifiedAtMs || (one.id < other.id ? -1 : 1),
    );
  return first === undefined ? undefined : { first, step, matches: 1 + others.length };
}

/** A refusal that may be over at the next attempt, of an object that would come before the match found. */
function transientRefusal(
  { refused }: FoundRecords,
  steps: readonly LookupStep[],
  matchedStep = Infinity,
): SalesforceFailure | undefined {
  return refused.find(
    ({ object, failure }) =>
      (failure.kind === 'token' || failure.retryable) &&
      steps.findIndex((step) => step.object === object) < matchedStep,
  )?.failure;
}

function tell(
  judged: readonly Judged[],
  winner: Winners | undefined,
  observe: ((event: FindRecordEvent) => void) | undefined,
): void {
  if (observe === undefined) return;
  for (const one of judged) {
    const { record, position, verdict } = one;
    observe({
      kind: 'judged',
      object: record.object,
      recordId: record.id,
      verdict:
        verdict === 'other'
          ? 'other-number'
          : one === winner?.first
            ? 'winner'
            : verdict !== winner?.first.verdict
              ? 'main-number'
              : position === winner.step
                ? 'also-matches'
                : 'later-step',
    });
  }
}
