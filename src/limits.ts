/*
 * Times that several files have to agree on, and a deployment with them (`stop_grace_period` in docker-compose.yml).
 */

/** Design of the refresh protocol: a call may take two minutes, and nobody takes its mark over before another half has passed. */
export const refreshLimitMs = 120_000;
export const refreshLimits = (callMs: number) => ({ callMs, takeOverMs: 1.25 * callMs });

/** How long a worker waits, when it is to stop, for what it has under way. */
export const workerStopsWithinMs = {
  lookups: 20_000,
  /** The answer to a refresh works once, and nobody else would get it: the call's own limit, and time to write. */
  connections: refreshLimitMs + 10_000,
};

/** How long closing may take before a process ends anyway: longer than its worker waits, and a server's longest answer. */
export const closeWithinMs = {
  server: workerStopsWithinMs.lookups + 5_000,
  worker: workerStopsWithinMs.connections + 5_000,
};
