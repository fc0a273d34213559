import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isTrouble, toAnswer, toldIn, trouble } from '../domain/answer.ts';
import { repeatableReasons } from '../domain/lookup.ts';
import type {
  Answer,
  AskedLookup,
  Finding,
  LookupDefinition,
  LookupRun,
  LookupService,
  Pbx,
  Question,
} from '../domain/lookup.ts';
import type { DialingRules } from '../domain/dialing-rules.ts';
import type { OrgId } from '../domain/ids.ts';
import type { Logger } from '../logger.ts';
import type { ReadNumber } from '../phone-numbers/read-number.ts';
import type { Clock, LookupEngine, LookupMetrics, LookupResult, LookupRuns, LookupStartOutcome } from '../ports.ts';
import type { AskSalesforce } from './ask-salesforce.ts';
import { e164Of, type ReadQuestion } from './read-question.ts';
import { createRunWriter, type RunWriterOptions } from './run-writer.ts';
import { findWithoutSearch } from './search-input.ts';
import { traceLookup, type LookupTracer } from './trace-lookup.ts';

export interface LookupRequest {
  readonly service: LookupService;
  readonly pbx: Pbx;
  readonly lookup: LookupDefinition;
  readonly orgId: OrgId | undefined;
  readonly question: Question;
  readonly read: ReadQuestion;
  /** How long reading it took. */
  readonly readMs: number;
  readonly rules: DialingRules;
  readonly arrivedAtMs: number;
}

/** One question under way in this process: the caller's answer and the workflow's record both come from here. */
export interface LookupCall {
  readonly request: LookupRequest;
  readonly runId: string;
  /** Resolves when the answer is on its way out; never rejects. */
  readonly result: Promise<LookupResult>;
  /** How many further identical questions got this answer so far. */
  readonly repeats: number;
}

export interface LookupCalls {
  answer(request: LookupRequest): Promise<Answer>;
  find(runId: string): LookupCall | undefined;
  /** Tells that the workflow has recorded the run, with this many repeats. */
  recorded(runId: string, repeats: number): void;
  /** Tells that the run is in the log without its answer: another process got its workflow. */
  recordedUnanswered(runId: string): void;
  /** How many calls are held. */
  readonly size: number;
  /** Writes what only this process knows. The engine is closed before it, so that nothing waits for a start. */
  close(): Promise<void>;
}

export interface LookupCallsOptions {
  /** How long an answer that Salesforce's data gave is repeated. */
  readonly repeatForMs: number;
  /** A started workflow records within milliseconds; after this long another process has it, or the database is away. */
  readonly recordWithinMs: number;
}

const defaults: LookupCallsOptions = { repeatForMs: 5_000, recordWithinMs: 5_000 };

type Answered = Pick<LookupResult, 'finding' | 'answer'> & {
  /** Explains it, in the time that it takes to put that in words. */
  readonly trace: () => LookupResult['trace'];
};

interface HeldCall extends LookupCall {
  /** What the caller waits for. Resolves before the deadline; never rejects. */
  readonly answered: Promise<Answered>;
  repeats: number;
  recordedRepeats: number;
  isRecorded: boolean;
  isRecordedUnanswered: boolean;
  /** Ends the wait for the workflow. */
  onRecorded: () => void;
}

/**
 * The calls of this process, by run id. A call begins with the question and is held until its run is recorded:
 *
 *   asking ──(a result, or the deadline)──▶ answered ──(recorded, and for 5 s where its answer may be repeated)──▶ gone
 *
 * While it is asking, and while its answer may be repeated, an identical question gets its answer and its run. The workflow that the
 * engine starts joins the call and records the run. Where that does not happen here in time (another process got the workflow, a
 * task was lost) or questions were repeated after it, this process writes what only it knows: the row of a run is the same whoever
 * writes it. A process that takes a workflow over does not know the answer and writes so; as soon as this one hears of that, it does.
 */
