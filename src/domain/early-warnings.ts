import { isActive, type Connection } from './connection.ts';

/*
 * What is told before a connection breaks. Each follows from the projection row, so that the page, the alerts and the API agree.
 */

export const earlyWarnings = ['refresh-uncertain', 'api-calls-high', 'idle-long'] as const;
export type EarlyWarning = (typeof earlyWarnings)[number];

/** Share of the day's API calls above which it is told. */
export const apiCallsHigh = 0.8;
/** A refresh token that nobody used for 30 days has expired; it is told ten days before. */
export const idleLongMs = 20 * 24 * 3_600_000;

export type WarnedConnection = Pick<Connection, 'state' | 'cause' | 'lastRefreshedAtMs'> &
  Partial<Pick<Connection, 'apiUsed' | 'apiMax'>>;

const isGiven: Readonly<Record<EarlyWarning, (connection: WarnedConnection, nowMs: number) => boolean>> = {
  'refresh-uncertain': ({ cause }) => cause === 'refresh-uncertain',
  'api-calls-high': ({ apiUsed, apiMax }) =>
    apiUsed !== undefined && apiMax !== undefined && apiMax > 0 && apiUsed / apiMax > apiCallsHigh,
  'idle-long': ({ lastRefreshedAtMs }, nowMs) =>
    lastRefreshedAtMs !== undefined && nowMs - lastRefreshedAtMs >= idleLongMs,
};

/** The warnings that a connection gives now; one that is broken has more to say than these. */
export const warningsOf = (connection: WarnedConnection, nowMs: number): readonly EarlyWarning[] =>
  isActive(connection.state) ? earlyWarnings.filter((warning) => isGiven[warning](connection, nowMs)) : [];
