import { sql } from 'drizzle-orm';
import { boolean, pgTable, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { moment } from './columns.ts';

/** An extension of a Salesforce user; one of a user's is primary. */
export const extensions = pgTable(
  'extensions',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    /** 18 characters. */
    userId: text('user_id').notNull(),
    userName: text('user_name').notNull(),
    extension: text('extension').notNull(),
    isPrimary: boolean('is_primary').notNull(),
    source: text('source', { enum: ['salesforce', 'hand', 'import'] }).notNull(),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (table) => [
    unique('extensions_account_id_user_id_extension').on(table.accountId, table.userId, table.extension),
    uniqueIndex('extensions_primary')
      .on(table.accountId, table.userId)
      .where(sql`is_primary`),
  ],
);
