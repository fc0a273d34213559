import { heartbeat } from '@temporalio/activity';

const everyMs = 500;

/**
 * Lets Temporal know that this process lives for as long as the work lasts. The work is not interrupted when Temporal gives up on it:
 * an answer that works once is written all the same.
 */
export async function withHeartbeat<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => heartbeat(), everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
