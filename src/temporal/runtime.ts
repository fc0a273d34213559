import type { LogMetadata } from '@temporalio/common';
import { Runtime } from '@temporalio/worker';
import type { Logger } from '../logger.ts';

/** In milliseconds: the SDK's own buckets are too coarse to see a lookup. */
const latencyBuckets = [1, 2, 5, 10, 20, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000];
const latencies = [
  'request_latency',
  'workflow_task_schedule_to_start_latency',
  'workflow_endtoend_latency',
  'local_activity_execution_latency',
];

/**
 * Sets the SDK's native side up, once per process and before any connection: its log goes to ours, its metrics to Prometheus,
 * and it leaves signals alone, since the order of a shutdown is ours to keep.
 */
export function installRuntime(logger: Logger, metricsAddress: string | undefined): void {
  const log = (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: LogMetadata) =>
    logger[level](meta ?? {}, message);
  const byLevel = {
    TRACE: log('trace'),
    DEBUG: log('debug'),
    INFO: log('info'),
    WARN: log('warn'),
    ERROR: log('error'),
  };
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (level, message, meta) => byLevel[level](message, meta),
      trace: byLevel.TRACE,
      debug: byLevel.DEBUG,
      info: byLevel.INFO,
      warn: byLevel.WARN,
      error: byLevel.ERROR,
    },
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      ...(metricsAddress === undefined
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: metricsAddress,
                histogramBucketOverrides: Object.fromEntries(latencies.map((name) => [name, latencyBuckets])),
              },
            },
          }),
    },
  });
}
