import { and, asc, desc, eq, sql } from 'drizzle-orm';
import { accounts } from '../../drizzle/schema/accounts.ts';
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
    list: (accountId) => guarded(() => list(db, accountId)),

    setOfUser: (accountId, { userId, userName }, given) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          await waitForTurn(transaction, accountId);
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

    rewrite: (accountId, change) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          await waitForTurn(transaction, accountId);
          const changed = change(await list(transaction, accountId));
          await transaction.delete(extensions).where(eq(extensions.accountId, accountId));
          await insert(
            transaction,
            changed.map(({ userId, userName, extension, isPrimary, source }) => ({
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

async function list(db: Pick<Drizzle, 'select'>, accountId: string): Promise<readonly MappedExtension[]> {
  const rows = await db
    .select()
    .from(extensions)
    .where(eq(extensions.accountId, accountId))
    .orderBy(asc(extensions.userName), asc(extensions.userId), desc(extensions.isPrimary), asc(extensions.extension));
  return rows.map(toExtension);
}

/** Changes of one account's extensions come one after the other: each is made of what the one before has left. */
async function waitForTurn(transaction: Transaction, accountId: string): Promise<void> {
  await transaction.select({ id: accounts.id }).from(accounts).where(eq(accounts.id, accountId)).for('no key update');
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
