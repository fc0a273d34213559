import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LookupResult } from '../../../src/ports.ts';
import { createJoinedCalls } from '../../../src/use-cases/joined-calls.ts';

const result: LookupResult = {
  finding: { reason: 'no-match', matches: 0 },
  answer: { runId: '1', reason: 'no-match', matches: 0, extension: undefined, fields: {}, ms: 1 },
  trace: { readMs: 0.02, events: [], leftOut: 0 },
};
let told: [string, number][];
let calls: ReturnType<typeof createJoinedCalls>;

afterEach(() => vi.useRealTimers());
beforeEach(() => {
  told = [];
  calls = createJoinedCalls((runId, repeats) => told.push([runId, repeats]));
});

it('gives the answer to a workflow that joined before it, and to one that joins after it', async () => {
  void calls.asked('1');
  const before = calls.find('1')?.result;
  calls.answered('1', result);
  expect(await before).toBe(result);
  expect(await calls.find('1')?.result).toBe(result);
});

it('is one call when the question is told again', async () => {
  const first = calls.asked('1');
  const again = calls.asked('1');
  calls.answered('1', result);
  expect(await Promise.all([first, again])).toEqual([result, result]);
});

it('knows a call until its run is recorded', () => {
  void calls.asked('1');
  calls.recorded('1', 2);
  expect(told).toEqual([['1', 2]]);
  expect(calls.find('1')).toBeUndefined();
});

it('keeps an answered call for as long as its start waits, and a minute longer', async () => {
  vi.useFakeTimers();
  void calls.asked('1');
  calls.answered('1', result);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(calls.find('1')).toBeDefined();
  calls.started('1');
  await vi.advanceTimersByTimeAsync(59_000);
  expect(calls.find('1')).toBeDefined();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(calls.find('1')).toBeUndefined();
});

it('gives up what the server has not answered, and only that', async () => {
  const answered = calls.asked('1');
  const open = calls.asked('2');
  calls.answered('1', result);
  calls.giveUp();
  expect(await answered).toBe(result);
  await expect(open).rejects.toThrow('has ended');
});
