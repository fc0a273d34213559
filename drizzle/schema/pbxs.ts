import { boolean, index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { moment } from './columns.ts';
import { lookups } from './lookups.ts';

/** A phone system. Its tokens are signed with its own secret, sealed. */
export const pbxs = pgTable(
  'pbxs',
  {
    id: text('id').primaryKey(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** ISO 3166-1 alpha-2. */
    country: text('country').notNull(),
    fallbackExtension: text('fallback_extension'),
    deadlineMs: integer('deadline_ms').notNull(),
    answerFormat: text('answer_format', { enum: ['text', 'json', 'xml', 'form'] })
      .notNull()
      .default('text'),
    notFoundOnMiss: boolean('not_found_on_miss').notNull().default(false),
    defaultExtensionLookupId: text('default_extension_lookup_id')
      .notNull()
      .references(() => lookups.id),
    signingSecretSealed: text('signing_secret_sealed').notNull(),
    version: integer('version').notNull().default(1),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [index('pbxs_account_id').on(table.accountId)],
);
