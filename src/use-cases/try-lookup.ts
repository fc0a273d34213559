import { performance } from 'node:perf_hooks';
import { isTrouble, toAnswer, toldIn } from '../domain/answer.ts';
import type { DialingRules } from '../domain/dialing-rules.ts';
import type { Answer, Finding, LookupDefinition, LookupService, Pbx, Question } from '../domain/lookup.ts';
import type { ReadNumber } from '../phone-numbers/read-number.ts';
import type { Clock, LookupRuns, PhoneDirectory, SecretTokens } from '../ports.ts';
import type { AskSalesforce } from './ask-salesforce.ts';
import { explainNumbers, type ExplainedTrace } from './explain-run.ts';
import { e164Of, readQuestion } from './read-question.ts';
import { findWithoutSearch } from './search-input.ts';
import { traceLookup } from './trace-lookup.ts';

export interface TriedLookup extends ExplainedTrace {
  readonly answer: Answer;
  readonly finding: Finding;
  readonly service: LookupService;
}

/** `lookup` may be a definition that is not saved yet: then its run is not recorded, since the log knows only saved ones. */
export interface TryLookupRequest {
  readonly pbx: Pbx;
  readonly lookup: LookupDefinition;
  readonly service: LookupService;
  readonly question: Question;
  readonly isSaved: boolean;
}

export type TryLookup = (request: TryLookupRequest) => Promise<TriedLookup>;

/**
 * Asks as a phone system's question is asked, with its rules, its deadline and the same access to Salesforce, and tells every step. The
 * run is recorded as a test, at once and without a workflow: nobody waits for what Salesforce may say later.
 */
export function createTryLookup(dependencies: {
  readonly directory: Pick<PhoneDirectory, 'connection' | 'dialingRules'>;
  readonly askSalesforce: AskSalesforce;
  readonly readNumber: (sent: string, rules: DialingRules) => ReadNumber;
  readonly runs: Pick<LookupRuns, 'record'>;
  readonly tokens: Pick<SecretTokens, 'uuid'>;
  readonly clock: Clock;
}): TryLookup {
  const { directory, askSalesforce, readNumber, runs, tokens, clock } = dependencies;

  return async ({ pbx, lookup, service, question, isSaved }) => {
    const runId = tokens.uuid();
    const askedAtMs = clock.now();
    const startedAtMs = performance.now();
    const elapsedMs = () => performance.now() - startedAtMs;
    const rules = directory.dialingRules(pbx);
    const readFromMs = elapsedMs();
    const read = readQuestion(question, (sent) => readNumber(sent, rules));
    const tracer = traceLookup(question, read, { readMs: elapsedMs() - readFromMs, elapsedMs });
    const queries: (readonly string[])[] = [];
    const finding =
      findWithoutSearch(lookup.steps, read) ??
      (await askSalesforce(
        {
          pbxId: pbx.id,
          accountId: pbx.accountId,
          question: read,
          rules,
          steps: lookup.steps,
          observe: (event) => {
            tracer.observe(event);
            if (event.kind === 'asking') queries.push(event.texts());
          },
        },
        AbortSignal.timeout(pbx.deadlineMs),
      ));
    const ms = Math.round(elapsedMs());
    const answer = toAnswer(finding, { runId, service, lookup, pbx, ms });
    const trace = tracer.take()();
    if (isSaved) {
      const found = isTrouble(finding) ? undefined : finding;
      await runs.record({
        id: runId,
        askedAtMs,
        accountId: pbx.accountId,
        pbxId: pbx.id,
        orgId: directory.connection(pbx.accountId)?.orgId,
        lookupId: lookup.id,
        lookupVersion: lookup.version,
        service,
        isTest: true,
        question,
        number: e164Of(read),
        answer: toldIn(answer, service),
        found,
        foundAtMs: found && askedAtMs + ms,
        trace,
        repeats: 0,
      });
    }
    return { answer, finding, service, trace, numbers: explainNumbers(question, rules), queries };
  };
}
