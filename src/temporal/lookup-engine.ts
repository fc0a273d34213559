import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import type { AskedLookup, LookupStart } from '../domain/lookup.ts';
import type { LookupEngine, LookupMetrics, LookupResult, LookupStartOutcome, Sealer } from '../ports.ts';
import { sealQuestion } from '../use-cases/lookup-record.ts';
import type { RecorderPace } from '../recorder-pace.ts';
import type { lookupWorkflow } from '../../workflows/lookup.ts';
import { lookupWorkflowId, taskQueues } from '../../workflows/names.ts';

export interface LookupEngineOptions {
  /** How many starts may wait. */
  readonly maxWaiting: number;
  /**
   * A start that takes longer is tried again, which the workflow id makes harmless. Nobody waits for it, and giving up early costs: the
   * first task, which came with the lost answer, is handed out again only when its time is over.
   */
  readonly startLimitMs: number;
  /** The pause after a failed start; doubles up to ten times itself. */
  readonly pauseMs: number;
  /** How many of the workflows started here may be open. Below the worker's slots, so that a start never lacks one to be eager. */
  readonly maxOpen: number;
  /** An open workflow that takes longer after its answer is no longer counted: another process has it, or the database is away. */
  readonly recordWithinMs: number;
}

const defaults: LookupEngineOptions = {
  maxWaiting: 10_000,
  startLimitMs: 2_000,
  pauseMs: 500,
  maxOpen: 400,
  recordWithinMs: 5_000,
};

/** How soon after a hold has ended the next is started. */
const holdLookMs = 50;

/** Whoever closes gives no more answers that a start could slow down. */
const closingWidth = 16;

interface Waiting {
  readonly asked: AskedLookup;
  readonly result: Promise<LookupResult>;
  readonly done: (outcome: LookupStartOutcome) => void;
}

export interface TemporalLookupEngine extends LookupEngine {
  /** Tells that the workflow of this run has recorded it. */
  recorded(runId: string): void;
  /** Starts what waits, within the limit; what cannot be started is `closed`. */
  close(limitMs?: number): Promise<void>;
}

/**
 * Starts lookup workflows, first come first served, a bounded number at once, and no more than the worker of this process keeps up
 * with. A start that fails goes back to the front and the next are held for a pause, after which a single one tries whether the engine is back. Where more wait than are allowed, the new one
 * is dropped: whoever asked has the answer already, and only the record is lost.
 */
