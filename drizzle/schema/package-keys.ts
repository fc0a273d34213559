import { pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';
import { connections } from './connections.ts';

/** The secret key that the package in Salesforce made, with which it and Trunkline sign what they say to each other. */
export const packageKeys = pgTable('package_keys', {
  connectionId: uuid('connection_id')
    .primaryKey()
    .references(() => connections.id, { onDelete: 'cascade' }),
  secretSealed: text('secret_sealed').notNull(),
  addedAt: moment('added_at').notNull(),
});
