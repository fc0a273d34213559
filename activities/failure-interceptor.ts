import { activityInfo, CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { AppError, type ErrorKind } from '../src/errors.ts';
import type { Logger } from '../src/logger.ts';

/** What a history says of a failure: a sentence per kind. The log has the rest, under the reference. */
const kinds = {
  invalid: { nonRetryable: true, sentence: 'What was asked for is not valid.' },
  unauthenticated: { nonRetryable: true, sentence: 'Whoever asked is not known.' },
  forbidden: { nonRetryable: true, sentence: 'Whoever asked may not do this.' },
  'not-found': { nonRetryable: true, sentence: 'What was asked for does not exist.' },
  conflict: { nonRetryable: true, sentence: 'It contradicts what is there.' },
  'rate-limited': { nonRetryable: false, sentence: 'A limit is reached; it is tried again later.' },
  unavailable: { nonRetryable: false, sentence: 'Something needed does not answer; it is tried again.' },
  internal: { nonRetryable: false, sentence: 'Something is wrong here; it is tried again.' },
} as const satisfies Record<ErrorKind, { nonRetryable: boolean; sentence: string }>;

/**
 * Turns whatever an activity throws into a failure that may be read by every operator and lasts for months: the code, a fixed
 * sentence and a reference to the log; never a foreign message or a stack.
 */
export function createFailureInterceptor(logger: Pick<Logger, 'warn' | 'error'>) {
  return {
    async execute<Input>(input: Input, next: (input: Input) => Promise<unknown>): Promise<unknown> {
      try {
        return await next(input);
      } catch (error) {
        if (error instanceof CancelledFailure || error instanceof CompleteAsyncError) throw error;
        const { workflowExecution, activityType, activityId, attempt } = activityInfo();
        const { workflowId } = workflowExecution ?? {};
        const reference = `${workflowId ?? 'standalone'}/${activityId}/${attempt}`;
        const level = error instanceof AppError && error.kind !== 'internal' ? 'warn' : 'error';
        logger[level]({ err: error, reference, workflowId, activity: activityType }, 'an activity failed');
        throw toFailure(error, reference);
      }
    },
  };
}

function toFailure(error: unknown, reference: string): ApplicationFailure {
  const { nonRetryable, sentence } = kinds[error instanceof AppError ? error.kind : 'internal'];
  const failure = ApplicationFailure.create({
    type: error instanceof AppError ? error.code : 'INTERNAL',
    message: `${sentence} Log reference: ${reference}.`,
    nonRetryable,
    ...(error instanceof AppError && error.retryAfterMs !== undefined ? { nextRetryDelay: error.retryAfterMs } : {}),
  });
  failure.stack = '';
  return failure;
}
