import { causeClass } from '../domain/connection.ts';
import type { ConnectionFacts } from '../domain/connection-life.ts';
import type { ConnectionRecord } from '../domain/connection-outcomes.ts';
import type { OrgId } from '../domain/ids.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Audit, Connections, Credentials, CredentialsStore } from '../ports.ts';
import { considerAlerts, type AlertPorts } from './consider-alerts.ts';

/** The connection of an org as a workflow finds it; null when there is none that is not disconnected. */
export async function readConnection(
  { connections, credentials }: { connections: Connections; credentials: CredentialsStore },
  orgId: OrgId,
): Promise<ConnectionFacts | null> {
  const [row, current] = await Promise.all([connections.ofOrg(orgId), readVersion(credentials, orgId)]);
  if (!row || row.state === 'disconnected' || !current) return null;
  return {
    connectionId: row.id,
    version: current.version,
    state: row.state,
    sinceMs: row.sinceMs,
    cause: row.cause ?? null,
    detail: row.causeDetail,
    issuedAtMs: current.issuedAtMs,
    lastCheckedAtMs: row.lastCheckedAtMs ?? null,
    lastRefreshedAtMs: row.lastRefreshedAtMs ?? null,
    refreshStartedAtMs: current.refreshStartedAtMs ?? null,
  };
}

/** Writes the row, has people told what is news to them, and writes the timeline; an operator hears of what only an operator can mend. */
export async function recordConnection(
  ports: AlertPorts & { connections: Connections; audit: Audit; logger: Pick<Logger, 'error'> },
  { orgId, connectionId, version, row, timeline }: ConnectionRecord,
): Promise<void> {
  const { connections, audit, logger } = ports;
  const { state, sinceMs, cause, causeDetail, lastCheckedAtMs, lastRefreshedAtMs, nextRefreshAtMs, apiUsage } = row;
  if (state !== 'disconnected') {
    const known = {
      state,
      sinceMs,
      cause: cause ?? undefined,
      causeDetail,
      lastCheckedAtMs: lastCheckedAtMs ?? undefined,
      lastRefreshedAtMs,
      nextRefreshAtMs: nextRefreshAtMs ?? undefined,
      ...(apiUsage === null ? {} : { apiUsed: apiUsage.used, apiMax: apiUsage.max }),
      disconnecting: row.disconnecting,
    };
    const isWritten = await connections.update(connectionId, version, known);
    if (isWritten) await considerAlerts(ports, { id: connectionId, orgId, ...known });
  }
  if (timeline.length === 0) return;
  if (state === 'broken' && cause !== null && causeClass(cause) === 'misconfiguration') {
    logger.error({ orgId, cause }, 'a connection is broken by a mistake in our own settings');
  }
  const accountId = (await connections.ofOrg(orgId))?.accountId;
  for (const action of timeline) {
    await audit.record({
      accountId,
      actor: action === 'connection.disconnected' ? 'account' : 'system',
      action,
      subject: orgId,
      detail: cause === null ? {} : { cause },
    });
  }
}

/** Credentials that cannot be opened are there all the same: the check says so. */
async function readVersion(
  credentials: CredentialsStore,
  orgId: OrgId,
): Promise<Pick<Credentials, 'version' | 'issuedAtMs' | 'refreshStartedAtMs'> | undefined> {
  try {
    return await credentials.read(orgId);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'STORED_SECRET_UNREADABLE') throw error;
    return { version: 0, issuedAtMs: 0, refreshStartedAtMs: undefined };
  }
}
