import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { moment } from './columns.ts';

/** A named set of dialing rules. `rules` is the domain's `DialingRules`. */
export const dialingRules = pgTable(
  'dialing_rules',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    rules: jsonb('rules').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [index('dialing_rules_account_id').on(table.accountId)],
);
