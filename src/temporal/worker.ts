import { Worker, type WorkerOptions } from '@temporalio/worker';
import { workerStopsWithinMs } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { TemporalConnection } from './client.ts';

export interface RunningWorker {
  /** Settles when the worker has stopped; rejects when it failed. */
  readonly stopped: Promise<void>;
  /** Takes no more work and waits for what is under way. */
  close(): Promise<void>;
  isRunning(): boolean;
}

/**
 * For workflows that somebody waits for. What they have to do next is handed to the worker that has them in memory; where that one was
 * killed, another gets it only after the first time, by default ten seconds. A living one that is late by more has to read its history
 * again. And what an activity lets hear of itself is passed on often enough for its silence to mean something within seconds.
 */
export const takenOverSoon = {
  stickyQueueScheduleToStartTimeout: '1s',
  maxHeartbeatThrottleInterval: '1s',
} as const satisfies Partial<WorkerOptions>;

/** Creates a worker and lets it run. `onFailure` hears when it stops without being asked to. */
export async function runWorker(
  temporal: TemporalConnection,
  options: Omit<WorkerOptions, 'connection' | 'namespace'>,
  logger: Logger,
  onFailure: (error: unknown) => void,
): Promise<RunningWorker> {
  const worker = await Worker.create({
    connection: temporal.connection,
    namespace: temporal.namespace,
    shutdownGraceTime: '10s',
    shutdownForceTime: workerStopsWithinMs.lookups,
    ...options,
  });
  const stopped = worker.run();
  stopped.catch((error: unknown) => {
    logger.error({ taskQueue: options.taskQueue, err: error }, 'worker failed');
    onFailure(error);
  });
  return {
    stopped,
    isRunning: () => worker.getState() === 'RUNNING',
    async close() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await stopped.catch(() => undefined);
    },
  };
}
