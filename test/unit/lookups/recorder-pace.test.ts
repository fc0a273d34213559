import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRecorderPace, type RecorderPace } from '../../../src/recorder-pace.ts';

const everyMs = 250;
let idle: number;
let pace: RecorderPace;

beforeEach(() => {
  vi.useFakeTimers();
  idle = 1;
  pace = createRecorderPace({ everyMs, maxWidth: 6, idleShare: () => idle });
});
afterEach(() => {
  pace.close();
  vi.useRealTimers();
});

/** The width after each of so many looks at the machine. */
const widths = (looks: number) =>
  Array.from({ length: looks }, () => {
    vi.advanceTimersByTime(everyMs);
    return pace.width();
  });

it('begins with one, and widens step by step while the machine is at ease', () => {
  expect(pace.width()).toBe(1);
  expect(widths(7)).toEqual([2, 3, 4, 5, 6, 6, 6]);
});

it('halves as long as the machine has little to spare, and never stops', () => {
  widths(5);
  idle = 0.1;
  expect(widths(4)).toEqual([3, 1, 1, 1]);
});

it('stays where it is in between', () => {
  widths(3);
  idle = 0.3;
  expect(widths(3)).toEqual([4, 4, 4]);
});

it('halves once when the engine was slow, however idle this machine is', () => {
  widths(5);
  pace.took(20);
  pace.took(900);
  expect(widths(3)).toEqual([3, 4, 5]);
});

it('records nothing while somebody waits for a connection, and goes on as before', () => {
  widths(3);
  pace.hold();
  expect(pace.width()).toBe(0);
  vi.advanceTimersByTime(1_999);
  expect(pace.width()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(pace.width()).toBeGreaterThan(0);
});

it('leaves recording half of the time where there is always somebody who waits', () => {
  const seconds = 600;
  let held = 0;
  for (let second = 0; second < seconds; second++) {
    pace.hold();
    if (pace.width() === 0) held += 1;
    vi.advanceTimersByTime(1_000);
  }
  expect(held).toBeGreaterThan(seconds / 2);
  expect(held).toBeLessThan(seconds / 2 + 60);
});
