import { describe, expect, it } from 'vitest';
import { alertsDue, occasionOf, type AlertMemory } from '../../../src/domain/alerts.ts';
import { warningsOf, type WarnedConnection } from '../../../src/domain/early-warnings.ts';

const nowMs = Date.UTC(2026, 10, 23, 9, 0, 0);
const hourMs = 3_600_000;
const told = (toldBroken: AlertMemory['toldBroken'], warnedAtMs: AlertMemory['warnedAtMs'] = {}): AlertMemory => ({
  toldBroken,
  warnedAtMs,
});
const active: WarnedConnection = { state: 'active', cause: undefined, lastRefreshedAtMs: nowMs };
const degraded: WarnedConnection = { ...active, state: 'degraded', cause: 'salesforce-error' };
const uncertain: WarnedConnection = { ...active, state: 'degraded', cause: 'refresh-uncertain' };
const broken: WarnedConnection = { ...active, state: 'broken', cause: 'token-revoked' };
const disconnected: WarnedConnection = { ...active, state: 'disconnected' };
const busy: WarnedConnection = { ...active, apiUsed: 81, apiMax: 100 };

describe('what is told', () => {
  it.each<[string, WarnedConnection, AlertMemory, readonly string[]]>([
    ['a first connection', active, told(false), []],
    ['trouble that is no break', degraded, told(false), []],
    ['a break', broken, told(false), ['state connection.broken']],
    ['a break that is known', broken, told('for-good'), []],
    ['a break that needs a new authorization by now', broken, told('for-now'), ['state connection.broken']],
    ['a repair', active, told('for-now'), ['state connection.repaired']],
    ['a repair with trouble left', degraded, told('for-now'), ['state connection.repaired']],
    ['a disconnect', disconnected, told(false), []],
    ['a disconnect after a break', disconnected, told('for-now'), []],
    ['a warning', busy, told(false), ['api-calls-high connection.warning']],
    ['a warning that was told an hour ago', busy, told(false, { 'api-calls-high': nowMs - hourMs }), []],
    [
      'a warning that was told a day ago',
      busy,
      told(false, { 'api-calls-high': nowMs - 24 * hourMs }),
      ['api-calls-high connection.warning'],
    ],
    [
      'another warning than the one told',
      uncertain,
      told(false, { 'api-calls-high': nowMs }),
      ['refresh-uncertain connection.warning'],
    ],
    ['a break with many calls', { ...broken, apiUsed: 99, apiMax: 100 }, told('for-good'), []],
  ])('of %s', (_, connection, memory, expected) => {
    expect(alertsDue(connection, memory, nowMs).map(({ topic, event }) => `${topic} ${event}`)).toEqual(expected);
  });

  it('has one occasion for one transition, and one a day for a warning', () => {
    const since = { sinceMs: 17, cause: undefined };
    const forGood = { ...since, cause: 'token-revoked' } as const;
    expect(occasionOf({ topic: 'state', event: 'connection.broken' }, since, nowMs)).toBe('broken-17');
    expect(occasionOf({ topic: 'state', event: 'connection.broken' }, forGood, nowMs)).toBe('broken-for-good-17');
    expect(occasionOf({ topic: 'state', event: 'connection.repaired' }, since, nowMs)).toBe('repaired-17');
    expect(occasionOf({ topic: 'idle-long', event: 'connection.warning' }, since, nowMs)).toBe('idle-long-2026-11-23');
  });
});

describe('early warnings', () => {
  it.each<[string, Partial<WarnedConnection>, readonly string[]]>([
    ['80 % of the calls', { apiUsed: 80, apiMax: 100 }, []],
    ['more than 80 % of the calls', { apiUsed: 81, apiMax: 100 }, ['api-calls-high']],
    ['calls without a limit', { apiUsed: 81, apiMax: 0 }, []],
    ['19 days without a refresh', { lastRefreshedAtMs: nowMs - 19 * 24 * hourMs }, []],
    ['20 days without a refresh', { lastRefreshedAtMs: nowMs - 20 * 24 * hourMs }, ['idle-long']],
    ['an uncertain refresh', { state: 'degraded', cause: 'refresh-uncertain' }, ['refresh-uncertain']],
    ['a broken connection', { state: 'broken', apiUsed: 99, apiMax: 100 }, []],
  ])('given by %s', (_, change, expected) => {
    expect(warningsOf({ ...active, ...change }, nowMs)).toEqual(expected);
  });
});
