import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import type { LookupEngine, LookupMetrics, LookupStart, LookupStartOutcome } from '../ports.ts';
import type { lookupWorkflow } from '../../workflows/lookup.ts';
import { lookupWorkflowId, taskQueues } from '../../workflows/names.ts';

export interface LookupEngineOptions {
  /** How many starts may wait. */
  readonly maxWaiting: number;
  /** How many are sent at once. */
  readonly maxInFlight: number;
  /**
   * A start that takes longer is tried again, which the workflow id makes harmless. Nobody waits for it, and giving up early costs: the
   * first task, which came with the lost answer, is handed out again only when its time is over.
   */
  readonly startLimitMs: number;
  /** The pause after a failed start; doubles up to ten times itself. */
  readonly pauseMs: number;
}

const defaults: LookupEngineOptions = { maxWaiting: 10_000, maxInFlight: 16, startLimitMs: 2_000, pauseMs: 500 };

interface Waiting {
  readonly start: LookupStart;
  readonly done: (outcome: LookupStartOutcome) => void;
}

/**
 * Starts lookup workflows, first come first served, a bounded number at once. A start that fails goes back to the front and the
 * next are held for a pause, after which a single one tries whether the engine is back. Where more wait than are allowed, the new one
 * is dropped: whoever asked has the answer already, and only the record is lost.
 */
export function createLookupEngine(
  dependencies: {
    /** Of a client whose connection the worker of the same queue shares: only then can a start be eager. */
    readonly client: Client;
    readonly metrics: Pick<LookupMetrics, 'started' | 'startFailed' | 'unrecorded' | 'waiting'>;
    readonly logger: Pick<Logger, 'warn' | 'info'>;
  },
  options: Partial<LookupEngineOptions> = {},
): LookupEngine & { close(limitMs?: number): Promise<void> } {
  const { client, metrics, logger } = dependencies;
  const { maxWaiting, maxInFlight, startLimitMs, pauseMs } = { ...defaults, ...options };
  const waiting: Waiting[] = [];
  const inFlight = new Set<Promise<void>>();
  const closing = new AbortController();
  let failures = 0;
  let isPausing = false;

  return {
    start(start) {
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
        waiting.push({ start, done: resolve });
        sendNext();
      });
    },
    async close(limitMs = 5_000) {
      const giveUp = setTimeout(() => closing.abort(), limitMs);
      while (!closing.signal.aborted && failures === 0 && (inFlight.size > 0 || waiting.length > 0)) {
        await Promise.race(inFlight);
      }
      clearTimeout(giveUp);
      closing.abort();
      for (const { done } of waiting.splice(0)) done('closed');
      await Promise.all(inFlight);
    },
  };

  function sendNext(): void {
    while (!isPausing && waiting.length > 0 && inFlight.size < (failures > 0 ? 1 : maxInFlight)) {
      const next = waiting.shift();
      if (!next) break;
      const sent = send(next).finally(() => {
        inFlight.delete(sent);
        sendNext();
      });
      inFlight.add(sent);
    }
    metrics.waiting(waiting.length);
  }

  async function send(next: Waiting): Promise<void> {
    try {
      const eager = await startWorkflow(next.start);
      if (failures > 0) logger.info({ waiting: waiting.length }, 'the workflow engine takes lookups again');
      failures = 0;
      metrics.started(eager);
      next.done('started');
    } catch (error) {
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
  async function startWorkflow(start: LookupStart): Promise<boolean> {
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
