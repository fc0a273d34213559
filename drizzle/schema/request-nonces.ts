import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';

/** Nonces of signed requests, for as long as a copy of such a request could be believed. `signer`: whose key signed it. */
export const requestNonces = pgTable(
  'request_nonces',
  {
    signer: text('signer').notNull(),
    nonce: text('nonce').notNull(),
    seenAt: moment('seen_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.signer, table.nonce] }), index('request_nonces_seen_at').on(table.seenAt)],
);
