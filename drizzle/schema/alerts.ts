import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';
import { connections } from './connections.ts';

/** What the targets of a connection were told, as it stood then; the last one of a topic says what they know. */
export const alerts = pgTable(
  'alerts',
  {
    id: uuid('id').primaryKey(),
    connectionId: uuid('connection_id')
      .notNull()
      .references(() => connections.id, { onDelete: 'cascade' }),
    /** `state`, or the early warning. */
    topic: text('topic').notNull(),
    event: text('event', { enum: ['connection.broken', 'connection.repaired', 'connection.warning'] }).notNull(),
    state: text('state', { enum: ['active', 'degraded', 'broken', 'disconnected'] }).notNull(),
    since: moment('since').notNull(),
    cause: text('cause'),
    causeDetail: jsonb('cause_detail').notNull().default({}),
    at: moment('at').notNull().defaultNow(),
  },
  (table) => [index('alerts_connection_id_topic_at').on(table.connectionId, table.topic, table.at)],
);
