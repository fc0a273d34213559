import { sql } from 'drizzle-orm';
import { boolean, pgTable, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { moment } from './columns.ts';

/** Where an account is told how its connection stands. Its own mail is a row too, without an address: it follows the account. */
export const alertTargets = pgTable(
  'alert_targets',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: ['account-mail', 'mail', 'webhook'] }).notNull(),
    /** Mail address, or URL of a webhook. */
    address: text('address'),
    /** What a webhook's messages are signed with. */
    secretSealed: text('secret_sealed'),
    enabled: boolean('enabled').notNull().default(true),
    /** SHA-256 of the link that the owner of a mail address opens; until then it gets nothing else. */
    confirmTokenHash: text('confirm_token_hash').unique(),
    confirmedAt: moment('confirmed_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [
    unique('alert_targets_account_id_kind_address').on(table.accountId, table.kind, table.address),
    uniqueIndex('alert_targets_account_mail')
      .on(table.accountId)
      .where(sql`kind = 'account-mail'`),
  ],
);