export function createLookupCalls(
  dependencies: {
    readonly askSalesforce: AskSalesforce;
    readonly engine: LookupEngine;
    readonly runs: Pick<LookupRuns, 'record'>;
    readonly clock: Clock;
    /** How long before the deadline an answer is ready, so that it is out in time. */
    readonly marginMs: () => number;
    readonly metrics: LookupMetrics;
    readonly logger: Pick<Logger, 'warn' | 'error'>;
  },
  options: Partial<LookupCallsOptions & RunWriterOptions> = {},
): LookupCalls {
  const { askSalesforce, engine, runs, clock, marginMs, metrics, logger } = dependencies;
  const { repeatForMs, recordWithinMs } = { ...defaults, ...options };
  const writer = createRunWriter({ runs, logger }, options);
  const byRunId = new Map<string, HeldCall>();
  const byQuestion = new Map<string, HeldCall>();
  const settling = new Set<Promise<void>>();
  /** Ends every pause under way. */
  const pauses = new Set<() => void>();
  let isClosing = false;

  return {
    async answer(request) {
      const key = questionKey(request);
      const identical = byQuestion.get(key);
      const call = identical ?? begin(request, key);
      if (identical) {
        identical.repeats += 1;
        metrics.repeated();
      }
      const { answer } = await call.answered;
      const ms = clock.now() - request.arrivedAtMs;
      // The answer goes out before it is counted.
      setImmediate(() => metrics.answered(answer.reason, ms));
      return answer;
    },
    find: (runId) => byRunId.get(runId),
    recorded(runId, repeats) {
      const call = byRunId.get(runId);
      if (!call) return;
      call.recordedRepeats = repeats;
      call.isRecorded = true;
      call.onRecorded();
    },
    recordedUnanswered(runId) {
      const call = byRunId.get(runId);
      if (!call) return;
      call.isRecordedUnanswered = true;
      call.onRecorded();
    },
    get size() {
      return byRunId.size;
    },
    async close() {
      isClosing = true;
      await nextTurn(); // until every question is held
      for (const end of pauses) end();
      await writer.close();
      await Promise.all(settling);
    },
  };

  function begin(request: LookupRequest, key: string): HeldCall {
    const runId = randomUUID();
    const { question, read, readMs } = request;
    const tracer = traceLookup(question, read, { readMs, elapsedMs: () => clock.now() - request.arrivedAtMs });
    const answered = answerOf(request, key, runId, tracer);
    let result: Promise<LookupResult> | undefined;
    const call: HeldCall = {
      request,
      runId,
      answered,
      get result() {
        return (result ??= toResult(call));
      },
      repeats: 0,
      recordedRepeats: 0,
      isRecorded: false,
      isRecordedUnanswered: false,
      onRecorded: () => undefined,
    };
    byRunId.set(runId, call);
    byQuestion.set(key, call);
    // The question goes out to Salesforce, or the answer to the phone system, before anything else is done with it.
    setImmediate(hold, call, key);
    return call;
  }

  function hold(call: HeldCall, key: string): void {
    const { runId } = call;
    const settled = settle(call, key)
      .catch((error: unknown) => logger.error({ err: error, runId }, 'a lookup call did not settle'))
      .finally(() => {
        byRunId.delete(runId);
        forget(call, key);
        settling.delete(settled);
      });
    settling.add(settled);
  }

  /** From now on an identical question is asked anew. */
  function forget(call: HeldCall, key: string): void {
    if (byQuestion.get(key) === call) byQuestion.delete(key);
  }

  async function answerOf(request: LookupRequest, key: string, runId: string, tracer: LookupTracer): Promise<Answered> {
    const { service, lookup, pbx, read, rules, arrivedAtMs } = request;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), arrivedAtMs + pbx.deadlineMs - marginMs() - clock.now());
    const answeredWith = (finding: Finding): Answered => ({
      finding,
      answer: toAnswer(finding, { runId, service, lookup, pbx, ms: clock.now() - arrivedAtMs }),
      trace: tracer.take(),
    });
    let isRepeatable = false;
    try {
      const finding = await (findWithoutSearch(lookup.steps, read) ??
        askSalesforce(
          {
            pbxId: pbx.id,
            accountId: pbx.accountId,
            question: read,
            rules,
            steps: lookup.steps,
            observe: tracer.observe,
          },
          deadline.signal,
        ));
      const answered = answeredWith(finding);
      isRepeatable = repeatableReasons.has(finding.reason);
      return answered;
    } catch (error) {
      // A bug of ours; the caller gets the fallback all the same.
      logger.error({ err: error, runId }, 'a lookup failed');
      return answeredWith(trouble('salesforce-error'));
    } finally {
      clearTimeout(timer);
      if (!isRepeatable) byQuestion.delete(key);
    }
  }

  /** With what explains it in words, when the answer is on its way out. A bug in what is told of the search must not cost the run. */
  async function toResult({ answered, runId }: HeldCall): Promise<LookupResult> {
    const { finding, answer, trace } = await answered;
    await nextTurn();
    try {
      return { finding, answer, trace: trace() };
    } catch (error) {
      logger.error({ err: error, runId }, 'an answer could not be explained');
      return { finding, answer, trace: trace() }; // without what it was told of, which is gone by now
    }
  }

  async function settle(call: HeldCall, key: string): Promise<void> {
    const repeated = repeatFor(call, key);
    const outcome = await startWorkflow(call);
    const result = await call.result;
    if (outcome !== 'dropped') {
      if (outcome === 'started' && !call.isRecorded && !call.isRecordedUnanswered) {
        await pause(recordWithinMs, (end) => {
          call.onRecorded = end;
        });
      }
      if (!call.isRecorded) await record(call, result);
    }
    await repeated;
    if (outcome !== 'dropped' && call.repeats > call.recordedRepeats) await record(call, result);
  }

  async function repeatFor(call: HeldCall, key: string): Promise<void> {
    const { finding } = await call.result;
    if (!repeatableReasons.has(finding.reason)) return;
    await pause(repeatForMs);
    forget(call, key);
  }

  function startWorkflow({ runId, request, result }: HeldCall): Promise<LookupStartOutcome> {
    const asked: AskedLookup = {
      runId,
      askedAtMs: request.arrivedAtMs,
      deadlineAtMs: request.arrivedAtMs + request.pbx.deadlineMs,
      accountId: request.pbx.accountId,
      pbxId: request.pbx.id,
      lookupId: request.lookup.id,
      lookupVersion: request.lookup.version,
      orgId: request.orgId,
      service: request.service,
      question: request.question,
      number: e164Of(request.read),
    };
    return engine.start(asked, result);
  }

  /** Unless its workflow does meanwhile. */
  async function record(call: HeldCall, result: LookupResult): Promise<void> {
    let repeats = call.recordedRepeats;
    const isWritten = await writer.write(() => {
      if (call.isRecorded && call.repeats <= call.recordedRepeats) return undefined;
      repeats = call.repeats;
      return runOfCall(call, result);
    });
    if (isWritten) call.recordedRepeats = Math.max(call.recordedRepeats, repeats);
    call.isRecorded ||= isWritten;
  }

  /** Ends at once when the process closes, or when the function that it hands out is called. */
  function pause(ms: number, handOut?: (end: () => void) => void): Promise<void> {
    if (isClosing) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      pauses.add(end);
      handOut?.(end);
    });
  }
}

