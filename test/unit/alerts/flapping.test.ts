import { expect, it } from 'vitest';
import {
  alertAfterWaiting,
  alertsDue,
  occasionOf,
  type AlertEvent,
  type AlertMemory,
} from '../../../src/domain/alerts.ts';
import type { ConnectionState } from '../../../src/domain/connection.ts';

const waitMs = 120_000;
const checkEveryMs = 300_000;

/**
 * What is told of a connection that goes through these states, each for so many seconds, but for the last one, which stays: its row is written
 * with each change and each check, and each occasion is decided once, after the wait.
 */
function toldOf(phases: readonly (readonly [state: ConnectionState, seconds: number])[]): readonly string[] {
  let memory: AlertMemory = { toldBroken: false, warnedAtMs: {} };
  const told: string[] = [];
  const waiting = new Map<string, { sinceMs: number; atMs: number }>();
  let nowMs = 0;
  for (const [index, [state, seconds]] of phases.entries()) {
    const sinceMs = nowMs;
    const phaseEndsMs = sinceMs + (index === phases.length - 1 ? 3_600 : seconds) * 1_000;
    const connection = { state, sinceMs, cause: undefined, lastRefreshedAtMs: undefined };
    for (; nowMs < phaseEndsMs; nowMs += 1_000) {
      if ((nowMs - sinceMs) % checkEveryMs === 0) {
        for (const due of alertsDue(connection, memory, nowMs)) {
          const occasion = occasionOf(due, connection, nowMs);
          if (!waiting.has(occasion)) waiting.set(occasion, { sinceMs, atMs: nowMs + waitMs });
        }
      }
      for (const [occasion, { atMs, ...since }] of waiting) {
        if (atMs !== nowMs) continue;
        waiting.delete(occasion);
        const event: AlertEvent | undefined = alertAfterWaiting(
          connection,
          memory,
          { topic: 'state', ...since },
          nowMs,
        );
        if (event === undefined) continue;
        memory = { ...memory, toldBroken: event === 'connection.broken' };
        told.push(event);
      }
    }
  }
  return told;
}

const tenTimes = (...phases: readonly (readonly [ConnectionState, number])[]) =>
  Array.from({ length: 10 }, () => phases).flat();

it.each<[string, Parameters<typeof toldOf>[0], readonly string[]]>([
  ['a break', [['broken', 0]], ['connection.broken']],
  [
    'a break of a minute',
    [
      ['broken', 60],
      ['active', 0],
    ],
    [],
  ],
  ['ten breaks within two minutes that end well', tenTimes(['broken', 6], ['active', 6]), []],
  ['ten breaks within two minutes that end badly', tenTimes(['active', 6], ['broken', 6]), ['connection.broken']],
  ['a break every two minutes that ends well', tenTimes(['broken', 60], ['active', 40]), []],
  ['a break every two minutes that ends badly', tenTimes(['active', 40], ['broken', 60]), ['connection.broken']],
  ['a break every three minutes that ends badly', tenTimes(['active', 80], ['broken', 100]), ['connection.broken']],
  [
    'a break, and repairs that do not last but for one',
    [['broken', 600], ...tenTimes(['active', 60], ['broken', 40]), ['active', 0]],
    ['connection.broken', 'connection.repaired'],
  ],
  [
    'a break, and a repair that leaves trouble which comes and goes',
    [['broken', 600], ...tenTimes(['degraded', 60], ['active', 40])],
    ['connection.broken', 'connection.repaired'],
  ],
])('tells of %s what has lasted for two minutes', (_what, phases, expected) => {
  expect(toldOf(phases)).toEqual(expected);
});
