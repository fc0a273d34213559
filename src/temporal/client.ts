import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import { temporalTarget, type TemporalClient } from './lazy-client.ts';

/** One connection per process, shared by client and workers: eager starts need that. */
export interface TemporalConnection extends TemporalClient {
  readonly connection: NativeConnection;
}

/** Connects, and tries again until Temporal answers or `signal` ends the waiting. */
export async function connectTemporal(
  environment: Readonly<Record<string, string>>,
  logger: Logger,
  signal: AbortSignal,
): Promise<TemporalConnection> {
  const { connectionOptions, namespace } = temporalTarget(environment);
  const isLocal =
    connectionOptions.tls === undefined || connectionOptions.tls === null || connectionOptions.tls === false;
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    signal.throwIfAborted();
    try {
      const connection = await NativeConnection.connect({
        ...connectionOptions,
        // Compressing costs more than it saves on a short way; over the internet it stays on.
        ...(isLocal ? { grpcCompression: { codec: 'none' } } : {}),
      });
      return { connection, namespace, client: new Client({ connection, namespace }) };
    } catch (error) {
      logger.warn(
        { reason: error instanceof Error ? error.message : String(error), retryInMs: waitMs },
        'Temporal does not answer yet',
      );
      await sleep(waitMs, undefined, { signal });
    }
  }
}
