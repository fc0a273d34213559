import { boolean, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { moment } from './columns.ts';

/**
 * One question of a phone system and its answer. Partitioned by month of `asked_at`; the table is made by a migration written
 * by hand (drizzle-kit cannot express partitions), so this file is left out of `index.ts` and a test compares the two.
 */
export const lookupRuns = pgTable(
  'lookup_runs',
  {
    id: uuid('id').notNull(),
    askedAt: moment('asked_at').notNull(),
    accountId: uuid('account_id').notNull(),
    pbxId: text('pbx_id').notNull(),
    orgId: text('org_id'),
    lookupId: text('lookup_id').notNull(),
    lookupVersion: integer('lookup_version').notNull(),
    /** `extension` or `data`; null in rows of before it was kept. */
    service: text('service'),
    isTest: boolean('is_test').notNull().default(false),
    /** What the phone system asked, sealed; and the keyed hash of the number as E.164, for finding it. */
    questionSealed: text('question_sealed').notNull(),
    numberHash: text('number_hash'),
    answerReason: text('answer_reason').notNull(),
    answerExtension: text('answer_extension'),
    /** How many fields were told; null where an extension was asked for. */
    answerFields: integer('answer_fields'),
    answerMatches: integer('answer_matches').notNull(),
    answerMs: integer('answer_ms'),
    found: jsonb('found'),
    foundAt: moment('found_at'),
    /** How the answer, and how a finding that was asked for by itself, came about; sealed. */
    traceSealed: text('trace_sealed'),
    foundTraceSealed: text('found_trace_sealed'),
    repeats: integer('repeats').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.id, table.askedAt] }),
    // Whatever the log is filtered by, one of these lists exactly that, and is read from its end. Without a reason the lists of all of
    // them are put together, which saves the index of each filter without one.
    index('lookup_runs_account_id_asked_at').on(table.accountId, table.askedAt),
    index('lookup_runs_account_id_answer_reason_asked_at').on(table.accountId, table.answerReason, table.askedAt),
    index('lookup_runs_account_id_pbx_id_answer_reason_asked_at') // include (answer_ms, repeats, is_test): all that the charts need
      .on(table.accountId, table.pbxId, table.answerReason, table.askedAt),
    index('lookup_runs_account_id_lookup_id_answer_reason_asked_at') // one account's lookup, whatever the phone system
      .on(table.accountId, table.lookupId, table.answerReason, table.askedAt),
    index('lookup_runs_account_id_pbx_id_lookup_id_answer_reason_asked_at') // both at once
      .on(table.accountId, table.pbxId, table.lookupId, table.answerReason, table.askedAt),
    // A number has few runs: a phone system or lookup beside it is looked for among these.
    index('lookup_runs_account_id_number_hash_answer_reason_asked_at') // by the keyed hash
      .on(table.accountId, table.numberHash, table.answerReason, table.askedAt),
  ],
);
