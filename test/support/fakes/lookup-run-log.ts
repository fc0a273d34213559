import type { LookupRun } from '../../../src/domain/lookup.ts';
import type { LookupRunFilter, LookupRunLog, LookupRunRetention } from '../../../src/ports.ts';
import { breakable } from './breakable.ts';

const newestFirst = (a: LookupRun, b: LookupRun) => b.askedAtMs - a.askedAtMs || (a.id < b.id ? 1 : -1);

/** Reads what the fake log of `recorded` runs holds. */
export function createFakeLookupRunLog(recorded: readonly LookupRun[]) {
  const matching = (accountId: string, filter: LookupRunFilter) =>
    recorded
      .filter(
        (run) =>
          run.accountId === accountId &&
          (filter.pbxId === undefined || run.pbxId === filter.pbxId) &&
          (filter.lookupId === undefined || run.lookupId === filter.lookupId) &&
          (filter.reason === undefined || run.answer.reason === filter.reason) &&
          (filter.numbers === undefined || (run.number !== undefined && filter.numbers.includes(run.number))) &&
          (filter.fromMs === undefined || run.askedAtMs >= filter.fromMs) &&
          (filter.toMs === undefined || run.askedAtMs < filter.toMs),
      )
      .sort(newestFirst);
  const log: LookupRunLog = {
    async page(accountId, filter, { limit, olderThan, newerThan }) {
      const all = matching(accountId, filter);
      const indexOf = (id: string) => all.findIndex((run) => run.id === id);
      const start = newerThan ? Math.max(0, indexOf(newerThan.id) - limit) : olderThan ? indexOf(olderThan.id) + 1 : 0;
      const end = newerThan ? indexOf(newerThan.id) : start + limit;
      return { runs: all.slice(start, end), hasNewer: start > 0, hasOlder: end < all.length };
    },
    find: async (accountId, id) => recorded.find((run) => run.accountId === accountId && run.id === id),
    async *all(accountId, filter) {
      yield matching(accountId, filter);
    },
    async spans(accountId, pbxId, { fromMs, toMs, spanMs }) {
      const counted = matching(accountId, { pbxId, fromMs, toMs }).filter(({ isTest }) => !isTest);
      const starts = [...new Set(counted.map(({ askedAtMs }) => Math.floor(askedAtMs / spanMs) * spanMs))].sort();
      const sum = (runs: readonly LookupRun[]) => {
        const answers: Partial<Record<LookupRun['answer']['reason'], number>> = {};
        for (const { answer, repeats } of runs) answers[answer.reason] = (answers[answer.reason] ?? 0) + 1 + repeats;
        const ms = runs.flatMap(({ answer }) => answer.ms ?? []).sort((a, b) => a - b);
        const percentile = (share: number) => ms[Math.max(0, Math.ceil(share * ms.length) - 1)];
        return { answers, p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) };
      };
      return {
        spans: starts.map((startMs) => ({
          startMs,
          ...sum(counted.filter(({ askedAtMs }) => Math.floor(askedAtMs / spanMs) * spanMs === startMs)),
        })),
        whole: sum(counted),
      };
    },
  };
  return breakable(log);
}

export function createFakeRetention() {
  const days = new Map<string, number>();
  const retention: Pick<LookupRunRetention, 'daysOf' | 'setDays'> = {
    daysOf: async (accountId) => days.get(accountId) ?? 90,
    setDays: async (accountId, count) => void days.set(accountId, count),
  };
  return breakable({ ...retention, days });
}
