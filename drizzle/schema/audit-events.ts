import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';

/** Who did what to what; kept when the account is gone. */
export const auditEvents = pgTable(
  'audit_events',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    at: moment('at').notNull().defaultNow(),
    accountId: uuid('account_id'),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    subject: text('subject'),
    detail: jsonb('detail').notNull().default({}),
    /** Of what may be told more than once, and happened once. */
    occurrence: text('occurrence'),
  },
  (table) => [
    index('audit_events_account_id_id').on(table.accountId, table.id),
    uniqueIndex('audit_events_occurrence')
      .on(table.occurrence)
      .where(sql`occurrence is not null`),
  ],
);
