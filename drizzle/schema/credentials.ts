import { integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';
import { connections } from './connections.ts';

/** The tokens of a connection, sealed. `refresh_started_at` is set before Salesforce hears of a refresh (design section 4). */
export const credentials = pgTable('credentials', {
  orgId: text('org_id').primaryKey(),
  connectionId: uuid('connection_id')
    .notNull()
    .unique()
    .references(() => connections.id, { onDelete: 'cascade' }),
  version: integer('version').notNull(),
  accessTokenSealed: text('access_token_sealed').notNull(),
  refreshTokenSealed: text('refresh_token_sealed').notNull(),
  instanceUrl: text('instance_url').notNull(),
  identityUrl: text('identity_url').notNull(),
  loginHost: text('login_host').notNull(),
  issuedAt: moment('issued_at').notNull(),
  refreshStartedAt: moment('refresh_started_at'),
  refreshAttempt: uuid('refresh_attempt'),
  updatedAt: moment('updated_at').notNull().defaultNow(),
});
