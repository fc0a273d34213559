/*
 * Names on the wire, shared by clients, workers and workflows. Running executions know them: they are never renamed.
 */

export const taskQueues = { lookups: 'lookups', connections: 'connections' } as const;

/** The execution that records a lookup run. */
export const lookupWorkflowId = (runId: string): string => `lookup-${runId}`;

/** The execution of one attempt to connect. */
export const authorizationWorkflowId = (authorizationId: string): string => `authorization-${authorizationId}`;

/** The execution that keeps an org's connection. */
export const connectionWorkflowId = (orgId: string): string => `connection-${orgId}`;

/** The execution that tells people how a connection stands, one per occasion. */
export const alertWorkflowId = (connectionId: string, occasion: string): string => `alert-${connectionId}-${occasion}`;

export interface AuthorizationStart {
  readonly authorizationId: string;
}

/** Signals are facts. Each is told together with a start, so that a connection whose execution was lost has one again. */
export const connectionSignals = {
  /** New credentials were handed over: `AuthorizedSignal`. */
  authorized: 'authorized',
  /** A lookup was refused with this version: `VersionSignal`. */
  tokenRejected: 'tokenRejected',
  /** A watched token looks as if it did not work: `VersionSignal`. */
  tokenDoubted: 'tokenDoubted',
  /** A grant of this org was revoked, and with it perhaps an access token that was given out twice. */
  grantRevoked: 'grantRevoked',
} as const;

export interface VersionSignal {
  readonly version: number;
}

/** Of the update `checkNow`. */
export interface CheckNow {
  /** With the user's rights and licence, which are otherwise looked at once a day. */
  readonly thorough: boolean;
}

/** Updates are commands: the caller waits. */
export const connectionUpdates = { checkNow: 'checkNow', refreshNow: 'refreshNow', disconnect: 'disconnect' } as const;

/** For operators. */
export const connectionQueries = { getConnection: 'getConnection' } as const;

/** What Temporal starts by the clock; the executions have the same ids with a time behind. */
export const scheduleIds = { retention: 'retention', lookupCheck: 'lookup-check' } as const;
