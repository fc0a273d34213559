import { alertsDue, occasionOf, patienceFor } from '../domain/alerts.ts';
import type { Connection } from '../domain/connection.ts';
import type { WarnedConnection } from '../domain/early-warnings.ts';
import type { AlertEngine, Alerts, Clock } from '../ports.ts';

export interface AlertPorts {
  readonly alerts: Pick<Alerts, 'memoryOf' | 'breaksOf'>;
  readonly alertEngine: AlertEngine;
  readonly clock: Clock;
}

/** What of a connection can be news. */
export type ConsideredConnection = WarnedConnection & Pick<Connection, 'id' | 'orgId' | 'sinceMs'>;

/**
 * Has people told what they do not know yet of a connection, whenever its row was written. It compares with what they were told last
 * instead of waiting for transitions, so nothing is lost with a process, and a connection that a new authorization mended is news too.
 */
export async function considerAlerts(
  { alerts, alertEngine, clock }: AlertPorts,
  connection: ConsideredConnection,
): Promise<void> {
  const nowMs = clock.now();
  const { id, orgId, sinceMs } = connection;
  for (const due of alertsDue(connection, await alerts.memoryOf(id), nowMs)) {
    const occasion = occasionOf(due, connection, nowMs);
    const patience = patienceFor(due, await alerts.breaksOf(id), nowMs);
    await alertEngine.start({ connectionId: id, orgId, topic: due.topic, sinceMs, occasion, patience });
  }
}
