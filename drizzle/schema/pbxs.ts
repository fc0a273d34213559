import { boolean, index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { moment } from './columns.ts';
import { dialingRules } from './dialing-rules.ts';
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
    defaultDataLookupId: text('default_data_lookup_id').references(() => lookups.id),
    defaultIvrLookupId: text('default_ivr_lookup_id').references(() => lookups.id),
    /** Null: the rules of its country. */
    dialingRulesId: uuid('dialing_rules_id').references(() => dialingRules.id),
    limitPerSecond: integer('limit_per_second').notNull().default(50),
    limitBurst: integer('limit_burst').notNull().default(100),
    limitInFlight: integer('limit_in_flight').notNull().default(200),
    signingSecretSealed: text('signing_secret_sealed').notNull(),
    /** Of tokens without `jti` that were issued elsewhere; null: none are accepted. */
    importedSecretSealed: text('imported_secret_sealed'),
    version: integer('version').notNull().default(1),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [index('pbxs_account_id').on(table.accountId)],
);
