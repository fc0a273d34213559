import { integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';

/** A portal user. `email` is stored in lower case: it is the user name. */
export const accounts = pgTable('accounts', {
  id: uuid('id').primaryKey().defaultRandom(),
  email: text('email').notNull().unique(),
  passwordHash: text('password_hash').notNull(),
  firstName: text('first_name').notNull(),
  lastName: text('last_name').notNull(),
  company: text('company'),
  timeZone: text('time_zone').notNull().default('UTC'),
  confirmedAt: moment('confirmed_at'),
  /** How long its lookup runs are kept. */
  lookupRunDays: integer('lookup_run_days').notNull().default(90),
  createdAt: moment('created_at').notNull().defaultNow(),
});
