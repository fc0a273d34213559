import { and, eq, isNull } from 'drizzle-orm';
import { accounts } from '../../drizzle/schema/accounts.ts';
import { AppError } from '../errors.ts';
import type { Account, Accounts } from '../ports.ts';
import { guarded, violatedConstraint, type Drizzle } from './client.ts';

type Row = typeof accounts.$inferSelect;

export function createAccounts(db: Drizzle): Accounts {
  const one = (rows: readonly Row[]): Account | undefined => (rows[0] ? toAccount(rows[0]) : undefined);
  return {
    create: (account) =>
      guarded(async () => {
        try {
          const [row] = await db.insert(accounts).values(account).returning();
          if (!row) throw new Error('an insert returned no row');
          return toAccount(row);
        } catch (error) {
          if (violatedConstraint(error) === undefined) throw error;
          throw new AppError('EMAIL_TAKEN', 'An account with this e-mail exists already.');
        }
      }),
    findByEmail: (email) => guarded(async () => one(await db.select().from(accounts).where(eq(accounts.email, email)))),
    findById: (id) => guarded(async () => one(await db.select().from(accounts).where(eq(accounts.id, id)))),
    replaceUnconfirmed: (id, { company, ...account }) =>
      guarded(async () => {
        await db
          .update(accounts)
          .set({ ...account, company: company ?? null })
          .where(and(eq(accounts.id, id), isNull(accounts.confirmedAt)));
      }),
    confirm: (id) =>
      guarded(async () => {
        await db.update(accounts).set({ confirmedAt: new Date() }).where(eq(accounts.id, id));
      }),
  };
}

const toAccount = (row: Row): Account => ({
  id: row.id,
  email: row.email,
  passwordHash: row.passwordHash,
  firstName: row.firstName,
  lastName: row.lastName,
  company: row.company ?? undefined,
  timeZone: row.timeZone,
  confirmedAtMs: row.confirmedAt?.getTime(),
});
