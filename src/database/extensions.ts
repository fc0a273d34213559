import { and, asc, desc, eq, sql } from 'drizzle-orm';
import { extensions } from '../../drizzle/schema/extensions.ts';
import type { ExtensionMap, Extensions, MappedExtension } from '../ports.ts';
import { notifyChange } from './changes.ts';
import { guarded, type Drizzle } from './client.ts';

type Row = typeof extensions.$inferSelect;
type Transaction = Parameters<Parameters<Drizzle['transaction']>[0]>[0];

/** Below PostgreSQL's limit of 65,535 parameters in a statement. */
const rowsAtOnce = 5_000;

export function createExtensions(db: Drizzle): Extensions {
  return {
    list: (accountId) =>
      guarded(async () => {
        const rows = await db
          .select()
          .from(extensions)
          .where(eq(extensions.accountId, accountId))
          .orderBy(
            asc(extensions.userName),
            asc(extensions.userId),
            desc(extensions.isPrimary),
            asc(extensions.extension),
          );
        return rows.map(toExtension);
      }),

    setOfUser: (accountId, { userId, userName }, given) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          await transaction
            .delete(extensions)
            .where(and(eq(extensions.accountId, accountId), eq(extensions.userId, userId)));
          await insert(
            transaction,
            given.map((extension) => ({ ...extension, accountId, userId, userName })),
          );
          await tell(transaction, accountId);
        }),
      ),

    replace: (accountId, given) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          await transaction.delete(extensions).where(eq(extensions.accountId, accountId));
          await insert(
            transaction,
            given.map(({ userId, userName, extension, isPrimary, source }) => ({
              accountId,
              userId,
              userName,
              extension,
              isPrimary,
              source,
            })),
          );
          await tell(transaction, accountId);
        }),
      ),
  };
}

async function insert(transaction: Transaction, rows: readonly (typeof extensions.$inferInsert)[]): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    await transaction.insert(extensions).values(rows.slice(from, from + rowsAtOnce));
  }
}

const toExtension = ({ id, accountId, userId, userName, extension, isPrimary, source }: Row): MappedExtension => ({
  id,
  accountId,
  userId,
  userName,
  extension,
  isPrimary,
  source,
});

async function tell(transaction: Transaction, accountId: string): Promise<void> {
  const { channel, payload } = notifyChange({ kind: 'extensions', accountId });
  await transaction.execute(sql`select pg_notify(${channel}, ${payload})`);
}

/** The primary extensions of one account, for answering. A user has at most one. */
export function toExtensionMap(rows: readonly Pick<Row, 'userId' | 'extension' | 'isPrimary'>[]): ExtensionMap {
  const primary = rows.filter(({ isPrimary }) => isPrimary);
  const byUser = new Map(primary.map(({ userId, extension }) => [userId, extension]));
  return { ofUser: (userId) => byUser.get(userId) };
}
