import { expect, it } from 'vitest';
import {
  alertAfterWaiting,
  alertsDue,
  flappingSeenForMs,
  occasionOf,
  patienceFor,
  toldBrokenBy,
  type AlertEvent,
  type AlertMemory,
} from '../../../src/domain/alerts.ts';
import type { Cause, ConnectionState } from '../../../src/domain/connection.ts';

const waitMs = 120_000;
const checkEveryMs = 300_000;

type Phase = readonly [state: ConnectionState, seconds: number, cause?: Cause];

/**
 * What is told of a connection that goes through these states, each for so many seconds, but for the last one, which stays: its row is written
 * with each change and each check, and each occasion is decided once, after the wait.
 */
function toldOf(phases: readonly Phase[]): readonly string[] {
  let memory: AlertMemory = { toldBroken: false, warnedAtMs: {} };
  const told: string[] = [];
  const brokeAtMs: number[] = [];
  const waiting = new Map<string, { sinceMs: number; atMs: number }>();
  let nowMs = 0;
  let sinceMs = 0;
  for (const [index, [state, seconds, cause]] of phases.entries()) {
    if (state !== phases[index - 1]?.[0]) {
      sinceMs = nowMs;
      if (state === 'broken') brokeAtMs.push(nowMs);
    }
    const phaseBeganMs = nowMs;
    const phaseEndsMs = phaseBeganMs + (index === phases.length - 1 ? 3_600 : seconds) * 1_000;
    const connection = { state, sinceMs, cause, lastRefreshedAtMs: undefined };
    for (; nowMs < phaseEndsMs; nowMs += 1_000) {
      if ((nowMs - phaseBeganMs) % checkEveryMs === 0) {
        for (const due of alertsDue(connection, memory, nowMs)) {
          const occasion = occasionOf(due, connection, nowMs);
          const breaks = brokeAtMs.filter((atMs) => atMs > nowMs - flappingSeenForMs);
          const wait = { none: 0, usual: waitMs, long: flappingSeenForMs }[patienceFor(due, breaks, nowMs)];
          if (!waiting.has(occasion)) waiting.set(occasion, { sinceMs, atMs: nowMs + wait });
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
        memory = { ...memory, toldBroken: event === 'connection.broken' && toldBrokenBy(connection) };
        told.push(event);
      }
    }
  }
  return told;
}

const times = (count: number, ...phases: readonly Phase[]) => Array.from({ length: count }, () => phases).flat();
const tenTimes = (...phases: readonly Phase[]) => times(10, ...phases);

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
  ['a break every two minutes that ends well', times(5, ['broken', 60], ['active', 40]), []],
  [
    'breaks of seconds that go on for an hour',
    times(180, ['broken', 8], ['active', 12]),
    ['connection.broken', 'connection.repaired'],
  ],
  [
    'breaks of minutes that go on for an hour',
    times(16, ['broken', 115], ['active', 110]),
    ['connection.broken', 'connection.repaired'],
  ],
  [
    'breaks that go on for hours, with rests between',
    times(20, ['broken', 60], ['active', 300]),
    ['connection.broken', 'connection.repaired'],
  ],
  [
    'breaks of seconds that go on for an hour, with rests between',
    times(26, ['broken', 8], ['active', 130]),
    ['connection.broken', 'connection.repaired'],
  ],
  [
    'a break that comes to need a new authorization',
    [
      ['broken', 600, 'acd-licence-missing'],
      ['broken', 600, 'token-revoked'],
      ['active', 0],
    ],
    ['connection.broken', 'connection.broken', 'connection.repaired'],
  ],
  [
    'a break that gets another cause, and mends itself all the same',
    [
      ['broken', 600, 'acd-licence-missing'],
      ['broken', 600, 'login-hours'],
    ],
    ['connection.broken'],
  ],
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
