import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { AppError } from '../errors.ts';
import { startService, type Service } from './processes.ts';

export interface TemporalOptions {
  /** The `temporal` command, see `temporal-command.ts`. */
  readonly command: string;
  readonly dataDir: string;
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
  /** False keeps everything in memory: for tests and measurements. */
  readonly durable: boolean;
  readonly signal: AbortSignal;
  /** How long it may take until it answers; default 45 s. */
  readonly readyWithinMs?: number;
}

export interface LocalTemporal {
  readonly service: Service;
  readonly address: string;
  readonly uiUrl: string;
}

/** What a server that ours run on is told; each with its reason in `deploy/temporal/dynamic-config.yaml`, which says the same. */
export const dynamicConfig = {
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  'system.enableEagerWorkflowStart': true,
  'system.enableActivityEagerExecution': true,
  'history.visibilityProcessorMaxPollRPS': 2,
  'history.visibilityTaskBatchSize': 1000,
};

/**
 * A log of its own instead of a journal that each of a workflow's many transactions begins anew: many times fewer waits for the disk.
 * What it has said is kept when it is killed.
 */
const writeAhead = ['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'];

/**
 * Starts the development server with its UI, and answers when the namespace can be used. One that runs and does not answer in time is
 * ended, and started once more: it takes further ports for itself, which another program may have taken in the same moment.
 */
export async function startTemporal({ readyWithinMs = 45_000, ...options }: TemporalOptions): Promise<LocalTemporal> {
  const started = (await startOnce(options, readyWithinMs)) ?? (await startOnce(options, readyWithinMs));
  if (started) return started;
  throw new AppError(
    'LOCAL_SERVICE_FAILED',
    `The Temporal server did not answer on port ${options.port} within ${readyWithinMs / 1_000} s, nor when it was started again; its log is ${join(options.dataDir, 'logs', 'temporal.log')}.`,
  );
}

/** Undefined when it did not answer in time. */
async function startOnce(
  { command, dataDir, port, uiPort, namespace, durable, signal }: Omit<TemporalOptions, 'readyWithinMs'>,
  readyWithinMs: number,
): Promise<LocalTemporal | undefined> {
  const service = await startService({
    name: 'temporal',
    command,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      ...['--ui-disable-news-fetch', '--log-level', 'warn', '--namespace', namespace],
      ...(durable ? ['--db-filename', join(dataDir, 'temporal.db'), ...writeAhead] : []),
      ...Object.entries(dynamicConfig).flatMap(([key, value]) => [
        '--dynamic-config-value',
        `${key}=${JSON.stringify(value)}`,
      ]),
    ],
    dataDir,
    // Callers do not wait for it, and a machine that has it all answers them first.
    niceness: 10,
    isBackground: true,
    // its own settings must not come from a profile of the user's
    env: {
      TEMPORAL_CONFIG_FILE: undefined,
      TEMPORAL_PROFILE: undefined,
      TEMPORAL_ADDRESS: undefined,
      TEMPORAL_NAMESPACE: undefined,
      // On few processors its threads cost more in switching than they win, and its heap is small: a third less CPU for a workflow.
      GOMAXPROCS: String(Math.max(1, Math.floor(availableParallelism() / 2))),
      GOGC: '400',
    },
  });
  const address = `127.0.0.1:${port}`;
  const patience = AbortSignal.timeout(readyWithinMs);
  try {
    await waitForNamespace(address, namespace, AbortSignal.any([signal, patience]), () => {
      if (!service.exit) return;
      throw new AppError(
        'LOCAL_SERVICE_FAILED',
        `The Temporal server did not start: ${service.lastLines(3).join(' ')} (${service.logFile})`,
      );
    });
  } catch (error) {
    await service.stop();
    if (patience.aborted && !signal.aborted) return undefined;
    throw error;
  }
  return { service, address, uiUrl: `http://localhost:${uiPort}` };
}

/** Waits until the server answers for the namespace. `check` may throw to end the wait. */
async function waitForNamespace(
  address: string,
  namespace: string,
  signal: AbortSignal,
  check: () => void,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    check();
    const connection = Connection.lazy({ address, connectTimeout: 1_000 });
    try {
      await connection.withDeadline(Date.now() + 1_000, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
      return;
    } catch {
      await delay(50, undefined, { signal });
    } finally {
      await connection.close();
    }
  }
}
