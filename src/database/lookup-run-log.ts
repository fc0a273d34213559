import { and, asc, desc, eq, getTableColumns, gte, lt, sql, type SQL } from 'drizzle-orm';
import { lookupRuns } from '../../drizzle/schema/lookup-runs.ts';
import { answerReasons, type LookupRun } from '../domain/lookup.ts';
import type { LookupRunFilter, LookupRunLog, LookupRunPlace, LookupRunSpan, Sealer } from '../ports.ts';
import { guarded, guardedPatiently, type Drizzle } from './client.ts';
import { toExplainedRun, toMoment, toRun } from './lookup-runs.ts';

const portion = 1_000;

const loggedReasons = [...answerReasons, 'unknown'] as const;

/** Which runs: those that fulfil all conditions and one of the alternatives, each of which is asked for by itself. */
interface Wanted {
  readonly conditions: readonly SQL[];
  readonly alternatives: readonly (SQL | undefined)[];
  readonly isListedByReason: boolean;
}

/**
 * Reads the log from the ends of its indexes, by keyset: no page costs more because it lies further back, and none because little or
 * nothing fulfils its filter, since some index lists exactly that. Most of these lists are by reason. Where the filter names none, those
 * of all reasons are read and put together: a few rows more to read, and half as many indexes to be written with each run.
 */
export function createLookupRunLog(db: Drizzle, sealer: Sealer): LookupRunLog {
  const wanted = (accountId: string, filter: LookupRunFilter): Wanted => {
    const { pbxId, lookupId, reason, numbers, fromMs, toMs } = filter;
    const conditions = [
      eq(lookupRuns.accountId, accountId),
      ...(pbxId === undefined ? [] : [eq(lookupRuns.pbxId, pbxId)]),
      ...(lookupId === undefined ? [] : [eq(lookupRuns.lookupId, lookupId)]),
      ...(reason === undefined ? [] : [eq(lookupRuns.answerReason, reason)]),
      ...(fromMs === undefined ? [] : [gte(lookupRuns.askedAt, new Date(fromMs))]),
      ...(toMs === undefined ? [] : [lt(lookupRuns.askedAt, new Date(toMs))]),
    ];
    return {
      conditions,
      alternatives: numbers?.map((number) => eq(lookupRuns.numberHash, sealer.keyedHash(number))) ?? [undefined],
      isListedByReason: reason === undefined && (pbxId ?? lookupId ?? numbers) !== undefined,
    };
  };

  // The time alone first: by it whole partitions are left out.
  const older = ({ askedAtMs, id }: LookupRunPlace) =>
    sql`${lookupRuns.askedAt} <= ${toMoment(askedAtMs)}::timestamptz
      and (${lookupRuns.askedAt}, ${lookupRuns.id}) < (${toMoment(askedAtMs)}::timestamptz, ${id}::uuid)`;
  const newer = ({ askedAtMs, id }: LookupRunPlace) =>
    sql`${lookupRuns.askedAt} >= ${toMoment(askedAtMs)}::timestamptz
      and (${lookupRuns.askedAt}, ${lookupRuns.id}) > (${toMoment(askedAtMs)}::timestamptz, ${id}::uuid)`;

  async function read(
    { conditions, alternatives, isListedByReason }: Wanted,
    place: SQL | undefined,
    direction: 'older' | 'newer',
    limit: number,
  ): Promise<readonly LookupRun[]> {
    const order = direction === 'older' ? desc : asc;
    const lists = await Promise.all(
      alternatives.map(async (alternative) => {
        const list = (reason?: SQL) =>
          db
            .select(listed)
            .from(lookupRuns)
            .where(and(...conditions, alternative, reason, place))
            .orderBy(order(lookupRuns.askedAt), order(lookupRuns.id))
            .limit(limit);
        if (!isListedByReason) return list();
        const run = list(sql`${lookupRuns.answerReason} = logged.reason`).as('run');
        const rows = await db
          .select()
          .from(sql`unnest(${sql.param([...loggedReasons])}::text[]) as logged (reason)`)
          .crossJoinLateral(run)
          .orderBy(order(run.askedAt), order(run.id))
          .limit(limit);
        return rows.map((row) => row.run);
      }),
    );
    const [first = [], ...others] = lists;
    const rows = others.length === 0 ? first : lists.flat().sort(byPlace(direction)).slice(0, limit);
    return rows.map((row) => toRun(row, sealer));
  }

  return {
    page: (accountId, filter, { limit, olderThan, newerThan }) =>
      guarded(async () => {
        const runsWanted = wanted(accountId, filter);
        if (newerThan) {
          const runs = await read(runsWanted, newer(newerThan), 'newer', limit + 1);
          const hasNewer = runs.length > limit;
          return { runs: runs.slice(0, limit).reverse(), hasNewer, hasOlder: true };
        }
        const runs = await read(runsWanted, olderThan && older(olderThan), 'older', limit + 1);
        return { runs: runs.slice(0, limit), hasNewer: olderThan !== undefined, hasOlder: runs.length > limit };
      }),

    find: (accountId, id) =>
      guarded(async () => {
        const [row] = await db
          .select()
          .from(lookupRuns)
          .where(and(eq(lookupRuns.id, id), eq(lookupRuns.accountId, accountId)));
        return row && toExplainedRun(row, sealer);
      }),

    async *all(accountId, filter) {
      const runsWanted = wanted(accountId, filter);
      for (let last: LookupRun | undefined; ;) {
        const from = last;
        const runs = await guardedPatiently(() => read(runsWanted, from && older(from), 'older', portion));
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
          where account_id = ${accountId}::uuid and pbx_id = ${pbxId} and not is_test
            and answer_reason = any(${sql.param([...loggedReasons])}::text[])
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

/** What explains a run is opened with its page alone. */
const listed = {
  ...getTableColumns(lookupRuns),
  traceSealed: sql<null>`null`.as('trace_sealed'),
  foundTraceSealed: sql<null>`null`.as('found_trace_sealed'),
};

type Place = Pick<typeof lookupRuns.$inferSelect, 'askedAt' | 'id'>;

const byPlace = (direction: 'older' | 'newer') => (one: Place, other: Place) => {
  const later = one.askedAt.getTime() - other.askedAt.getTime() || (one.id < other.id ? -1 : 1);
  return direction === 'older' ? -later : later;
};

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface SpanRow extends Record<string, unknown> {
  readonly start: number | null;
  readonly reason: LookupRun['answer']['reason'] | null;
  readonly answers: number | null;
  readonly durations: readonly number[] | null;
}

const nothing = () => ({ answers: {}, p50: undefined, p95: undefined, p99: undefined });
