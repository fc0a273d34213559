import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.ts';
import { moment } from './columns.ts';
import { oneTimeLinks } from './one-time-links.ts';

/** One attempt to connect through Salesforce's pages. Code, verifier and grant are sealed, and erased when the attempt ends. */
export const authorizations = pgTable(
  'authorizations',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id, { onDelete: 'cascade' }),
    status: text('status', { enum: ['begun', 'code-received', 'succeeded', 'refused'] })
      .notNull()
      .default('begun'),
    loginHost: text('login_host').notNull(),
    stateHash: text('state_hash').notNull().unique(),
    /** SHA-256 of the cookie of the browser that began. */
    browserHash: text('browser_hash').notNull(),
    /** The invitation by which it was begun; null when the account itself did. */
    invitationHash: text('invitation_hash').references(() => oneTimeLinks.tokenHash, { onDelete: 'set null' }),
    codeVerifierSealed: text('code_verifier_sealed'),
    codeSealed: text('code_sealed'),
    /** Set when code and verifier were handed out: the exchange is sent at most once. */
    codeTakenAt: moment('code_taken_at'),
    grantSealed: text('grant_sealed'),
    /** What the hand-over replaced, kept until it is revoked. */
    formerGrantSealed: text('former_grant_sealed'),
    reason: text('reason'),
    reasonDetail: jsonb('reason_detail').notNull().default({}),
    orgId: text('org_id'),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at').notNull(),
    endedAt: moment('ended_at'),
  },
  (table) => [index('authorizations_account_id_created_at').on(table.accountId, table.createdAt)],
);
