import type { Clock } from '../ports.ts';

export interface FailureLimiter {
  /** Notes a failure; with how long to wait when there were too many from this address. */
  failed(address: string): { readonly retryAfterMs: number } | undefined;
}

export interface FailureLimits {
  readonly max: number;
  readonly windowMs: number;
  readonly addresses: number;
}

const defaults: FailureLimits = { max: 20, windowMs: 60_000, addresses: 10_000 };

/** Counts failures by address, in windows that begin with the first. What is right is never counted, and never kept waiting. */
export function createFailureLimiter(clock: Clock, limits: Partial<FailureLimits> = {}): FailureLimiter {
  const { max, windowMs, addresses } = { ...defaults, ...limits };
  const windows = new Map<string, { count: number; endsAtMs: number }>();
  return {
    failed(address) {
      const nowMs = clock.now();
      const known = windows.get(address);
      const window = known && known.endsAtMs > nowMs ? known : { count: 0, endsAtMs: nowMs + windowMs };
      window.count += 1;
      // The window that began first is the first in the map, and makes room.
      if (window !== known) {
        windows.delete(address);
        windows.set(address, window);
        const [oldest] = windows.keys();
        if (windows.size > addresses && oldest !== undefined) windows.delete(oldest);
      }
      return window.count > max ? { retryAfterMs: window.endsAtMs - nowMs } : undefined;
    },
  };
}
