import { describe, expect, it } from 'vitest';
import type { Observations } from '../../../src/domain/connection.ts';
import {
  grantsOfOurApp,
  warningsOf,
  type EarlyWarning,
  type WarnedConnection,
} from '../../../src/domain/early-warnings.ts';

const day = 24 * 3_600_000;
const nowMs = Date.UTC(2026, 10, 23);
const well: WarnedConnection = {
  state: 'active',
  cause: undefined,
  lastRefreshedAtMs: nowMs - day,
  apiUsed: 10,
  apiMax: 100,
  observed: { grants: 1, appInstalled: true, licenceEndsAtMs: null, rotationMissing: false },
};
const warned = (changes: Partial<WarnedConnection>) => warningsOf({ ...well, ...changes }, nowMs);
const observed = (changes: Observations) => warned({ observed: { ...well.observed, ...changes } });

describe('a warning', () => {
  it('is not given when all is well, nor of what is not known', () => {
    expect(warned({})).toEqual([]);
    expect(warningsOf({ state: 'active', cause: undefined, lastRefreshedAtMs: undefined }, nowMs)).toEqual([]);
  });

  it.each<[EarlyWarning, 'from' | 'below', readonly EarlyWarning[]]>([
    ['grants-full', 'below', observed({ grants: 4 })],
    ['grants-full', 'from', observed({ grants: 5 })],
    ['app-not-installed', 'from', observed({ appInstalled: false })],
    ['licence-expiring', 'below', observed({ licenceEndsAtMs: nowMs + 30 * day + 1 })],
    ['licence-expiring', 'from', observed({ licenceEndsAtMs: nowMs + 30 * day })],
    ['licence-expiring', 'from', observed({ licenceEndsAtMs: nowMs - day })],
    ['api-calls-high', 'below', warned({ apiUsed: 80, apiMax: 100 })],
    ['api-calls-high', 'from', warned({ apiUsed: 81, apiMax: 100 })],
    ['api-calls-high', 'below', warned({ apiUsed: 0, apiMax: 0 })],
    ['idle-long', 'below', warned({ lastRefreshedAtMs: nowMs - 20 * day + 1 })],
    ['idle-long', 'from', warned({ lastRefreshedAtMs: nowMs - 20 * day })],
    ['rotation-off', 'from', observed({ rotationMissing: true })],
    ['refresh-uncertain', 'from', warned({ state: 'degraded', cause: 'refresh-uncertain' })],
    ['refresh-uncertain', 'from', warned({ observed: { refreshUncertain: true } })],
    ['refresh-uncertain', 'below', warned({ state: 'degraded', cause: 'salesforce-slow' })],
  ])('%s is given %s its limit', (warning, side, given) => {
    expect(given).toEqual(side === 'from' ? [warning] : []);
  });

  it.each(['broken', 'disconnected'] as const)('is not given of a connection that is %s', (state) => {
    expect(warned({ state, apiUsed: 100, observed: { grants: 5, appInstalled: false } })).toEqual([]);
  });
});

describe('the approvals of our app', () => {
  const minute = 60_000;
  const listed = (appName: string, ageMs: number) => ({ appName, lastUsedAtMs: nowMs - ageMs });

  it('are those of the app that was used when our token was issued', () => {
    const grants = [listed('Trunkline', 0), listed('Dialer', 10 * minute), listed('Trunkline', 40 * day)];
    expect(grantsOfOurApp([...grants, listed('Dialer', 2 * day), listed('Dialer', day)], nowMs + minute)).toBe(2);
  });

  it('are not known when none was used about then', () => {
    expect(grantsOfOurApp([listed('Dialer', 10 * minute)], nowMs)).toBeUndefined();
    expect(grantsOfOurApp([], nowMs)).toBeUndefined();
  });
});
