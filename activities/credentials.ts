import type { RefreshOutcome, RefreshRequest } from '../src/domain/connection-outcomes.ts';
import type { OrgId } from '../src/domain/ids.ts';
import type { Logger } from '../src/logger.ts';
import type { CredentialsStore, RefreshLimits, SalesforceOAuth, Sealer, SecretTokens } from '../src/ports.ts';
import { refreshCredentials } from '../src/use-cases/refresh-credentials.ts';
import { revokeSealedGrant, sealGrant } from '../src/use-cases/revoke-sealed-grant.ts';
import { withHeartbeat } from './heartbeat.ts';

export function createCredentialsActivities(dependencies: {
  readonly credentials: CredentialsStore;
  readonly oauth: SalesforceOAuth;
  readonly tokens: Pick<SecretTokens, 'uuid'>;
  readonly sealer: Sealer;
  readonly limits: RefreshLimits;
  readonly requiresRotation: boolean;
  readonly logger: Logger;
}) {
  return {
    /** Sends the refresh token, at most once; what comes for it is written before this ends, however long that takes. */
    refreshCredentials: (request: RefreshRequest): Promise<RefreshOutcome> =>
      withHeartbeat(() => refreshCredentials(dependencies, request)),

    sealGrant: (orgId: OrgId, version: number): Promise<string | null> => sealGrant(dependencies, orgId, version),
    revokeSealedGrant: (orgId: OrgId, sealed: string): Promise<void> => revokeSealedGrant(dependencies, orgId, sealed),
  };
}