export function createLookupEngine(
  dependencies: {
    /** Of a client whose connection the worker of the same queue shares: only then can a start be eager. */
    readonly client: Client;
    readonly metrics: Pick<LookupMetrics, 'started' | 'startFailed' | 'unrecorded' | 'waiting'>;
    readonly sealer: Pick<Sealer, 'seal'>;
    /** Bounds how many are sent at once, and how many may have their answer and not be recorded yet. */
    readonly pace: Pick<RecorderPace, 'width' | 'asked' | 'took'>;
    readonly logger: Pick<Logger, 'warn' | 'info'>;
  },
  options: Partial<LookupEngineOptions> = {},
): TemporalLookupEngine {
  const { client, metrics, sealer, pace, logger } = dependencies;
  const { maxWaiting, startLimitMs, pauseMs, maxOpen, recordWithinMs } = { ...defaults, ...options };
  const waiting: Waiting[] = [];
  const inFlight = new Set<Promise<void>>();
  /** The workflows that were started here, until they have recorded. */
  const open = new Map<string, { timer?: NodeJS.Timeout }>();
  const closing = new AbortController();
  /** Those of them that the engine and the worker are at: being started, or answered and not recorded yet. */
  const busy = new Set<string>();
  let failures = 0;
  let isPausing = false;
  let isClosing = false;
  let askAgain: NodeJS.Timeout | undefined;

  return {
    start(asked, result) {
      return new Promise((resolve) => {
        if (closing.signal.aborted) {
          resolve('closed');
          return;
        }
        if (waiting.length >= maxWaiting) {
          metrics.unrecorded();
          resolve('dropped');
          return;
        }
        waiting.push({ asked, result, done: resolve });
        pace.asked(waiting.length);
        sendNext();
      });
    },
    recorded: release,
    async close(limitMs = 5_000) {
      isClosing = true;
      sendNext();
      const giveUp = setTimeout(() => closing.abort(), limitMs);
      const isGivenUp = new Promise<void>((resolve) => {
        closing.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      while (!closing.signal.aborted && failures === 0 && (inFlight.size > 0 || waiting.length > 0)) {
        await Promise.race([isGivenUp, ...(inFlight.size > 0 ? inFlight : [sleep(10)])]);
      }
      clearTimeout(giveUp);
      closing.abort();
      clearTimeout(askAgain);
      for (const { done } of waiting.splice(0)) done('closed');
      for (const runId of open.keys()) release(runId); // after it, since a release starts what waits
      await Promise.all(inFlight);
    },
  };

  function sendNext(): void {
    while (!isPausing && waiting.length > 0 && mayStart()) {
      const next = waiting.shift();
      if (!next) break;
      const sent = send(next).finally(() => {
        inFlight.delete(sent);
        sendNext();
      });
      inFlight.add(sent);
    }
    metrics.waiting(waiting.length);
    // Nothing ends that would start the next: it is the pace that holds them.
    if (waiting.length > 0 && busy.size === 0 && !isPausing) askAgain ??= setTimeout(lookAgain, holdLookMs);
  }

  function lookAgain(): void {
    askAgain = undefined;
    sendNext();
  }

  function mayStart(): boolean {
    if (failures > 0) return inFlight.size === 0;
    const width = isClosing ? closingWidth : pace.width();
    return busy.size < width && open.size < maxOpen;
  }

  function follow({ asked: { runId }, result }: Waiting): void {
    const run: { timer?: NodeJS.Timeout } = {};
    open.set(runId, run);
    busy.add(runId);
    const answered = () => {
      if (open.get(runId) !== run) return;
      busy.add(runId);
      run.timer = setTimeout(() => release(runId), recordWithinMs);
    };
    result.then(answered, answered);
  }

  function release(runId: string): void {
    const run = open.get(runId);
    if (!run) return;
    open.delete(runId);
    busy.delete(runId);
    clearTimeout(run.timer);
    sendNext();
  }

  async function send(next: Waiting): Promise<void> {
    try {
      // Before the start, since the first task is here before its acknowledgement is.
      follow(next);
      const sentAtMs = performance.now();
      const eager = await startWorkflow(next.asked);
      pace.took(performance.now() - sentAtMs);
      if (open.get(next.asked.runId)?.timer === undefined) busy.delete(next.asked.runId);
      if (!eager) release(next.asked.runId);
      if (failures > 0) logger.info({ waiting: waiting.length }, 'the workflow engine takes lookups again');
      failures = 0;
      metrics.started(eager);
      next.done('started');
    } catch (error) {
      release(next.asked.runId);
      if (failures === 0) logger.warn({ err: error }, 'a lookup could not be started; the record waits');
      metrics.startFailed();
      if (closing.signal.aborted) {
        next.done('closed');
        return;
      }
      waiting.unshift(next);
      await pause();
    }
  }

  async function pause(): Promise<void> {
    if (isPausing) return;
    isPausing = true;
    failures += 1;
    const ms = pauseMs * Math.min(10, 2 ** (failures - 1));
    await sleep(ms, undefined, { signal: closing.signal }).catch(() => undefined);
    isPausing = false;
  }

  /** True when it was eager: this process got the first task with the answer. */
  async function startWorkflow({ question, number, ...asked }: AskedLookup): Promise<boolean> {
    const start: LookupStart = { ...asked, sealedQuestion: sealQuestion(sealer, asked.runId, { question, number }) };
    try {
      const handle = await client.withDeadline(Date.now() + startLimitMs, () =>
        client.workflow.start<typeof lookupWorkflow>('lookupWorkflow', {
          taskQueue: taskQueues.lookups,
          workflowId: lookupWorkflowId(start.runId),
          args: [start],
          requestEagerStart: true,
          // A task that is lost with its process goes to another one soon.
          workflowTaskTimeout: '3s',
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          workflowIdConflictPolicy: 'USE_EXISTING',
          staticSummary: `Lookup ${start.lookupId} for phone system ${start.pbxId}`,
        }),
      );
      return handle.eagerlyStarted;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }
}
