import { cancellationSignal } from '@temporalio/activity';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTrouble, toldIn } from '../src/domain/answer.ts';
import type { DialingRules } from '../src/domain/dialing-rules.ts';
import type {
  Finding,
  JoinedLookup,
  LaterFinding,
  LookupOutcome,
  LookupRun,
  LookupStart,
} from '../src/domain/lookup.ts';
import type { LookupTrace } from '../src/domain/lookup-trace.ts';
import { AppError } from '../src/errors.ts';
import type { ReadNumber } from '../src/phone-numbers/read-number.ts';
import type { Clock, LookupResult, LookupRuns, PhoneDirectory, Sealer } from '../src/ports.ts';
import type { AskSalesforce } from '../src/use-cases/ask-salesforce.ts';
import { openDetail, openQuestion, sealDetail, type LookupDetail } from '../src/use-cases/lookup-record.ts';
import { readQuestion } from '../src/use-cases/read-question.ts';
import { findWithoutSearch } from '../src/use-cases/search-input.ts';
import { traceLookup } from '../src/use-cases/trace-lookup.ts';

/** Nobody waits any more, so Salesforce may take its time; the activity itself has three seconds more. */
const laterLimitMs = 12_000;

/** How long the log may take while the workflow's task waits; then the workflow goes on writing, for as long as it takes. */
const recordLimitMs = 1_000;

/** The calls under way whose runs are recorded here. */
export interface JoinableCalls {
  /** `result` rejects when the process of the question has ended before the answer. */
  find(runId: string): { readonly result: Promise<LookupResult>; readonly repeats: number } | undefined;
  /** Tells that the run has been recorded, with this many repeats. */
  recorded(runId: string, repeats: number): void;
}

