import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 20;
const measuredOverMs = 2_000;
/** At least what a machine that is used up was seen to need, once in some hundred answers, between a timer and the answer's way out. */
const marginLimitsMs = { min: 60, max: 160 } as const;

export interface EventLoopMargin {
  /** How long before its deadline an answer has to be ready, in milliseconds. */
  readonly marginMs: () => number;
  close(): void;
}

/**
 * A timer fires late by as much as the event loop is behind, and the answer must still get out: the margin is the delay that was
 * seen lately on top of a fixed allowance for the network.
 */
export function createEventLoopMargin(): EventLoopMargin {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  let marginMs: number = marginLimitsMs.min;
  const measuring = setInterval(() => {
    // The histogram counts the interval of its own timer in.
    const behindMs = Math.max(0, delay.percentile(99) / 1e6 - resolutionMs);
    marginMs = Math.min(marginLimitsMs.max, Math.ceil(marginLimitsMs.min + behindMs));
    delay.reset();
  }, measuredOverMs);
  measuring.unref();
  return {
    marginMs: () => marginMs,
    close() {
      clearInterval(measuring);
      delay.disable();
    },
  };
}
