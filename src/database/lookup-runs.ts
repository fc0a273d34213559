import { sql } from 'drizzle-orm';
import type { lookupRuns } from '../../drizzle/schema/lookup-runs.ts';
import { withoutFields } from '../domain/answer.ts';
import type { LookupTrace } from '../domain/lookup-trace.ts';
import type { Finding, LookupRun, LookupService, Question } from '../domain/lookup.ts';
import type { LookupRuns, Sealer } from '../ports.ts';
import { notifyChange } from './changes.ts';
import { guarded, type Drizzle } from './client.ts';
import { sealContext } from './sealed-columns.ts';

type Row = typeof lookupRuns.$inferSelect;

type TraceColumn = 'lookup_runs.trace_sealed' | 'lookup_runs.found_trace_sealed';

const questionContext = (runId: string) => sealContext('lookup_runs.question_sealed', runId);

export function createLookupRuns(db: Drizzle, sealer: Sealer): LookupRuns {
  const sealTrace = (column: TraceColumn, runId: string, trace: LookupTrace | undefined) =>
    trace === undefined ? null : sealer.seal(JSON.stringify(trace), sealContext(column, runId));

  return {
    record: (run) =>
      guarded(async () => {
        const { id, answer, found } = run;
        const asked = { question: run.question, number: run.number };
        const { channel, payload } = notifyChange({
          kind: 'lookup-run',
          id,
          accountId: run.accountId,
          pbxId: run.pbxId,
          ...(answer.reason === 'unknown' && { isUnanswered: true }),
        });
        // One statement, one round trip. What is known stays: an unknown answer never replaces a known one, nor nothing a finding.
        await db.execute(sql`
          with written as (
            insert into lookup_runs as known (
              id, asked_at, account_id, pbx_id, org_id, lookup_id, lookup_version, service, is_test, question_sealed,
              number_hash, answer_reason, answer_extension, answer_fields, answer_matches, answer_ms, found, found_at, trace_sealed,
              found_trace_sealed, repeats
            ) values (
              ${id}::uuid, ${toMoment(run.askedAtMs)}::timestamptz, ${run.accountId}::uuid, ${run.pbxId}, ${run.orgId ?? null},
              ${run.lookupId}, ${run.lookupVersion}, ${run.service ?? null}, ${run.isTest},
              ${sealer.seal(JSON.stringify(asked), questionContext(id))},
              ${run.number === undefined ? null : sealer.keyedHash(run.number)},
              ${answer.reason}, ${answer.extension ?? null}, ${answer.fields ?? null}, ${answer.matches}, ${answer.ms ?? null},
              ${found === undefined ? null : JSON.stringify(withoutFields(found))}::jsonb,
              ${run.foundAtMs === undefined ? null : toMoment(run.foundAtMs)}::timestamptz,
              ${sealTrace('lookup_runs.trace_sealed', id, run.trace)},
              ${sealTrace('lookup_runs.found_trace_sealed', id, run.foundTrace)}, ${run.repeats}
            )
            on conflict (id, asked_at) do update set
              service = coalesce(excluded.service, known.service),
              answer_reason = case when excluded.answer_reason = 'unknown' then known.answer_reason else excluded.answer_reason end,
              answer_extension = case when excluded.answer_reason = 'unknown' then known.answer_extension else excluded.answer_extension end,
              answer_fields = case when excluded.answer_reason = 'unknown' then known.answer_fields else excluded.answer_fields end,
              answer_matches = case when excluded.answer_reason = 'unknown' then known.answer_matches else excluded.answer_matches end,
              answer_ms = case when excluded.answer_reason = 'unknown' then known.answer_ms else excluded.answer_ms end,
              found = coalesce(excluded.found, known.found),
              found_at = case when excluded.found is null then known.found_at else excluded.found_at end,
              trace_sealed = coalesce(excluded.trace_sealed, known.trace_sealed),
              found_trace_sealed = coalesce(excluded.found_trace_sealed, known.found_trace_sealed),
              repeats = greatest(excluded.repeats, known.repeats)
            returning 1
          )
          select pg_notify(${channel}, ${payload}) from written`);
      }),
  };
}

export function toRun(row: Omit<Row, 'traceSealed' | 'foundTraceSealed'>, sealer: Sealer): LookupRun {
  const asked = JSON.parse(sealer.open(row.questionSealed, questionContext(row.id))) as {
    question: Question;
    number?: string;
  };
  return {
    id: row.id,
    askedAtMs: row.askedAt.getTime(),
    accountId: row.accountId,
    pbxId: row.pbxId,
    orgId: row.orgId ?? undefined,
    lookupId: row.lookupId,
    lookupVersion: row.lookupVersion,
    service: (row.service as LookupService | null) ?? undefined,
    isTest: row.isTest,
    question: asked.question,
    number: asked.number,
    answer: {
      reason: row.answerReason as LookupRun['answer']['reason'],
      extension: row.answerExtension ?? undefined,
      fields: row.answerFields ?? undefined,
      matches: row.answerMatches,
      ms: row.answerMs ?? undefined,
    },
    found: (row.found as Finding | null) ?? undefined,
    foundAtMs: row.foundAt?.getTime(),
    repeats: row.repeats,
  };
}

/** With what explains it, for whoever looks at this one run. */
export function toExplainedRun(row: Row, sealer: Sealer): LookupRun {
  const openTrace = (column: TraceColumn, sealed: string | null) =>
    sealed === null ? undefined : (JSON.parse(sealer.open(sealed, sealContext(column, row.id))) as LookupTrace);
  return {
    ...toRun(row, sealer),
    trace: openTrace('lookup_runs.trace_sealed', row.traceSealed),
    foundTrace: openTrace('lookup_runs.found_trace_sealed', row.foundTraceSealed),
  };
}

export const toMoment = (ms: number): string => new Date(ms).toISOString();
