import { cpus } from 'node:os';

export interface RecorderPace {
  /** How many lookups may be on their way into the record at once; none while it is held. */
  readonly width: () => number;
  /** Tells that a lookup is to be recorded, as the last of so many that wait. */
  readonly asked: (waiting: number) => void;
  /** Tells how long the engine took to take one, in milliseconds. */
  readonly took: (ms: number) => void;
  /** Records nothing for a moment: somebody waits for what a connection's workflow finds out. */
  readonly hold: () => void;
  close(): void;
}

export interface RecorderPaceOptions {
  readonly everyMs: number;
  readonly maxWidth: number;
  /** The share of the machine that recording leaves alone: below `less` it takes less, above `more` more. */
  readonly idleShares: { readonly less: number; readonly more: number };
  /**
   * Where this many ask in a second, recording waits when it cannot take less and `less` is not left, until as much as `plenty` is, or
   * `maxWaiting` wait.
   */
  readonly crowd: { readonly perSecond: number; readonly plenty: number; readonly maxWaiting: number };
  /** An engine that takes longer has others waiting, too: the connections' workflows, which must not wait behind lookups. */
  readonly slowMs: number;
  /** How long a hold for a connection takes. */
  readonly holdMs: number;
  /** How long holds of one kind may take in a row. Where there are always some, half of the time is left for recording. */
  readonly longestHoldMs: number;
  /** The share of the machine that nobody used since the last call, between 0 and 1. */
  readonly idleShare: () => number;
  /** In milliseconds; never goes back. */
  readonly nowMs: () => number;
}

const defaults: Omit<RecorderPaceOptions, 'idleShare'> = {
  everyMs: 250,
  maxWidth: 24,
  idleShares: { less: 0.25, more: 0.35 },
  crowd: { perSecond: 80, plenty: 0.6, maxWaiting: 7_500 },
  slowMs: 250,
  holdMs: 2_000,
  longestHoldMs: 30_000,
  nowMs: () => performance.now(),
};

/**
 * How much at once is recorded: what the machine and the engine have to spare. Recording costs ten times what answering does; one after
 * the other it takes one processor at most, and two by two all of them, whatever its priority: caches and wake-ups know none. So it widens step by
 * step while both are at ease, and halves as soon as one is not; while a crowd asks and little is left, it waits. A record may
 * be a moment later, an answer may not; nor may the truth about a connection, whose workflow needs the engine a dozen times.
 */
export function createRecorderPace(options: Partial<RecorderPaceOptions> = {}): RecorderPace {
  const { everyMs, maxWidth, idleShares, crowd, slowMs, holdMs, longestHoldMs, idleShare, nowMs } = {
    idleShare: createIdleShare(),
    ...defaults,
    ...options,
  };
  const forConnection = createHold(longestHoldMs, nowMs);
  const forCrowd = createHold(longestHoldMs, nowMs);
  const heldUntilMs = () => Math.max(forConnection.untilMs(), forCrowd.untilMs());
  let width = 1;
  let slowestMs = 0;
  let askedLately = 0;
  let waitingLately = 0;
  let isCrowded = false;
  let lookedAtMs = nowMs();
  const adapting = setInterval(() => {
    const idle = idleShare();
    const wasHeld = heldUntilMs() > lookedAtMs;
    if (idle < idleShares.less || slowestMs > slowMs) width = Math.max(1, Math.floor(width / 2));
    else if (idle > idleShares.more && !wasHeld) width = Math.min(maxWidth, width + 1);
    const atMs = nowMs();
    const many = (crowd.perSecond * (atMs - lookedAtMs)) / 1_000;
    // What is idle while nothing is recorded is not any more as soon as something is.
    const isShort = isCrowded ? idle < crowd.plenty : width === 1 && idle < idleShares.less;
    isCrowded = isShort && askedLately >= many && waitingLately < crowd.maxWaiting;
    slowestMs = 0;
    askedLately = 0;
    lookedAtMs = atMs;
    // A little longer than until the next look, which may be late.
    if (isCrowded) forCrowd.hold(everyMs * 1.5);
  }, everyMs);
  adapting.unref();
  return {
    width: () => (heldUntilMs() > nowMs() ? 0 : width),
    asked(waiting) {
      askedLately += 1;
      waitingLately = waiting;
    },
    took(ms) {
      slowestMs = Math.max(slowestMs, ms);
    },
    hold: () => forConnection.hold(holdMs),
    close: () => clearInterval(adapting),
  };
}

/** Holds of one kind: for `longestMs` in a row at most, and half of the time where there are always some. */
function createHold(longestMs: number, nowMs: () => number) {
  let untilMs = 0;
  /** Less by each moment that is held, more by each that is not. */
  let leftMs = longestMs;
  let countedAtMs = nowMs();
  return {
    untilMs: () => untilMs,
    hold(ms: number) {
      const atMs = nowMs();
      const heldMs = Math.max(0, Math.min(atMs, untilMs) - countedAtMs);
      const freeMs = atMs - countedAtMs - heldMs;
      leftMs = Math.min(longestMs, Math.max(0, leftMs - heldMs + freeMs));
      countedAtMs = atMs;
      untilMs = Math.max(untilMs, atMs + Math.min(ms, leftMs));
    },
  };
}

function createIdleShare(): () => number {
  let before = processorTimes();
  return () => {
    const now = processorTimes();
    const all = now.all - before.all;
    const idle = now.idle - before.idle;
    before = now;
    return all > 0 ? idle / all : 1;
  };
}

function processorTimes(): { readonly idle: number; readonly all: number } {
  let idle = 0;
  let all = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, all };
}
