import { and, eq, gt, lt } from 'drizzle-orm';
import { accountSessions } from '../../drizzle/schema/account-sessions.ts';
import type { Sessions } from '../ports.ts';
import { guarded, type Drizzle } from './client.ts';

export function createSessions(db: Drizzle): Sessions {
  return {
    create: (idHash, accountId, expiresAtMs) =>
      guarded(async () => {
        // A new sign-in is a good moment to drop what nobody can use any more.
        await db.delete(accountSessions).where(lt(accountSessions.expiresAt, new Date()));
        await db.insert(accountSessions).values({ idHash, accountId, expiresAt: new Date(expiresAtMs) });
      }),
    find: (idHash) =>
      guarded(async () => {
        const [row] = await db
          .select({ accountId: accountSessions.accountId, expiresAt: accountSessions.expiresAt })
          .from(accountSessions)
          .where(and(eq(accountSessions.idHash, idHash), gt(accountSessions.expiresAt, new Date())));
        return row && { accountId: row.accountId, expiresAtMs: row.expiresAt.getTime() };
      }),
    extend: (idHash, expiresAtMs) =>
      guarded(async () => {
        await db
          .update(accountSessions)
          .set({ expiresAt: new Date(expiresAtMs) })
          .where(eq(accountSessions.idHash, idHash));
      }),
    remove: (idHash) =>
      guarded(async () => {
        await db.delete(accountSessions).where(eq(accountSessions.idHash, idHash));
      }),
  };
}