/** The run as this process knows it. */
export const runOfCall = (
  { runId, request, repeats }: LookupCall,
  { finding, answer, trace }: LookupResult,
): LookupRun => ({
  id: runId,
  askedAtMs: request.arrivedAtMs,
  accountId: request.pbx.accountId,
  pbxId: request.pbx.id,
  orgId: request.orgId,
  lookupId: request.lookup.id,
  lookupVersion: request.lookup.version,
  service: request.service,
  isTest: false,
  question: request.question,
  number: e164Of(request.read),
  answer: toldIn(answer, request.service),
  found: isTrouble(finding) ? undefined : finding,
  foundAtMs: isTrouble(finding) ? undefined : request.arrivedAtMs + answer.ms,
  trace,
  repeats,
});

/** Two questions with the same key have the same answer. */
const questionKey = ({ service, pbx, lookup, orgId = '', read: { caller, called, ivr = '' } }: LookupRequest): string =>
  // What may hold anything comes last.
  `${service} ${pbx.id} ${pbx.version} ${lookup.id} ${lookup.version} ${orgId} ${numberKey(caller)} ${numberKey(called)} ${ivr}`;

function numberKey(number: ReadNumber): string {
  switch (number.kind) {
    case 'number':
      return number.e164;
    case 'internal':
      return number.digits;
    case 'withheld':
    case 'invalid':
      return number.kind;
  }
}
