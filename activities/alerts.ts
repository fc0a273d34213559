import { alertAfterWaiting, isFinalFailure, type AlertEvent, type AlertStart } from '../src/domain/alerts.ts';
import { AppError } from '../src/errors.ts';
import type { Alert, Alerts, AlertTargets, PresentedAlert } from '../src/ports.ts';
import { sendAlert, type AlertSenders } from '../src/use-cases/send-alert.ts';

/** What is to be told to whom. */
export interface DecidedAlert {
  readonly event: AlertEvent;
  readonly accountId: string;
  readonly targetIds: readonly string[];
}

/** `gone`: the target was removed or switched off meanwhile. */
export type DeliveryOutcome = 'delivered' | 'overtaken' | 'gone' | 'not-allowed';

export function createAlertActivities(
  dependencies: AlertSenders & {
    readonly alerts: Alerts;
    readonly alertTargets: Pick<AlertTargets, 'list' | 'find' | 'webhookSecret'>;
    readonly presentAlert: (alert: Alert) => PresentedAlert;
  },
) {
  const { alerts, alertTargets, presentAlert, clock } = dependencies;
  return {
    /** Decides by how the connection stands now; null when it is as its people know it, or has changed while this waited. */
    async decideAlert(
      about: Pick<AlertStart, 'connectionId' | 'topic' | 'sinceMs'> & { readonly alertId: string },
    ): Promise<DecidedAlert | null> {
      const alert = await alerts.decide(about.alertId, about, (connection, memory) =>
        alertAfterWaiting(connection, memory, about, clock.now()),
      );
      if (!alert) return null;
      const { event, accountId } = alert;
      const targets = await alertTargets.list(accountId);
      const targetIds = targets.filter(({ enabled, isConfirmed }) => enabled && isConfirmed).map(({ id }) => id);
      return { event, accountId, targetIds };
    },

    /** Tells one target. Throws `ALERT_NOT_DELIVERED` while trying again may help. */
    async deliverAlert(delivery: {
      readonly alertId: string;
      readonly accountId: string;
      readonly targetId: string;
    }): Promise<DeliveryOutcome> {
      const { alertId, accountId, targetId } = delivery;
      const [alert, target] = await Promise.all([alerts.find(alertId), alertTargets.find(accountId, targetId)]);
      if (!alert || !target?.enabled) return 'gone';
      const state = await alerts.deliveryOf(alertId, targetId);
      if (state !== 'pending') return state;
      const failure = await sendAlert(dependencies, target, presentAlert(alert));
      await alerts.noteDelivery(alertId, targetId, { failure });
      if (failure === undefined) return 'delivered';
      if (isFinalFailure(failure)) return 'not-allowed';
      throw new AppError('ALERT_NOT_DELIVERED', `An alert did not reach its target (${failure}).`);
    },
  };
}
