import { and, eq, sql } from 'drizzle-orm';
import { lookups } from '../../drizzle/schema/lookups.ts';
import type { LookupDefinition, LookupStep } from '../domain/lookup.ts';
import type { Lookups } from '../ports.ts';
import { notifyChange } from './changes.ts';
import { guarded, type Drizzle } from './client.ts';

type Row = typeof lookups.$inferSelect;

export function createLookups(db: Drizzle): Lookups {
  return {
    create: (lookup) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          const rows = await transaction.insert(lookups).values(lookup).returning();
          const { channel, payload } = notifyChange({ kind: 'lookup', id: lookup.id });
          await transaction.execute(sql`select pg_notify(${channel}, ${payload})`);
          const [created] = rows.map(toLookup);
          return created ?? { ...lookup, version: 1 };
        }),
      ),
    find: (accountId, id) =>
      guarded(async () => {
        const [row] = await db
          .select()
          .from(lookups)
          .where(and(eq(lookups.accountId, accountId), eq(lookups.id, id)));
        return row && toLookup(row);
      }),
  };
}

export const toLookup = (row: Row): LookupDefinition => ({
  id: row.id,
  accountId: row.accountId,
  kind: row.kind,
  name: row.name,
  steps: row.steps as readonly LookupStep[],
  fallbackExtension: row.fallbackExtension ?? undefined,
  version: row.version,
});
