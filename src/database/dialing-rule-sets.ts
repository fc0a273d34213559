import { and, asc, eq, sql } from 'drizzle-orm';
import { dialingRules } from '../../drizzle/schema/dialing-rules.ts';
import { pbxs } from '../../drizzle/schema/pbxs.ts';
import type { DialingRuleSet, DialingRuleSets } from '../ports.ts';
import { notifyChange } from './changes.ts';
import { guarded, type Drizzle } from './client.ts';
import { readDialingRules } from './stored-json.ts';

type Row = typeof dialingRules.$inferSelect;
type Transaction = Parameters<Parameters<Drizzle['transaction']>[0]>[0];

export function createDialingRuleSets(db: Drizzle): DialingRuleSets {
  return {
    create: (set) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          const [row] = await transaction.insert(dialingRules).values(set).returning();
          if (!row) throw new Error('an insert returned no row');
          await tell(transaction, row.id);
          return toDialingRuleSet(row);
        }),
      ),

    list: (accountId) =>
      guarded(async () => {
        const rows = await db
          .select()
          .from(dialingRules)
          .where(eq(dialingRules.accountId, accountId))
          .orderBy(asc(dialingRules.name), asc(dialingRules.id));
        return rows.map(toDialingRuleSet);
      }),

    find: (accountId, id) =>
      guarded(async () => {
        const [row] = await db
          .select()
          .from(dialingRules)
          .where(and(eq(dialingRules.accountId, accountId), eq(dialingRules.id, id)));
        return row && toDialingRuleSet(row);
      }),

    update: ({ id, accountId, name, rules }) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          const [row] = await transaction
            .update(dialingRules)
            .set({ name, rules })
            .where(and(eq(dialingRules.accountId, accountId), eq(dialingRules.id, id)))
            .returning();
          if (row) await tell(transaction, id);
          return row && toDialingRuleSet(row);
        }),
      ),

    remove: (accountId, id) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          // Locked first: no phone system takes it meanwhile.
          const [row] = await transaction
            .select({ id: dialingRules.id })
            .from(dialingRules)
            .where(and(eq(dialingRules.accountId, accountId), eq(dialingRules.id, id)))
            .for('update');
          if (!row) return 'not-found';
          const users = await transaction
            .select({ id: pbxs.id })
            .from(pbxs)
            .where(eq(pbxs.dialingRulesId, id))
            .limit(1);
          if (users.length > 0) return 'in-use';
          await transaction.delete(dialingRules).where(eq(dialingRules.id, id));
          await tell(transaction, id);
          return 'removed';
        }),
      ),
  };
}

export const toDialingRuleSet = (row: Row): DialingRuleSet => ({
  id: row.id,
  accountId: row.accountId,
  name: row.name,
  rules: readDialingRules(row.rules),
});

async function tell(transaction: Transaction, id: string): Promise<void> {
  const { channel, payload } = notifyChange({ kind: 'dialing-rules', id });
  await transaction.execute(sql`select pg_notify(${channel}, ${payload})`);
}
