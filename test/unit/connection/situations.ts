import {
  begin,
  checkDue,
  defaultIntervals,
  live,
  refreshDueAtMs,
  type ConnectionEvent,
  type ConnectionLife,
} from '../../../src/domain/connection-life.ts';

export const nowMs = Date.UTC(2026, 10, 1);
export const intervals = defaultIntervals;
export const moment = { nowMs, random: 0.5, intervals };

const lateMs = nowMs - 3_600_000;
const active: ConnectionLife = {
  ...begin(
    {
      connectionId: 'c1',
      version: 3,
      state: 'active',
      sinceMs: lateMs,
      cause: null,
      detail: {},
      issuedAtMs: lateMs,
      lastCheckedAtMs: lateMs,
      lastRefreshedAtMs: lateMs,
      refreshStartedAtMs: null,
      observed: {},
    },
    { nowMs: lateMs, authorized: true },
  ),
  checkAtMs: nowMs + 60_000,
  token: {
    issuedAtMs: lateMs,
    refused: false,
    confirmedAtMs: nowMs - 60_000,
    replacesRefused: false,
    expiresAtMs: nowMs + 3_600_000,
  },
};
const refused = { ...active.token, refused: true };
const broken = { state: 'broken', rechecks: 1, checkAtMs: nowMs + 60_000, refreshNotBeforeMs: nowMs + 60_000 } as const;

/** Every kind of place in a connection's life. */
export const situations = {
  active,
  'just checked': { ...active, token: { ...active.token, confirmedAtMs: nowMs - 1_000 } },
  'token refused': { ...active, token: refused },
  'mended, unchecked': { ...active, token: { ...active.token, confirmedAtMs: null, replacesRefused: true } },
  uncertain: { ...active, uncertain: { sinceMs: nowMs - 60_000, attempt: 'a1' } },
  'uncertain for long': { ...active, uncertain: { sinceMs: nowMs - 3_600_000, attempt: 'a1' } },
  'uncertain, refused': { ...active, token: refused, uncertain: { sinceMs: nowMs - 60_000, attempt: 'a1' } },
  'degraded by a check': { ...active, state: 'degraded', cause: 'salesforce-error', proof: 'check', failures: 2 },
  'degraded by a refresh': {
    ...active,
    state: 'degraded',
    cause: 'salesforce-unreachable',
    proof: 'refresh',
    failures: 2,
    refreshNotBeforeMs: nowMs + 60_000,
  },
  'broken by a check': { ...active, ...broken, cause: 'not-administrator', proof: 'check' },
  'broken by a refresh': { ...active, ...broken, cause: 'user-inactive', proof: 'refresh', token: refused },
  'broken for good': { ...active, ...broken, cause: 'token-revoked', proof: 'refresh', token: refused },
  disconnected: { ...active, state: 'disconnected' },
} as const satisfies Record<string, ConnectionLife>;
export type Situation = keyof typeof situations;

const detail = {};
const apiUsage = { used: 5, max: 100 };
/** Every event, about the version that is there. */
export const events = {
  tokenRejected: { type: 'tokenRejected', version: 3 },
  tokenDoubted: { type: 'tokenDoubted', version: 3 },
  grantRevoked: { type: 'grantRevoked' },
  checkAsked: { type: 'checkAsked' },
  refreshAsked: { type: 'refreshAsked' },
  disconnectAsked: { type: 'disconnectAsked' },
  checkBegun: { type: 'checkBegun' },
  'checkPassed, session': { type: 'checkPassed', version: 3, depth: 'session', expiresAtMs: null, apiUsage },
  'checkPassed, rights': { type: 'checkPassed', version: 3, depth: 'rights', expiresAtMs: null, apiUsage },
  checkRefused: { type: 'checkRefused', version: 3, cause: 'session-refused', detail },
  'checkRefused, inactive': {
    type: 'checkRefused',
    version: 3,
    cause: 'session-refused',
    detail,
    isTokenActive: false,
  },
  'checkRefused, active': { type: 'checkRefused', version: 3, cause: 'session-refused', detail, isTokenActive: true },
  'checkRefused, moved': { type: 'checkRefused', version: 3, cause: 'org-gone', detail },
  'checkFailed, transient': { type: 'checkFailed', version: 3, cause: 'salesforce-slow', detail },
  'checkFailed, limit': { type: 'checkFailed', version: 3, cause: 'api-limit-reached', detail },
  'checkFailed, permanent': { type: 'checkFailed', version: 3, cause: 'acd-licence-missing', detail },
  'checkFailed, misconfiguration': { type: 'checkFailed', version: 3, cause: 'request-refused', detail },
  refreshBegun: { type: 'refreshBegun' },
  refreshSlow: { type: 'refreshSlow' },
  refreshed: { type: 'refreshed', version: 4, issuedAtMs: nowMs },
  'refreshRefused, permanent': { type: 'refreshRefused', cause: 'login-hours', detail },
  'refreshRefused, for good': { type: 'refreshRefused', cause: 'token-revoked', detail },
  'refreshRefused, limit': { type: 'refreshRefused', cause: 'login-rate-exceeded', detail },
  'refreshRefused, misconfiguration': { type: 'refreshRefused', cause: 'client-credentials-wrong', detail },
  refreshDidNotHappen: { type: 'refreshDidNotHappen', cause: 'salesforce-unreachable', detail },
  refreshUnknown: { type: 'refreshUnknown', cause: 'salesforce-error', detail, attempt: 'a2' },
  refreshBusy: { type: 'refreshBusy', retryInMs: 90_000 },
  refreshPostponed: { type: 'refreshPostponed' },
  disconnected: { type: 'disconnected' },
} as const satisfies Record<string, ConnectionEvent>;
export type EventName = keyof typeof events;

/** What came of it, in a line: state, cause, and when check and refresh are due. */
export function outcomeOf(situation: Situation, event: EventName): string {
  const life = live(situations[situation], events[event], moment);
  const when = (atMs: number | undefined) =>
    atMs === undefined ? 'never' : atMs <= nowMs ? 'now' : `${Math.round((atMs - nowMs) / 1_000)} s`;
  return [
    life.state,
    life.cause ?? '-',
    `check ${when(checkDue(life, nowMs, intervals)?.atMs)}`,
    `refresh ${when(refreshDueAtMs(life, intervals))}`,
    ...(life.asked.disconnect ? ['disconnect now'] : []),
  ].join(' · ');
}
