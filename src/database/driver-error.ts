import { DrizzleQueryError } from 'drizzle-orm';

/** What the driver threw, out of whatever drizzle wrapped round it. */
export const driverError = (error: unknown): unknown => (error instanceof DrizzleQueryError ? error.cause : error);

/** The driver's or the system's own code of an error that is not PostgreSQL's; PostgreSQL's five characters of one that is. */
export function driverCode(error: unknown): string | undefined {
  const cause = driverError(error);
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}
