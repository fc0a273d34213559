import { and, asc, eq, sql } from 'drizzle-orm';
import { lookups } from '../../drizzle/schema/lookups.ts';
import { pbxs } from '../../drizzle/schema/pbxs.ts';
import type { LookupDefinition } from '../domain/lookup.ts';
import { AppError } from '../errors.ts';
import type { Lookups } from '../ports.ts';
import { notifyChange } from './changes.ts';
import { guarded, type Drizzle } from './client.ts';
import { readFallbacks, readProblems, readSteps } from './stored-json.ts';

type Row = typeof lookups.$inferSelect;
type Transaction = Parameters<Parameters<Drizzle['transaction']>[0]>[0];

export function createLookups(db: Drizzle): Lookups {
  return {
    create: ({ checkedAtMs, ...lookup }) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          const [row] = await transaction
            .insert(lookups)
            .values({ ...lookup, checkedAt: toMoment(checkedAtMs) })
            .returning();
          await tell(transaction, lookup.id);
          return toLookup(required(row));
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

    list: (accountId) =>
      guarded(async () => {
        const rows = await db
          .select()
          .from(lookups)
          .where(eq(lookups.accountId, accountId))
          .orderBy(asc(lookups.createdAt), asc(lookups.id));
        return rows.map(toLookup);
      }),

    accounts: () =>
      guarded(async () => {
        const rows = await db.selectDistinct({ accountId: lookups.accountId }).from(lookups).orderBy(lookups.accountId);
        return rows.map(({ accountId }) => accountId);
      }),

    update: ({ id, accountId, ...given }) => {
      const { checkedAtMs, ...change } = given;
      return guarded(() =>
        db.transaction(async (transaction) => {
          const [row] = await transaction
            .update(lookups)
            .set({
              ...change,
              ...('fallbackExtension' in change && { fallbackExtension: change.fallbackExtension ?? null }),
              ...('checkedAtMs' in given && { checkedAt: toMoment(checkedAtMs) }),
              version: sql`${lookups.version} + 1`,
            })
            .where(and(eq(lookups.accountId, accountId), eq(lookups.id, id)))
            .returning();
          await tell(transaction, id);
          return toLookup(required(row));
        }),
      );
    },

    noteCheck: ({ id, version }, problems) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          await transaction
            .update(lookups)
            .set({ problems, checkedAt: sql`now()` })
            .where(and(eq(lookups.id, id), eq(lookups.version, version)));
          await tell(transaction, id);
        }),
      ),

    remove: (accountId, id) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          // Locked first: nobody makes it a default meanwhile.
          const [row] = await transaction
            .select({ id: lookups.id })
            .from(lookups)
            .where(and(eq(lookups.accountId, accountId), eq(lookups.id, id)))
            .for('update');
          if (!row) return 'not-found';
          const users = await transaction
            .select({ id: pbxs.id })
            .from(pbxs)
            .where(
              sql`${id} in (${pbxs.defaultExtensionLookupId}, ${pbxs.defaultDataLookupId}, ${pbxs.defaultIvrLookupId})`,
            )
            .limit(1);
          if (users.length > 0) return 'in-use';
          await transaction.delete(lookups).where(eq(lookups.id, id));
          await tell(transaction, id);
          return 'removed';
        }),
      ),
  };
}

export const toLookup = (row: Row): LookupDefinition => ({
  id: row.id,
  accountId: row.accountId,
  kind: row.kind,
  name: row.name,
  steps: readSteps(row.steps),
  fallbacks: readFallbacks(row.fallbacks),
  fallbackExtension: row.fallbackExtension ?? undefined,
  problems: readProblems(row.problems),
  checkedAtMs: row.checkedAt?.getTime(),
  version: row.version,
});

const toMoment = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));

async function tell(transaction: Transaction, id: string): Promise<void> {
  const { channel, payload } = notifyChange({ kind: 'lookup', id });
  await transaction.execute(sql`select pg_notify(${channel}, ${payload})`);
}

function required<T>(row: T | undefined): T {
  if (row === undefined) throw new AppError('LOOKUP_NOT_FOUND', 'There is no such lookup.');
  return row;
}
