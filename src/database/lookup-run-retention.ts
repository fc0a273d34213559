import { eq, sql } from 'drizzle-orm';
import { accounts } from '../../drizzle/schema/accounts.ts';
import { defaultLookupRunDays } from '../domain/lookup-run-days.ts';
import type { LookupRunRetention } from '../ports.ts';
import { guarded, guardedPatiently, type Drizzle } from './client.ts';

/** Whoever waits for a lock on the log makes every recording wait: better to try again tomorrow. */
const lockTimeout = sql`set local lock_timeout = '2s'`;

export function createLookupRunRetention(db: Drizzle): LookupRunRetention {
  return {
    daysOf: (accountId) =>
      guarded(async () => {
        const [row] = await db
          .select({ days: accounts.lookupRunDays })
          .from(accounts)
          .where(eq(accounts.id, accountId));
        return row?.days ?? defaultLookupRunDays;
      }),

    setDays: (accountId, days) =>
      guarded(async () => {
        await db.update(accounts).set({ lookupRunDays: days }).where(eq(accounts.id, accountId));
      }),

    preparePartitions: () =>
      guardedPatiently(() =>
        db.transaction(async (tx) => {
          await tx.execute(lockTimeout);
          await tx.execute(sql`select create_lookup_run_partitions((now() at time zone 'utc')::date, 4)`);
        }),
      ),

    dropOldPartitions: () =>
      guardedPatiently(async () => {
        const old = await db.execute<{ name: string }>(sql`
          select child.relname as name
          from pg_inherits join pg_class child on child.oid = inhrelid
          where inhparent = 'lookup_runs'::regclass and child.relname ~ '^lookup_runs_[0-9]{4}_[0-9]{2}$'
            and to_date(right(child.relname, 7), 'YYYY_MM') + interval '1 month'
              <= (now() at time zone 'utc') - make_interval(days => (
                select coalesce(max(lookup_run_days), ${defaultLookupRunDays}) from accounts))
          order by child.relname`);
        for (const { name } of old) {
          await db.transaction(async (tx) => {
            await tx.execute(lockTimeout);
            await tx.execute(sql`drop table ${sql.identifier(name)}`);
          });
        }
        return old.map(({ name }) => name);
      }),

    deleteOldRuns: (limit) =>
      guardedPatiently(async () => {
        const deleted = await db.execute(sql`
          with old as (
            select run.id, run.asked_at
            from accounts cross join lateral (
              select id, asked_at from lookup_runs
              where account_id = accounts.id and asked_at < now() - make_interval(days => accounts.lookup_run_days)
              limit ${limit}
            ) run
            limit ${limit}
          )
          delete from lookup_runs using old
          where lookup_runs.id = old.id and lookup_runs.asked_at = old.asked_at
            and lookup_runs.asked_at < now() - interval '1 day'`);
        return deleted.count;
      }),
  };
}
