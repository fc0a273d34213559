import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';

const folder = fileURLToPath(new URL('../../drizzle/migrations', import.meta.url));
/** Any constant: whoever holds it migrates, the others wait. */
const advisoryLock = 7_220_615;

/** Brings the schema up to date, and makes the log's partitions of this month and the next three. Safe to run from several processes. */
export async function migrateDatabase(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    await sql`select pg_advisory_lock(${advisoryLock})`;
    await migrate(drizzle(sql), { migrationsFolder: folder });
    await sql`select create_lookup_run_partitions((now() at time zone 'utc')::date, 4)`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
