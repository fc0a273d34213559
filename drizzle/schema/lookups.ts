import { index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { moment } from './columns.ts';

/** A lookup that the administrator defined. `steps` is the ordered list of the domain's `LookupStep`. */
export const lookups = pgTable(
  'lookups',
  {
    id: text('id').primaryKey(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: ['extension', 'data', 'ivr'] }).notNull(),
    name: text('name').notNull(),
    steps: jsonb('steps').notNull(),
    /** Extensions by reason. */
    fallbacks: jsonb('fallbacks').notNull().default({}),
    fallbackExtension: text('fallback_extension'),
    /** What the last check against the org found. */
    problems: jsonb('problems').notNull().default([]),
    checkedAt: moment('checked_at'),
    version: integer('version').notNull().default(1),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [index('lookups_account_id').on(table.accountId)],
);
