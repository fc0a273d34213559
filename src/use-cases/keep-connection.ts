import { causeClass } from '../domain/connection.ts';
import type { ConnectionFacts, TimelineAction } from '../domain/connection-life.ts';
import type { ConnectionRecord } from '../domain/connection-outcomes.ts';
import { warningsOf } from '../domain/early-warnings.ts';
import type { OrgId } from '../domain/ids.ts';
import type { Logger } from '../logger.ts';
import type { Audit, AuditEvent, Connections, CredentialsStore } from '../ports.ts';
import { considerAlerts, type AlertPorts } from './consider-alerts.ts';

/** The connection of an org as a workflow finds it; null when there is none that is not disconnected. */
export async function readConnection(
  { connections, credentials }: { connections: Connections; credentials: CredentialsStore },
  orgId: OrgId,
): Promise<ConnectionFacts | null> {
  // Credentials that cannot be opened are there all the same: the check says so.
  const [row, current] = await Promise.all([connections.ofOrg(orgId), credentials.readVersion(orgId)]);
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
    observed: row.observed,
  };
}

/**
 * Writes the timeline and the row, and has people told what is news to them; an operator hears of what only an operator can mend. The
 * timeline comes first, so that whoever is told of the row finds it there. Harmless when repeated, also beside or after a later record.
 */
export async function recordConnection(
  ports: AlertPorts & { connections: Connections; audit: Audit; logger: Pick<Logger, 'error'> },
  { orgId, connectionId, version, knownAtMs, row, timeline }: ConnectionRecord,
): Promise<void> {
  const { connections, audit, clock, logger } = ports;
  const {
    state,
    sinceMs,
    cause,
    causeDetail,
    lastCheckedAtMs,
    lastRefreshedAtMs,
    nextRefreshAtMs,
    apiUsage,
    observed,
  } = row;
  const before = await connections.ofOrg(orgId);
  const note = (kind: string, action: TimelineAction | 'connection.warned', detail: AuditEvent['detail'] = {}) =>
    audit.record({
      accountId: before?.accountId,
      actor: action === 'connection.disconnected' ? 'account' : 'system',
      action,
      subject: orgId,
      detail,
      occurrence: knownAtMs === undefined ? undefined : `${connectionId} ${knownAtMs} ${kind}`,
    });
  for (const [index, action] of timeline.entries())
    await note(`${action} ${index}`, action, cause === null ? {} : { cause });
  if (timeline.length > 0 && state === 'broken' && cause !== null && causeClass(cause) === 'misconfiguration') {
    logger.error({ orgId, cause }, 'a connection is broken by a mistake in our own settings');
  }
  if (state !== 'disconnected') {
    const known = {
      state,
      sinceMs,
      cause: cause ?? undefined,
      causeDetail,
      lastCheckedAtMs: lastCheckedAtMs ?? undefined,
      lastRefreshedAtMs,
      // One that is due at once has no moment of its own.
      nextRefreshAtMs: nextRefreshAtMs === null ? undefined : Math.max(nextRefreshAtMs, clock.now()),
      ...(apiUsage === null ? {} : { apiUsed: apiUsage.used, apiMax: apiUsage.max }),
      observed,
      disconnecting: row.disconnecting,
    };
    if (before?.id === connectionId) {
      // What was given when the row was checked last is no news; time alone may have brought one. An uncertain refresh has a line of its own.
      const given = warningsOf(before, before.lastCheckedAtMs ?? before.connectedAtMs);
      const news = warningsOf({ ...before, ...known }, clock.now()).filter(
        (warning) => !given.includes(warning) && warning !== cause && warning !== 'refresh-uncertain',
      );
      for (const warning of news) await note(warning, 'connection.warned', { warning });
    }
    const isWritten = await connections.update(connectionId, version, known, knownAtMs);
    if (isWritten) await considerAlerts(ports, { id: connectionId, orgId, ...known });
  }
}
