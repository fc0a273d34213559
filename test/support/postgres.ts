import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { service } from './services.ts';

export interface TestDatabase {
  readonly url: string;
  /** Ends every connection to it first. */
  drop(): Promise<void>;
}

/** A database of its own for a test file, with the schema of today: a clone of a migrated one. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { adminUrl, template } = await service('postgres');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(adminUrl, (sql) => sql`create database ${sql(name)} template ${sql(template)}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(adminUrl, (sql) => sql`drop database ${sql(name)} with (force)`) };
}

async function administer(url: string, statement: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await statement(sql);
  } finally {
    await sql.end();
  }
}
