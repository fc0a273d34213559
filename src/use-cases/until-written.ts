import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../logger.ts';

const firstPauseMs = 100;
const longestPauseMs = 5_000;

/**
 * Writes what must not be lost and is nowhere else yet, again and again until the database takes it. Ends only with success, or with
 * the process.
 */
export async function untilWritten<T>(write: () => Promise<T>, logger: Pick<Logger, 'warn'>): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await write();
    } catch (error) {
      logger.warn({ err: error, retryInMs: pauseMs }, 'an answer of Salesforce could not be stored yet');
      await sleep(pauseMs);
    }
  }
}
