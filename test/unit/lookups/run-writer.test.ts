import { beforeEach, expect, it } from 'vitest';
import type { LookupRun } from '../../../src/domain/lookup.ts';
import { createRunWriter } from '../../../src/use-cases/run-writer.ts';
import { accountId, createFakeLookupRuns, lookup, orgId, pbx } from '../../support/fakes/lookups.ts';

let runs = createFakeLookupRuns();
let warnings: unknown[][] = [];
const logger = { warn: (...said: unknown[]) => void warnings.push(said) };
beforeEach(() => {
  runs = createFakeLookupRuns();
  warnings = [];
});

const run = (id: number): LookupRun => ({
  id: String(id),
  askedAtMs: 0,
  accountId,
  pbxId: pbx.id,
  orgId,
  lookupId: lookup.id,
  lookupVersion: 1,
  isTest: false,
  question: { callerId: '1' },
  number: undefined,
  answer: { reason: 'no-match', extension: undefined, matches: 0, ms: 1 },
  found: undefined,
  foundAtMs: undefined,
  repeats: 0,
});
const ids = () => runs.recorded.map(({ id }) => Number(id)).sort((a, b) => a - b);

it('goes on for as long as the log is away, one at a time, and then writes all', async () => {
  const writer = createRunWriter({ runs, logger }, { pauseMs: 0.1 });
  runs.failure = new Error('away');
  const written = Array.from({ length: 50 }, (_, id) => writer.write(() => run(id)));
  await expect.poll(() => runs.attempts).toBeGreaterThan(30);
  expect(warnings).toHaveLength(1);
  runs.failure = undefined;
  expect(new Set(await Promise.all(written))).toEqual(new Set([true]));
  expect(ids()).toEqual(Array.from({ length: 50 }, (_, id) => id));
});

it('holds no more than may wait, and says how many were given up', async () => {
  const writer = createRunWriter({ runs, logger }, { pauseMs: 1, maxWaiting: 3 });
  runs.failure = new Error('away');
  const first = writer.write(() => run(0));
  await expect.poll(() => runs.attempts).toBeGreaterThan(1);
  const written = [1, 2, 3, 4, 5, 6].map((id) => writer.write(() => run(id)));
  runs.failure = undefined;
  expect(await first).toBe(true);
  expect((await Promise.all(written)).filter((isWritten) => !isWritten).length).toBeGreaterThanOrEqual(3);
  expect(warnings.at(-1)?.[1]).toContain('could not be completed');
});

it('lets no run that the log refuses keep the others waiting', async () => {
  const log = {
    record: async (each: LookupRun) => {
      if (each.id === '0') throw new Error('refused');
      return runs.record(each);
    },
  };
  const writer = createRunWriter({ runs: log, logger }, { pauseMs: 1 });
  const refused = writer.write(() => run(0));
  await Promise.all([1, 2, 3].map((id) => writer.write(() => run(id))));
  expect(ids()).toEqual([1, 2, 3]);
  await writer.close();
  expect(await refused).toBe(false);
});

it('writes nothing that is not wanted any more when its turn comes', async () => {
  const writer = createRunWriter({ runs, logger }, { pauseMs: 1 });
  let wanted: LookupRun | undefined = run(1);
  runs.failure = new Error('away');
  const written = writer.write(() => wanted);
  await expect.poll(() => runs.attempts).toBeGreaterThan(1);
  wanted = undefined;
  runs.failure = undefined;
  expect(await written).toBe(true);
  expect(runs.recorded).toEqual([]);
});

it('tries what waits once more when it closes', async () => {
  const writer = createRunWriter({ runs, logger }, { pauseMs: 60_000 });
  runs.failure = new Error('away');
  const written = [1, 2, 3].map((id) => writer.write(() => run(id)));
  await expect.poll(() => warnings.length).toBe(1);
  runs.failure = undefined;
  await writer.close();
  expect(await Promise.all(written)).toEqual([true, true, true]);
  runs.failure = new Error('away');
  const late = writer.write(() => run(4));
  await writer.close();
  expect(await late).toBe(false);
});
