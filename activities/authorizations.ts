import type { AuthorizationReason } from '../src/domain/connection.ts';
import type { AdmissionOutcome, ExchangeOutcome } from '../src/domain/connection-outcomes.ts';
import type { OrgId } from '../src/domain/ids.ts';
import type { AcdLicence } from '../src/domain/user-rights.ts';
import type { Logger } from '../src/logger.ts';
import type {
  Audit,
  Authorizations,
  ConnectionEngine,
  Connections,
  RefreshLimits,
  SalesforceData,
  SalesforceOAuth,
} from '../src/ports.ts';
import { admitUser, exchangeCode, revokeFormerGrant, revokeNewGrant } from '../src/use-cases/authorize.ts';
import { withHeartbeat } from './heartbeat.ts';

const checkLimitMs = 30_000;

export function createAuthorizationActivities(dependencies: {
  readonly authorizations: Authorizations;
  readonly connections: Connections;
  readonly oauth: SalesforceOAuth;
  readonly data: Pick<SalesforceData, 'query' | 'queries'>;
  readonly audit: Audit;
  readonly engine: Pick<ConnectionEngine, 'authorized' | 'grantRevoked'>;
  readonly licence: AcdLicence;
  readonly limits: RefreshLimits;
  readonly logger: Logger;
}) {
  const { authorizations, engine } = dependencies;
  return {
    /** Sends the code, at most once; the grant is stored before this ends. */
    exchangeCode: (authorizationId: string): Promise<ExchangeOutcome> =>
      withHeartbeat(() => exchangeCode(dependencies, authorizationId)),

    admitUser: (authorizationId: string): Promise<AdmissionOutcome> =>
      admitUser({ ...dependencies, checkLimitMs }, authorizationId),

    refuseAuthorization: (authorizationId: string, reason: AuthorizationReason): Promise<void> =>
      authorizations.end(authorizationId, { status: 'refused', reason }),

    revokeNewGrant: (authorizationId: string): Promise<void> => revokeNewGrant(dependencies, authorizationId),
    revokeFormerGrant: (authorizationId: string): Promise<void> => revokeFormerGrant(dependencies, authorizationId),

    /** Tells the connection's workflow, and starts it where there is none. */
    announceAuthorization: (orgId: OrgId, version: number): Promise<void> => engine.authorized(orgId, version),
    announceRevocation: (orgId: OrgId): Promise<void> => engine.grantRevoked(orgId),
  };
}
