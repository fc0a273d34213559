import { and, asc, eq, gt, isNull, or, sql } from 'drizzle-orm';
import { accountTokens } from '../../drizzle/schema/account-tokens.ts';
import type { AccountToken, AccountTokens } from '../ports.ts';
import { guarded, type Drizzle } from './client.ts';

type Row = typeof accountTokens.$inferSelect;

export function createAccountTokens(db: Drizzle): AccountTokens {
  return {
    create: ({ expiresAtMs, ...token }) =>
      guarded(async () => {
        const [row] = await db
          .insert(accountTokens)
          .values({ ...token, expiresAt: expiresAtMs === undefined ? null : new Date(expiresAtMs) })
          .returning();
        if (!row) throw new Error('an insert returned no row');
        return toToken(row);
      }),

    list: (accountId) =>
      guarded(async () => {
        const rows = await db
          .select()
          .from(accountTokens)
          .where(eq(accountTokens.accountId, accountId))
          .orderBy(asc(accountTokens.createdAt));
        return rows.map(toToken);
      }),

    revoke: (accountId, id) =>
      guarded(async () => {
        const revoked = await db
          .update(accountTokens)
          .set({ revokedAt: sql`now()` })
          .where(and(eq(accountTokens.accountId, accountId), eq(accountTokens.id, id), isNull(accountTokens.revokedAt)))
          .returning({ id: accountTokens.id });
        return revoked.length > 0;
      }),

    use: (tokenHash) =>
      guarded(async () => {
        const [row] = await db
          .select({ id: accountTokens.id, accountId: accountTokens.accountId })
          .from(accountTokens)
          .where(
            and(
              eq(accountTokens.tokenHash, tokenHash),
              isNull(accountTokens.revokedAt),
              or(isNull(accountTokens.expiresAt), gt(accountTokens.expiresAt, sql`now()`)),
            ),
          );
        if (!row) return undefined;
        // To the minute: a program that asks every second does not write every second.
        await db
          .update(accountTokens)
          .set({ lastUsedAt: sql`now()` })
          .where(
            and(
              eq(accountTokens.id, row.id),
              sql`coalesce(${accountTokens.lastUsedAt} < now() - interval '1 minute', true)`,
            ),
          );
        return row.accountId;
      }),
  };
}

const toToken = (row: Row): AccountToken => ({
  id: row.id,
  name: row.name,
  createdAtMs: row.createdAt.getTime(),
  expiresAtMs: row.expiresAt?.getTime(),
  lastUsedAtMs: row.lastUsedAt?.getTime(),
  revokedAtMs: row.revokedAt?.getTime(),
});
