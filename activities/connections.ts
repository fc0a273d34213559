import type { ConnectionIntervals } from '../src/domain/connection-life.ts';
import type {
  CheckOutcome,
  CheckRequest,
  ConnectionReading,
  ConnectionRecord,
} from '../src/domain/connection-outcomes.ts';
import type { OrgId } from '../src/domain/ids.ts';
import type { AcdLicence } from '../src/domain/user-rights.ts';
import type { Logger } from '../src/logger.ts';
import type { Audit, Connections, CredentialsStore, SalesforceData, SalesforceOAuth } from '../src/ports.ts';
import { checkConnection } from '../src/use-cases/check-connection.ts';
import type { AlertPorts } from '../src/use-cases/consider-alerts.ts';
import { readConnection, recordConnection } from '../src/use-cases/keep-connection.ts';
import { withHeartbeat } from './heartbeat.ts';

/**
 * A session that takes this long to read one record has no answer for a caller either. With the look at a watched page's token before it
 * (`watch-connection.ts`), what hangs is told within ten seconds. Rights are read rarely, and from many objects.
 */
const checkLimitsMs = { session: 2_500, rights: 15_000 };

export function createConnectionActivities(
  dependencies: AlertPorts & {
    readonly connections: Connections;
    readonly credentials: CredentialsStore;
    readonly oauth: SalesforceOAuth;
    readonly data: Pick<SalesforceData, 'query' | 'queries'>;
    readonly audit: Audit;
    readonly licence: AcdLicence;
    readonly intervals: ConnectionIntervals;
    readonly logger: Pick<Logger, 'error'>;
  },
) {
  return {
    readConnection: async (orgId: OrgId): Promise<ConnectionReading> => ({
      facts: await withHeartbeat(() => readConnection(dependencies, orgId)),
      intervals: dependencies.intervals,
    }),

    /** The settings come along, so that a changed one reaches a workflow that has run for weeks. */
    checkConnection: async (
      request: CheckRequest,
    ): Promise<{ readonly outcome: CheckOutcome; readonly intervals: ConnectionIntervals }> => ({
      outcome: await withHeartbeat(() => checkConnection({ ...dependencies, limitsMs: checkLimitsMs }, request)),
      intervals: dependencies.intervals,
    }),

    recordConnection: (record: ConnectionRecord): Promise<void> =>
      withHeartbeat(() => recordConnection(dependencies, record)),

    /** False when other credentials are there by now. */
    async endConnection(end: {
      readonly orgId: OrgId;
      readonly connectionId: string;
      readonly version: number;
    }): Promise<boolean> {
      return dependencies.connections.disconnect(end.connectionId, end.orgId, end.version);
    },
  };
}
