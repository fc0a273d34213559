import { proxyActivities } from '@temporalio/workflow';
import type { createAuthorizationActivities } from '../activities/authorizations.ts';
import type { createConnectionActivities } from '../activities/connections.ts';
import type { createCredentialsActivities } from '../activities/credentials.ts';

type Authorizations = ReturnType<typeof createAuthorizationActivities>;
type Connections = ReturnType<typeof createConnectionActivities>;
type Credentials = ReturnType<typeof createCredentialsActivities>;

/** Sends what works once: a single attempt, and as long as its answer needs to be written. A process that died is noticed by its silence. */
const once = {
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '10s',
  retry: { maximumAttempts: 1 },
} as const;

const database = {
  startToCloseTimeout: '20s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '30s' },
} as const;

/** May be repeated, also beside itself, so that a process that died with it is replaced soon: it is noticed by its silence. */
const repeatable = { ...database, startToCloseTimeout: '30s', heartbeatTimeout: '3s' } as const;

/** For as long as Salesforce may be away; what is left then is told to the operator. */
const forADay = {
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10 minutes' },
} as const;

export const { exchangeCode } = proxyActivities<Pick<Authorizations, 'exchangeCode'>>(once);
/** The administrator waits for it before the page. */
export const { admitUser } = proxyActivities<Pick<Authorizations, 'admitUser'>>({
  startToCloseTimeout: '40s',
  scheduleToCloseTimeout: '2 minutes',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '15s' },
});
export const { refuseAuthorization, announceAuthorization, announceRevocation } =
  proxyActivities<Pick<Authorizations, 'refuseAuthorization' | 'announceAuthorization' | 'announceRevocation'>>(
    database,
  );
export const { revokeNewGrant, revokeFormerGrant } =
  proxyActivities<Pick<Authorizations, 'revokeNewGrant' | 'revokeFormerGrant'>>(forADay);

export const { readConnection, checkConnection, recordConnection } =
  proxyActivities<Pick<Connections, 'readConnection' | 'checkConnection' | 'recordConnection'>>(repeatable);
export const { endConnection } = proxyActivities<Pick<Connections, 'endConnection'>>(database);

export const { refreshCredentials } = proxyActivities<Pick<Credentials, 'refreshCredentials'>>(once);
export const { sealGrant } = proxyActivities<Pick<Credentials, 'sealGrant'>>(database);
export const { revokeSealedGrant } = proxyActivities<Pick<Credentials, 'revokeSealedGrant'>>(forADay);
