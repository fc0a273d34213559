import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRecorderPace, type RecorderPace } from '../../../src/recorder-pace.ts';

const everyMs = 250;
let idle: number;
let pace: RecorderPace;
/** By how much the looks were late until now, altogether. */
let lateMs: number;

beforeEach(() => {
  vi.useFakeTimers();
  idle = 1;
  lateMs = 0;
  pace = createRecorderPace({ everyMs, maxWidth: 6, idleShare: () => idle, nowMs: () => performance.now() + lateMs });
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

/** Looks at the machine one by one, with as many lookups asked before each. */
const held = (looks: number, asked: number, waiting = 1) =>
  Array.from({ length: looks }, () => {
    for (let count = 0; count < asked; count++) pace.asked(waiting);
    vi.advanceTimersByTime(everyMs);
    return pace.width() === 0;
  });

describe('while a crowd asks', () => {
  it('waits when it cannot take less and little of the machine is left, until there is more than answers need', () => {
    held(3, 50);
    expect(pace.width()).toBe(4);
    idle = 0.1;
    expect(held(3, 50)).toEqual([false, true, true]);
    // Answers take the rest.
    idle = 0.5;
    expect(held(2, 50)).toEqual([true, true]);
    idle = 0.7;
    held(1, 50);
    // For a part of this look it was held, and what it saw of the machine is not worth much.
    expect(held(1, 50)).toEqual([false]);
    expect(pace.width()).toBe(1);
  });

  it('does not begin to wait where there is something to spare', () => {
    idle = 0.3;
    expect(held(3, 50)).toEqual([false, false, false]);
  });

  it('does not wait where the queue is nearly full', () => {
    idle = 0;
    expect(held(3, 50, 7_499)).toEqual([true, true, true]);
    held(1, 50, 7_500);
    expect(held(2, 50, 7_500)).toEqual([false, false]);
  });

  it.each([0, 1, 20, 130])('records half of the time after half a minute, when each look is %i ms late', (ms) => {
    idle = 0;
    /** Looks at the pace every ten milliseconds. */
    const lookForMs = (forMs: number) => {
      const seen: boolean[] = [];
      for (let passed = 0; passed < forMs; passed += everyMs) {
        for (let count = 0; count < 200; count++) pace.asked(1);
        for (let step = 0; step < everyMs; step += 10) {
          // The last step is the one that looks.
          if (step + 10 === everyMs) lateMs += ms;
          vi.advanceTimersByTime(10);
          seen.push(pace.width() === 0);
        }
      }
      return seen.filter(Boolean).length / seen.length;
    };
    lookForMs(60_000);
    const share = lookForMs(60_000);
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.65);
  });

  it('still holds for a connection afterwards', () => {
    idle = 0;
    held(140, 50);
    pace.hold();
    const before = performance.now();
    while (pace.width() === 0) vi.advanceTimersByTime(10);
    expect(performance.now() - before).toBeGreaterThanOrEqual(1_900);
  });
});

it('does not wait where it is others who take the machine up', () => {
  idle = 0;
  expect(held(4, 5)).toEqual([false, false, false, false]);
});

it('goes on when they have stopped to ask', () => {
  idle = 0;
  held(3, 50);
  held(1, 0);
  expect(held(2, 0)).toEqual([false, false]);
});
