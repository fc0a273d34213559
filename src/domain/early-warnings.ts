import { isActive, type Connection, type Observations } from './connection.ts';

/*
 * What is told before a connection breaks. Each follows from the projection row, so that the page, the alerts and the API agree.
 */

export const earlyWarnings = [
  'refresh-uncertain',
  'grants-full',
  'app-not-installed',
  'licence-expiring',
  'api-calls-high',
  'idle-long',
  'rotation-off',
] as const;
export type EarlyWarning = (typeof earlyWarnings)[number];

/** Salesforce keeps this many approvals of an app for each user; one more ends the oldest. */
export const grantsPerUser = 5;
/** Share of the day's API calls above which it is told. */
export const apiCallsHigh = 0.8;
/** A refresh token that nobody used for 30 days has expired; it is told ten days before. */
export const idleLongMs = 20 * 24 * 3_600_000;
/** A licence that ends is told this long before. */
export const licenceEndsSoonMs = 30 * 24 * 3_600_000;

export type WarnedConnection = Pick<Connection, 'state' | 'cause' | 'lastRefreshedAtMs'> &
  Partial<Pick<Connection, 'apiUsed' | 'apiMax' | 'observed'>>;

type IsGiven = (connection: WarnedConnection, observed: Observations, nowMs: number) => boolean;

const isGiven: Readonly<Record<EarlyWarning, IsGiven>> = {
  'refresh-uncertain': ({ cause }, { refreshUncertain }) => cause === 'refresh-uncertain' || refreshUncertain === true,
  'grants-full': (_connection, { grants }) => grants !== undefined && grants >= grantsPerUser,
  'app-not-installed': (_connection, { appInstalled }) => appInstalled === false,
  'licence-expiring': (_connection, { licenceEndsAtMs }, nowMs) =>
    typeof licenceEndsAtMs === 'number' && licenceEndsAtMs - nowMs <= licenceEndsSoonMs,
  'api-calls-high': ({ apiUsed, apiMax }) =>
    apiUsed !== undefined && apiMax !== undefined && apiMax > 0 && apiUsed / apiMax > apiCallsHigh,
  'idle-long': ({ lastRefreshedAtMs }, _observed, nowMs) =>
    lastRefreshedAtMs !== undefined && nowMs - lastRefreshedAtMs >= idleLongMs,
  'rotation-off': (_connection, { rotationMissing }) => rotationMissing === true,
};

/** The warnings that a connection gives now; one that is broken has more to say than these. */
export const warningsOf = (connection: WarnedConnection, nowMs: number): readonly EarlyWarning[] =>
  isActive(connection.state)
    ? earlyWarnings.filter((warning) => isGiven[warning](connection, connection.observed ?? {}, nowMs))
    : [];

/** One refresh token as Salesforce lists it for the user who may see it. */
export interface ListedGrant {
  readonly appName: string;
  readonly lastUsedAtMs: number;
}

/**
 * How many approvals our app has, of all the user's. Salesforce does not say which are ours: it is the app of the one that was used when
 * our token was issued. Undefined when none was used about then.
 */
export function grantsOfOurApp(grants: readonly ListedGrant[], issuedAtMs: number): number | undefined {
  const distanceMs = ({ lastUsedAtMs }: ListedGrant) => Math.abs(lastUsedAtMs - issuedAtMs);
  const [ours] = [...grants].sort((one, other) => distanceMs(one) - distanceMs(other));
  if (ours === undefined || distanceMs(ours) > usedAboutThenMs) return undefined;
  return grants.filter(({ appName }) => appName === ours.appName).length;
}
const usedAboutThenMs = 5 * 60_000;
