import { and, asc, desc, eq, gte, inArray, lt, sql, type SQL } from 'drizzle-orm';
import { lookupRuns } from '../../drizzle/schema/lookup-runs.ts';
import type { LookupRun } from '../domain/lookup.ts';
import type { LookupRunFilter, LookupRunLog, LookupRunPlace, LookupRunSpan, Sealer } from '../ports.ts';
import { guarded, guardedPatiently, type Drizzle } from './client.ts';
import { toMoment, toRun } from './lookup-runs.ts';

const portion = 1_000;

/** Reads the log from the ends of its indexes, by keyset: no page costs more because it lies further back. */
export function createLookupRunLog(db: Drizzle, sealer: Sealer): LookupRunLog {
  const where = (accountId: string, filter: LookupRunFilter): SQL[] => {
    const { pbxId, lookupId, reason, numbers, fromMs, toMs } = filter;
    return [
      eq(lookupRuns.accountId, accountId),
      ...(pbxId === undefined ? [] : [eq(lookupRuns.pbxId, pbxId)]),
      ...(lookupId === undefined ? [] : [eq(lookupRuns.lookupId, lookupId)]),
      ...(reason === undefined ? [] : [eq(lookupRuns.answerReason, reason)]),
      ...(numbers === undefined
        ? []
        : [inArray(lookupRuns.numberHash, [...numbers.map((number) => sealer.keyedHash(number))])]),
      ...(fromMs === undefined ? [] : [gte(lookupRuns.askedAt, new Date(fromMs))]),
      ...(toMs === undefined ? [] : [lt(lookupRuns.askedAt, new Date(toMs))]),
    ];
  };

  // The time alone first: by it whole partitions are left out.
  const older = ({ askedAtMs, id }: LookupRunPlace) =>
    sql`${lookupRuns.askedAt} <= ${toMoment(askedAtMs)}::timestamptz
      and (${lookupRuns.askedAt}, ${lookupRuns.id}) < (${toMoment(askedAtMs)}::timestamptz, ${id}::uuid)`;
  const newer = ({ askedAtMs, id }: LookupRunPlace) =>
    sql`${lookupRuns.askedAt} >= ${toMoment(askedAtMs)}::timestamptz
      and (${lookupRuns.askedAt}, ${lookupRuns.id}) > (${toMoment(askedAtMs)}::timestamptz, ${id}::uuid)`;

  async function read(conditions: readonly SQL[], direction: 'older' | 'newer', limit: number) {
    const order = direction === 'older' ? desc : asc;
    const rows = await db
      .select()
      .from(lookupRuns)
      .where(and(...conditions))
      .orderBy(order(lookupRuns.askedAt), order(lookupRuns.id))
      .limit(limit);
    return rows.map((row) => toRun(row, sealer));
  }

  return {
    page: (accountId, filter, { limit, olderThan, newerThan }) =>
      guarded(async () => {
        const conditions = where(accountId, filter);
        if (newerThan) {
          const runs = await read([...conditions, newer(newerThan)], 'newer', limit + 1);
          const hasNewer = runs.length > limit;
          return { runs: runs.slice(0, limit).reverse(), hasNewer, hasOlder: true };
        }
        const runs = await read(olderThan ? [...conditions, older(olderThan)] : conditions, 'older', limit + 1);
        return { runs: runs.slice(0, limit), hasNewer: olderThan !== undefined, hasOlder: runs.length > limit };
      }),

    find: (accountId, id) =>
      guarded(async () => {
        const [row] = await db
          .select()
          .from(lookupRuns)
          .where(and(eq(lookupRuns.id, id), eq(lookupRuns.accountId, accountId)));
        return row && toRun(row, sealer);
      }),

    async *all(accountId, filter) {
      const conditions = where(accountId, filter);
      for (let last: LookupRun | undefined; ;) {
        const from = last;
        const runs = await guardedPatiently(() =>
          read(from ? [...conditions, older(from)] : conditions, 'older', portion),
        );
        if (runs.length > 0) yield runs;
        if (runs.length < portion) return;
        last = runs.at(-1);
      }
    },

    spans: (accountId, pbxId, { fromMs, toMs, spanMs }) =>
      guarded(async () => {
        // One reading of the index: by span and reason, and, for the durations, by span and over all.
        const rows = await db.execute<SpanRow>(sql`
          select
            floor(extract(epoch from asked_at) * 1000 / ${spanMs}::float8) * ${spanMs}::float8 as start,
            answer_reason as reason,
            sum(1 + repeats)::float8 as answers,
            percentile_disc(array[0.5, 0.95, 0.99]) within group (order by answer_ms) as durations
          from lookup_runs
          where pbx_id = ${pbxId} and account_id = ${accountId}::uuid and not is_test
            and asked_at >= ${toMoment(fromMs)}::timestamptz and asked_at < ${toMoment(toMs)}::timestamptz
          group by grouping sets ((1, 2), (1), (2), ())`);
        const spans = new Map<number, Mutable<LookupRunSpan>>();
        const whole: Mutable<Omit<LookupRunSpan, 'startMs'>> = nothing();
        for (const { start, reason, answers, durations } of rows) {
          const span = start === null ? whole : (spans.get(start) ?? { startMs: start, ...nothing() });
          if (start !== null) spans.set(start, span as Mutable<LookupRunSpan>);
          if (reason !== null) span.answers = { ...span.answers, [reason]: answers ?? 0 };
          else [span.p50, span.p95, span.p99] = durations ?? [];
        }
        return { spans: [...spans.values()].sort((a, b) => a.startMs - b.startMs), whole };
      }),
  };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface SpanRow extends Record<string, unknown> {
  readonly start: number | null;
  readonly reason: LookupRun['answer']['reason'] | null;
  readonly answers: number | null;
  readonly durations: readonly number[] | null;
}

const nothing = () => ({ answers: {}, p50: undefined, p95: undefined, p99: undefined });
