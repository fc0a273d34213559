import { sql } from 'drizzle-orm';
import { index, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';
import { pbxs } from './pbxs.ts';

/** A token that a phone system presents; `id` is the `jti` of the JWT, which itself is not stored. */
export const pbxTokens = pgTable(
  'pbx_tokens',
  {
    id: uuid('id').primaryKey(),
    pbxId: text('pbx_id')
      .notNull()
      .references(() => pbxs.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** Addresses and networks (CIDR) that it may be used from; empty: everywhere. */
    allowedAddresses: text('allowed_addresses')
      .array()
      .notNull()
      .default(sql`'{}'::text[]`),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at'),
    lastUsedAt: moment('last_used_at'),
    revokedAt: moment('revoked_at'),
  },
  (table) => [index('pbx_tokens_pbx_id').on(table.pbxId)],
);
