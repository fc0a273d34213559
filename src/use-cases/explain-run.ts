import { isDeepStrictEqual } from 'node:util';
import type { DialingRules } from '../domain/dialing-rules.ts';
import type { LookupTrace, ReadAs, TracedCall } from '../domain/lookup-trace.ts';
import type { LookupDefinition, LookupRun, Question } from '../domain/lookup.ts';
import type { ReadNumber } from '../phone-numbers/read-number.ts';
import { explainNumber, type NumberExplanation } from './explain-number.ts';
import type { FindRecord } from './find-record.ts';
import { readQuestion, type ReadQuestion } from './read-question.ts';
import { readAs } from './trace-lookup.ts';

/** A trace, with what makes it easier to understand. */
export interface ExplainedTrace {
  readonly trace: LookupTrace;
  /** Of the numbers sent, with their spellings; undefined where they are not known any more. */
  readonly numbers: { readonly caller: NumberExplanation | undefined; readonly called: NumberExplanation | undefined };
  /** Of each event that asks, in their order, the texts of the queries; empty where they are not known. */
  readonly queries: readonly (readonly string[])[];
}

export type ExplainRun = (
  run: LookupRun,
  trace: LookupTrace,
  /** As they are now; undefined where they are gone. */
  now: { readonly lookup: LookupDefinition | undefined; readonly rules: DialingRules | undefined },
) => Promise<ExplainedTrace>;

/**
 * Tells of a run what is not kept with it: the spellings that were searched for, and the texts of the queries. They are made again from
 * what was asked, as far as the number is still read the same and the lookup is still of the same version.
 */
export function createExplainRun(dependencies: {
  /** Over an org that is never asked. */
  readonly findRecord: FindRecord;
  readonly readNumber: (sent: string, rules: DialingRules) => ReadNumber;
}): ExplainRun {
  const { findRecord, readNumber } = dependencies;

  return async (run, trace, { lookup, rules }) => {
    const asking = trace.events.flatMap((event) =>
      event[0] === 'asking' ? [{ call: event[2], count: event[3] }] : [],
    );
    const nothing = { trace, numbers: { caller: undefined, called: undefined }, queries: asking.map(() => []) };
    if (rules === undefined) return nothing;
    const { question } = run;
    const numbers = explainNumbers(question, rules);
    const isReadTheSame = isSame(numbers.caller, trace.caller) && isSame(numbers.called, trace.called);
    if (!isReadTheSame) return nothing;
    if (lookup?.version !== run.lookupVersion) return { ...nothing, numbers };
    const read = readQuestion(question, (sent) => readNumber(sent, rules));
    const texts = await queriesOf(lookup, read, rules);
    return {
      trace,
      numbers,
      queries: asking.map(({ call, count }) => {
        const known = texts.get(call) ?? [];
        return known.length === count ? known : [];
      }),
    };
  };

  /** Those that need no answer to be asked: the user, for one, is known only from the record. */
  async function queriesOf(
    { steps, accountId }: LookupDefinition,
    question: ReadQuestion,
    rules: DialingRules,
  ): Promise<ReadonlyMap<TracedCall, readonly string[]>> {
    const texts = new Map<TracedCall, readonly string[]>();
    await findRecord({
      question,
      rules,
      steps,
      extensions: { ofUser: () => undefined },
      session: { orgId: accountId, instanceUrl: '', accessToken: '', version: 0 },
      signal: new AbortController().signal,
      observe: (event) => {
        if (event.kind === 'asking') texts.set(event.call, event.texts());
      },
    });
    return texts;
  }
}

const isSame = (now: NumberExplanation | undefined, then: ReadAs | undefined): boolean =>
  isDeepStrictEqual(now && readAs(now.number), then);

/** Of the numbers that were sent. */
export function explainNumbers(
  { callerId = '', calledId = '' }: Question,
  rules: DialingRules,
): ExplainedTrace['numbers'] {
  const explained = (sent: string) => (sent === '' ? undefined : explainNumber(sent, rules));
  return { caller: explained(callerId), called: explained(calledId) };
}
