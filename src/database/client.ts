import { DrizzleQueryError } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { AppError } from '../errors.ts';

export type Database = ReturnType<typeof openDatabase>;
export type Drizzle = Database['db'];

/** Opens a pool; connects at the first statement. `close` waits for running statements at most five seconds. */
export function openDatabase(url: string, options: { maxConnections?: number } = {}) {
  const sql = postgres(url, {
    max: options.maxConnections ?? 10,
    connect_timeout: 5,
    idle_timeout: 60,
    // Notices are news for a person at a terminal, not for a service.
    onnotice: () => undefined,
    connection: { application_name: 'trunkline', statement_timeout: 15_000 },
  });
  return { sql, db: drizzle(sql), close: () => sql.end({ timeout: 5 }) };
}

/** PostgreSQL's five-character error code, out of whatever drizzle wrapped round it. */
export function sqlState(error: unknown): string | undefined {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  return cause instanceof postgres.PostgresError ? cause.code : undefined;
}

export const uniqueViolation = '23505';

/** Name of the violated constraint. */
export function violatedConstraint(error: unknown): string | undefined {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  return cause instanceof postgres.PostgresError && cause.code === uniqueViolation ? cause.constraint_name : undefined;
}

/**
 * Runs statements so that what they throw carries no parameter: drizzle's error prints them all, secrets and numbers included.
 * Expected violations are turned into data or an `AppError` by the caller inside.
 */
export async function guarded<T>(statements: () => Promise<T>): Promise<T> {
  try {
    return await statements();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const state = sqlState(error);
    throw new AppError('DATABASE_UNAVAILABLE', `The database refused a statement (${state ?? networkCode(error)}).`);
  }
}

function networkCode(error: unknown): string {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'no connection';
}
