import { and, desc, eq, gt, gte, isNotNull, lte, sql, type SQL } from 'drizzle-orm';
import { accounts } from '../../drizzle/schema/accounts.ts';
import { alertDeliveries } from '../../drizzle/schema/alert-deliveries.ts';
import { alerts } from '../../drizzle/schema/alerts.ts';
import { auditEvents } from '../../drizzle/schema/audit-events.ts';
import { connections } from '../../drizzle/schema/connections.ts';
import { flappingSeenForMs, keepsBreaking, toldBrokenBy, type AlertMemory, type AlertTopic } from '../domain/alerts.ts';
import type { TimelineAction } from '../domain/connection-life.ts';
import type { Cause, ReasonDetail } from '../domain/connection.ts';
import type { EarlyWarning } from '../domain/early-warnings.ts';
import type { Alert, Alerts } from '../ports.ts';
import { guarded, type Drizzle } from './client.ts';
import { toConnection } from './connections.ts';

type Statements = Pick<Drizzle, 'select' | 'selectDistinctOn'>;

export function createAlerts(db: Drizzle): Alerts {
  return {
    memoryOf: (connectionId) => guarded(() => memoryOf(db, connectionId)),
    breaksOf: (connectionId) => guarded(() => breaksOf(db, connectionId, sql`now()`)),

    decide: (alertId, { connectionId, topic }, decide) =>
      guarded(() =>
        db.transaction(async (tx) => {
          // Whoever decides about this connection at the same time waits here, and then sees what was decided.
          const [row] = await tx.select().from(connections).where(eq(connections.id, connectionId)).for('update');
          if (!row) return undefined;
          const known = await find(tx, alertId);
          if (known) return known;
          const event = decide(toConnection(row), await memoryOf(tx, connectionId));
          if (event === undefined) return undefined;
          const { state, since, cause, causeDetail } = row;
          await tx.insert(alerts).values({ id: alertId, connectionId, topic, event, state, since, cause, causeDetail });
          return find(tx, alertId);
        }),
      ),

    find: (alertId) => guarded(() => find(db, alertId)),

    deliveryOf: (alertId, targetId) =>
      guarded(async () => {
        const [alert] = await db.select().from(alerts).where(eq(alerts.id, alertId));
        if (!alert) return 'overtaken';
        const delivered = await db
          .select({ id: alerts.id })
          .from(alertDeliveries)
          .innerJoin(alerts, eq(alerts.id, alertDeliveries.alertId))
          .where(
            and(
              eq(alertDeliveries.targetId, targetId),
              isNotNull(alertDeliveries.deliveredAt),
              eq(alerts.connectionId, alert.connectionId),
              eq(alerts.topic, alert.topic),
              gte(alerts.at, alert.at),
            ),
          );
        if (delivered.some(({ id }) => id === alertId)) return 'delivered';
        return delivered.length > 0 ? 'overtaken' : 'pending';
      }),

    noteDelivery: (alertId, targetId, { failure }) =>
      guarded(async () => {
        const attempt = {
          attemptedAt: sql`now()`,
          deliveredAt: failure === undefined ? sql`now()` : null,
          failure: failure ?? null,
        };
        await db
          .insert(alertDeliveries)
          .values({ alertId, targetId, ...attempt })
          .onConflictDoUpdate({ target: [alertDeliveries.alertId, alertDeliveries.targetId], set: attempt });
      }),
  };
}

async function memoryOf(statements: Statements, connectionId: string): Promise<AlertMemory> {
  const last = await statements
    .selectDistinctOn([alerts.topic], { topic: alerts.topic, event: alerts.event, cause: alerts.cause, at: alerts.at })
    .from(alerts)
    .where(eq(alerts.connectionId, connectionId))
    .orderBy(alerts.topic, desc(alerts.at));
  const broken = last.find(({ event }) => event === 'connection.broken');
  const warnings = last.filter(({ event }) => event === 'connection.warning');
  return {
    toldBroken: broken ? toldBrokenBy({ cause: (broken.cause ?? undefined) as Cause | undefined }) : false,
    warnedAtMs: Object.fromEntries(warnings.map(({ topic, at }) => [topic as EarlyWarning, at.getTime()])),
  };
}

/** As the timeline tells. */
async function breaksOf(statements: Statements, connectionId: string, until: SQL): Promise<readonly number[]> {
  const broken: TimelineAction = 'connection.broken';
  const breaks = await statements
    .select({ at: auditEvents.at })
    .from(auditEvents)
    .innerJoin(
      connections,
      and(eq(connections.accountId, auditEvents.accountId), eq(connections.orgId, auditEvents.subject)),
    )
    .where(
      and(
        eq(connections.id, connectionId),
        eq(auditEvents.action, broken),
        gt(auditEvents.at, sql`${until} - make_interval(secs => ${flappingSeenForMs / 1000})`),
        lte(auditEvents.at, until),
      ),
    );
  return breaks.map(({ at }) => at.getTime());
}

async function find(statements: Statements, alertId: string): Promise<Alert | undefined> {
  const [row] = await statements
    .select({ alert: alerts, connection: connections, timeZone: accounts.timeZone })
    .from(alerts)
    .innerJoin(connections, eq(connections.id, alerts.connectionId))
    .innerJoin(accounts, eq(accounts.id, connections.accountId))
    .where(eq(alerts.id, alertId));
  if (!row) return undefined;
  const { id, event, topic, at, state, since, cause, causeDetail } = row.alert;
  const breaks = await breaksOf(statements, row.connection.id, sql`${at.toISOString()}::timestamptz`);
  const { orgId, orgName, username, accountId } = row.connection;
  return {
    id,
    event,
    topic: topic as AlertTopic,
    accountId,
    timeZone: row.timeZone,
    connection: {
      id: row.connection.id,
      orgId,
      orgName: orgName ?? undefined,
      username,
      state,
      sinceMs: since.getTime(),
      cause: (cause ?? undefined) as Cause | undefined,
      causeDetail: causeDetail as ReasonDetail,
    },
    keepsBreaking: keepsBreaking(breaks, at.getTime()),
  };
}
