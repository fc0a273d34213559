import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Takes a lock that the operating system gives back however the process ends: SQLite's lock on an empty file. Undefined when another
 * process holds it.
 */
export function tryLock(file: string): Disposable | undefined {
  const database = new DatabaseSync(file);
  try {
    database.exec('begin exclusive');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === 5 /* SQLITE_BUSY */) return undefined;
    throw error;
  }
  return { [Symbol.dispose]: () => database.close() };
}

interface WaitOptions {
  readonly signal: AbortSignal;
  /** Called once when there is something to wait for. */
  readonly waiting: () => void;
}

/** Does the work while holding the lock, for which it waits. */
export async function withLock<T>(file: string, { signal, waiting }: WaitOptions, work: () => Promise<T>): Promise<T> {
  let held = tryLock(file);
  if (!held) waiting();
  while (!held) {
    await delay(200, undefined, { signal });
    held = tryLock(file);
  }
  try {
    return await work();
  } finally {
    held[Symbol.dispose]();
  }
}
