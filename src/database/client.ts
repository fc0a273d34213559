import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { AppError } from '../errors.ts';
import { driverCode, driverError } from './driver-error.ts';
import { letLostTransactionsGo } from './lost-transactions.ts';

export type Database = ReturnType<typeof openDatabase>;
export type Drizzle = Database['db'];

/** Opens a pool; connects at the first statement. `close` waits for running statements at most five seconds. */
export function openDatabase(url: string, options: { maxConnections?: number } = {}) {
  const sql = postgres(url, {
    max: options.maxConnections ?? 10,
    connect_timeout: 5,
    idle_timeout: 60,
    // Seconds; a host that vanished without a word is noticed ten seconds later, also by who only listens.
    keep_alive: 10,
    // Notices are news for a person at a terminal, not for a service.
    onnotice: () => undefined,
    connection: {
      application_name: 'trunkline',
      statement_timeout: 15_000,
      // The server would keep the locks of a process whose host vanished for hours.
      idle_in_transaction_session_timeout: 20_000,
    },
  });
  return { sql, db: letLostTransactionsGo(drizzle(sql)), close: () => sql.end({ timeout: 5 }) };
}

/** PostgreSQL's five-character error code. */
export function sqlState(error: unknown): string | undefined {
  const cause = driverError(error);
  return cause instanceof postgres.PostgresError ? cause.code : undefined;
}

export const uniqueViolation = '23505';

/** Name of the violated constraint. */
export function violatedConstraint(error: unknown): string | undefined {
  const cause = driverError(error);
  return cause instanceof postgres.PostgresError && cause.code === uniqueViolation ? cause.constraint_name : undefined;
}

/** How long whoever looks at a page waits. A server that stands still says nothing, not even no. */
const answerLimitMs = 5_000;

/**
 * Runs statements so that what they throw carries no parameter: drizzle's error prints them all, secrets and numbers included.
 * Expected violations are turned into data or an `AppError` by the caller inside. Throws `DATABASE_UNAVAILABLE` when the database is
 * away, or says nothing for five seconds; what was sent by then may still happen.
 */
export async function guarded<T>(statements: () => Promise<T>, limitMs: number = answerLimitMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AppError('DATABASE_UNAVAILABLE', `The database said nothing for ${limitMs} ms.`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([guardedPatiently(statements), silence]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The same without a limit but the server's own: for what may take long by right, and for what must not be left while nobody knows
 * whether it happens.
 */
export async function guardedPatiently<T>(statements: () => Promise<T>): Promise<T> {
  try {
    return await statements();
  } catch (error) {
    throw withoutParameters(error);
  }
}

function withoutParameters(error: unknown): Error {
  if (error instanceof AppError) return error;
  const state = sqlState(error);
  // Nothing is wrong with the database when it refuses a value: whoever sent it should have looked at it first.
  if (state !== undefined && /^2[23]/.test(state)) return new Error(`The database refused a value (${state}).`);
  return new AppError(
    'DATABASE_UNAVAILABLE',
    `The database refused a statement (${state ?? driverCode(error) ?? 'no connection'}).`,
  );
}
