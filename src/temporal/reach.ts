import {
  isGrpcServiceError,
  ServiceError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { AppError } from '../errors.ts';

/** A start or a signal is a matter of milliseconds; whoever waits for it is told rather than kept. */
export const messageLimitMs = 5_000;

/**
 * Calls the engine. Throws `TEMPORAL_UNAVAILABLE` when it does not answer, within `limitMs` where one is given; what the engine itself
 * says (already started, not found, a refused update) passes unchanged.
 */
export async function reach<T>(client: Client, call: () => Promise<T>, limitMs?: number): Promise<T> {
  try {
    return await (limitMs === undefined ? call() : client.withDeadline(Date.now() + limitMs, call));
  } catch (error) {
    if (
      error instanceof ServiceError ||
      error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
      isGrpcServiceError(error)
    ) {
      throw new AppError('TEMPORAL_UNAVAILABLE', 'The workflow engine does not answer. Try again in a moment.', {
        cause: error,
      });
    }
    throw error;
  }
}