export function createLookupActivities(dependencies: {
  readonly calls: JoinableCalls;
  readonly askSalesforce: AskSalesforce;
  readonly directory: Pick<PhoneDirectory, 'pbx' | 'lookup' | 'dialingRules'>;
  readonly readNumber: (sent: string, rules: DialingRules) => ReadNumber;
  readonly runs: Pick<LookupRuns, 'record'>;
  readonly sealer: Sealer;
  readonly clock: Clock;
}) {
  const { calls, askSalesforce, directory, readNumber, runs, sealer, clock } = dependencies;

  return {
    /**
     * Awaits the call under way and writes what came of it; both in one step, since each step costs the engine as much as all of an
     * answer. Without a call its process has ended, or is another: the question is asked here as long as its deadline has not passed;
     * what the phone system was told is then unknown here.
     */
    async joinLookup(start: LookupStart): Promise<JoinedLookup> {
      const outcome = await join(start);
      const isRecorded = await record(start, outcome);
      // Once it is in the log, only going on asking needs to know more than the operator reads.
      return { ...outcome, isRecorded, ...(isRecorded && outcome.found && { sealedDetail: undefined }) };
    },

    /** Asks again what trouble kept Salesforce from answering. Throws while it goes on. */
    async findLater(start: LookupStart, outcome: LookupOutcome): Promise<LaterFinding> {
      const asked = await find(start, laterLimitMs);
      if (asked === undefined) {
        throw new AppError('LOOKUP_NOT_FOUND', 'The phone system or the lookup has been removed.');
      }
      const { finding, trace } = asked;
      if (isTrouble(finding)) {
        throw finding.reason === 'quota'
          ? new AppError('SALESFORCE_LIMIT_REACHED', 'Salesforce takes no more calls for now.')
          : new AppError('SALESFORCE_UNAVAILABLE', 'Salesforce did not answer the lookup.');
      }
      const { extension, fields } = detailOf(start, outcome);
      return {
        found: finding.reason,
        foundAtMs: clock.now(),
        sealedDetail: sealDetail(sealer, start.runId, { extension, fields, finding, trace }),
      };
    },

    /** Writes the run; as often as it likes, since what is known already stays. */
    recordLookup: write,
  };

  async function join(start: LookupStart): Promise<LookupOutcome> {
    const result = await calls.find(start.runId)?.result.catch(() => undefined);
    if (result) {
      const { answer, finding } = result;
      return toOutcome(start, toldIn(answer, start.service), isTrouble(finding) ? undefined : finding);
    }
    const remainingMs = start.deadlineAtMs - clock.now();
    const asked = remainingMs > 0 ? await find(start, remainingMs) : undefined;
    return asked === undefined || isTrouble(asked.finding)
      ? toOutcome(start, notKnown, undefined)
      : toOutcome(start, notKnown, asked.finding, asked.trace);
  }

  /** False when the log does not take it within the limit, though it may still do so later. */
  function record(start: LookupStart, outcome: LookupOutcome): Promise<boolean> {
    const written = write(start, outcome).then(
      () => true,
      () => false,
    );
    return Promise.race([written, sleep(recordLimitMs, false, { ref: false })]);
  }

  async function write(start: LookupStart, outcome: LookupOutcome): Promise<void> {
    const { question, number } = openQuestion(sealer, start.runId, start.sealedQuestion);
    const { extension, fields, finding, trace: foundTrace } = detailOf(start, outcome);
    const call = calls.find(start.runId);
    // What explains the answer goes from process to process beside the workflow: histories stay small.
    const answered = await call?.result.catch(() => undefined);
    const repeats = call?.repeats ?? 0;
    await runs.record({
      id: start.runId,
      askedAtMs: start.askedAtMs,
      accountId: start.accountId,
      pbxId: start.pbxId,
      orgId: start.orgId,
      lookupId: start.lookupId,
      lookupVersion: start.lookupVersion,
      service: start.service,
      isTest: false,
      question,
      number,
      answer: { reason: outcome.reason, extension, fields, matches: outcome.matches, ms: outcome.ms },
      found: finding,
      foundAtMs: outcome.foundAtMs,
      trace: answered?.trace,
      foundTrace,
      repeats,
    });
    // A call that is held no more has its process write what only that knows.
    if (call && outcome.reason !== 'unknown') calls.recorded(start.runId, repeats);
  }

  /** Undefined when the phone system or the lookup is gone. */
  async function find(
    start: LookupStart,
    limitMs: number,
  ): Promise<{ readonly finding: Finding; readonly trace: LookupTrace } | undefined> {
    const known = directory.pbx(start.pbxId);
    const lookup = directory.lookup(start.lookupId);
    if (!known || !lookup) return undefined;
    const rules = directory.dialingRules(known.pbx);
    const { question } = openQuestion(sealer, start.runId, start.sealedQuestion);
    const beganAtMs = performance.now();
    const read = readQuestion(question, (sent) => readNumber(sent, rules));
    const tracer = traceLookup(question, read, {
      readMs: performance.now() - beganAtMs,
      elapsedMs: () => clock.now() - start.askedAtMs,
    });
    const { observe } = tracer;
    const finding =
      findWithoutSearch(lookup.steps, read) ??
      (await askSalesforce(
        { pbxId: start.pbxId, accountId: start.accountId, question: read, rules, steps: lookup.steps, observe },
        AbortSignal.any([cancellationSignal(), AbortSignal.timeout(limitMs)]),
      ));
    return { finding, trace: tracer.take()() };
  }

  function toOutcome(
    start: LookupStart,
    { reason, extension, fields, matches, ms }: LookupRun['answer'],
    finding: Finding | undefined,
    trace?: LookupTrace,
  ): LookupOutcome {
    return {
      reason,
      matches,
      ms,
      found: finding?.reason,
      foundAtMs: finding && clock.now(),
      sealedDetail: sealDetail(sealer, start.runId, { extension, fields, finding, trace }),
    };
  }

  function detailOf(start: LookupStart, { sealedDetail }: LookupOutcome): LookupDetail {
    return sealedDetail === undefined
      ? { extension: undefined, finding: undefined }
      : openDetail(sealer, start.runId, sealedDetail);
  }
}

/** What the phone system was told by a process that ended. */
const notKnown: LookupRun['answer'] = { reason: 'unknown', extension: undefined, matches: 0, ms: undefined };
