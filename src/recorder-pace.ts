import { cpus } from 'node:os';

export interface RecorderPace {
  /** How many lookups may be on their way into the record at once; none while it is held. */
  readonly width: () => number;
  /** Tells that a lookup is to be recorded. */
  readonly asked: () => void;
  /** Tells how long the engine took to take one, in milliseconds. */
  readonly took: (ms: number) => void;
  /** Records nothing for a moment: somebody waits for what a connection's workflow finds out. */
  readonly hold: () => void;
  close(): void;
}

export interface RecorderPaceOptions {
  readonly everyMs: number;
  readonly maxWidth: number;
  /**
   * The share of the machine that recording leaves alone: below `less` it takes less, above `more` more. Where many ask and it cannot take
   * less, it waits until there is `plenty`.
   */
  readonly idleShares: { readonly less: number; readonly more: number; readonly plenty: number };
  /** How many lookups are asked between two looks at the machine where it is answering that takes it up. */
  readonly many: number;
  /** An engine that takes longer has others waiting, too: the connections' workflows, which must not wait behind lookups. */
  readonly slowMs: number;
  /** How long a hold takes. */
  readonly holdMs: number;
  /** How long holds may take in a row. Where there are always some, half of the time is left for recording. */
  readonly longestHoldMs: number;
  /** The share of the machine that nobody used since the last call, between 0 and 1. */
  readonly idleShare: () => number;
}

const defaults: Omit<RecorderPaceOptions, 'idleShare'> = {
  everyMs: 250,
  maxWidth: 24,
  idleShares: { less: 0.25, more: 0.35, plenty: 0.6 },
  many: 20,
  slowMs: 250,
  holdMs: 2_000,
  longestHoldMs: 30_000,
};

/**
 * How much at once is recorded: what the machine and the engine have to spare. Recording costs ten times what answering does; one after
 * the other it takes one processor at most, and two by two all of them, whatever its priority: caches and wake-ups know none. So it widens step by
 * step while both are at ease, and halves as soon as one is not. While answers alone take the machine up, nothing is recorded. A record may
 * be a moment later, an answer may not; nor may the truth about a connection, whose workflow needs the engine a dozen times.
 */
export function createRecorderPace(options: Partial<RecorderPaceOptions> = {}): RecorderPace {
  const { everyMs, maxWidth, idleShares, many, slowMs, holdMs, longestHoldMs, idleShare } = {
    idleShare: createIdleShare(),
    ...defaults,
    ...options,
  };
  let width = 1;
  let slowestMs = 0;
  let askedLately = 0;
  let isCrowded = false;
  let heldUntilMs = 0;
  /** What is left of the longest hold: less by each moment that is held, more by each that is not. */
  let holdLeftMs = longestHoldMs;
  const holdFor = (ms: number) => {
    heldUntilMs = Math.max(heldUntilMs, performance.now() + Math.min(ms, holdLeftMs));
  };
  const adapting = setInterval(() => {
    const idle = idleShare();
    const isHeld = performance.now() <= heldUntilMs;
    // What is idle while nothing is recorded is not any more as soon as something is.
    isCrowded = askedLately >= many && (isCrowded ? idle < idleShares.plenty : width === 1 && idle < idleShares.less);
    if (idle < idleShares.less || slowestMs > slowMs) width = Math.max(1, Math.floor(width / 2));
    else if (idle > idleShares.more && !isHeld) width = Math.min(maxWidth, width + 1);
    slowestMs = 0;
    askedLately = 0;
    holdLeftMs = Math.min(longestHoldMs, Math.max(0, holdLeftMs + (isHeld ? -everyMs : everyMs)));
    // A little longer than until the next look, which may be late.
    if (isCrowded) holdFor(everyMs * 1.5);
  }, everyMs);
  adapting.unref();
  return {
    width: () => (performance.now() < heldUntilMs ? 0 : width),
    asked() {
      askedLately += 1;
    },
    took(ms) {
      slowestMs = Math.max(slowestMs, ms);
    },
    hold: () => holdFor(holdMs),
    close: () => clearInterval(adapting),
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
