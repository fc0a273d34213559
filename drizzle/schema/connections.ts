import { sql } from 'drizzle-orm';
import { bigint, boolean, integer, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { moment } from './columns.ts';

/** The projection of a connection: what the portal and the phone API read. Written by the connection workflow's activities. */
export const connections = pgTable(
  'connections',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    orgId: text('org_id').notNull(),
    state: text('state', { enum: ['active', 'degraded', 'broken', 'disconnected'] }).notNull(),
    since: moment('since').notNull().defaultNow(),
    cause: text('cause'),
    causeDetail: jsonb('cause_detail').notNull().default({}),
    orgName: text('org_name'),
    isSandbox: boolean('is_sandbox').notNull().default(false),
    userId: text('user_id').notNull(),
    username: text('username').notNull(),
    connectedAt: moment('connected_at').notNull().defaultNow(),
    lastCheckedAt: moment('last_checked_at'),
    lastRefreshedAt: moment('last_refreshed_at'),
    nextRefreshAt: moment('next_refresh_at'),
    apiUsed: integer('api_used'),
    apiMax: integer('api_max'),
    /** What was noticed beside whether it works, for early warnings. */
    observed: jsonb('observed').notNull().default({}),
    disconnecting: boolean('disconnecting').notNull().default(false),
    revision: bigint('revision', { mode: 'number' }).notNull().default(1),
    /** When the workflow knew what it had written here last: what it knew before and arrives late changes nothing. */
    knownAt: moment('known_at'),
  },
  (table) => [
    uniqueIndex('connections_org_id_linked')
      .on(table.orgId)
      .where(sql`state <> 'disconnected'`),
    uniqueIndex('connections_account_id_linked')
      .on(table.accountId)
      .where(sql`state <> 'disconnected'`),
  ],
);
