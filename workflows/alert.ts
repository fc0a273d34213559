import { isCancellation, log, proxyActivities, setCurrentDetails, sleep, uuid4 } from '@temporalio/workflow';
import type { createAlertActivities } from '../activities/alerts.ts';
import type { AlertEvent, AlertStart } from '../src/domain/alerts.ts';

type Activities = ReturnType<typeof createAlertActivities>;

/** What the operator reads as the result. */
export interface AlertSummary {
  /** Null when the connection changed before its people were told, or stands as they know it. */
  readonly event: AlertEvent | null;
  readonly targets: number;
  readonly delivered: number;
}

const { decideAlert } = proxyActivities<Pick<Activities, 'decideAlert'>>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

const { deliverAlert } = proxyActivities<Pick<Activities, 'deliverAlert'>>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '1 hour' },
});

/**
 * One per occasion to tell people how a connection stands. It waits until flapping has had its time, says nothing when the connection
 * changed meanwhile (that is an occasion of its own), and else tells every target for itself, for up to a day.
 */
export async function alertWorkflow({
  connectionId,
  orgId,
  topic,
  sinceMs,
  waitMs,
}: AlertStart): Promise<AlertSummary> {
  await sleep(waitMs);
  const alertId = uuid4();
  const decided = await decideAlert({ alertId, connectionId, topic, sinceMs });
  if (decided === null) return { event: null, targets: 0, delivered: 0 };
  const { event, accountId, targetIds } = decided;
  setCurrentDetails(`**${event}** of org ${orgId}, for ${targetIds.length} targets`);
  const outcomes = await Promise.all(targetIds.map((targetId) => deliver({ alertId, accountId, targetId })));
  return { event, targets: targetIds.length, delivered: outcomes.filter((outcome) => outcome === 'delivered').length };
}

async function deliver(delivery: Parameters<Activities['deliverAlert']>[0]) {
  try {
    return await deliverAlert(delivery);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('an alert could not be delivered within a day', { targetId: delivery.targetId });
    return 'given-up';
  }
}
