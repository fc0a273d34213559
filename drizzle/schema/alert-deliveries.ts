import { index, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { alertTargets } from './alert-targets.ts';
import { alerts } from './alerts.ts';
import { moment } from './columns.ts';

/** What became of an alert at one target. */
export const alertDeliveries = pgTable(
  'alert_deliveries',
  {
    alertId: uuid('alert_id')
      .notNull()
      .references(() => alerts.id, { onDelete: 'cascade' }),
    targetId: uuid('target_id')
      .notNull()
      .references(() => alertTargets.id, { onDelete: 'cascade' }),
    attemptedAt: moment('attempted_at').notNull(),
    deliveredAt: moment('delivered_at'),
    /** Why the last attempt failed, in a word; null when it did not. */
    failure: text('failure'),
  },
  (table) => [
    primaryKey({ columns: [table.alertId, table.targetId] }),
    index('alert_deliveries_target_id_attempted_at').on(table.targetId, table.attemptedAt),
  ],
);
