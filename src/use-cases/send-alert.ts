import type { DeliveryFailure } from '../domain/alerts.ts';
import { AppError } from '../errors.ts';
import type {
  AlertTarget,
  AlertTargets,
  Clock,
  Mailer,
  PresentedAlert,
  RequestSigner,
  SecretTokens,
  WebhookSender,
} from '../ports.ts';

/** What sending needs. */
export interface AlertSenders {
  readonly alertTargets: Pick<AlertTargets, 'webhookSecret'>;
  readonly mailer: Mailer;
  readonly webhooks: WebhookSender;
  readonly requestSigner: Pick<RequestSigner, 'sign'>;
  readonly tokens: Pick<SecretTokens, 'create'>;
  readonly clock: Clock;
}

/** Sends a message to one target, once. Undefined when it got there. */
export async function sendAlert(
  ports: AlertSenders,
  target: AlertTarget,
  { mail, webhook }: PresentedAlert,
): Promise<DeliveryFailure | undefined> {
  switch (target.kind) {
    case 'account-mail':
    case 'mail':
      try {
        await ports.mailer.send({ to: target.address, ...mail });
        return undefined;
      } catch (error) {
        if (error instanceof AppError && error.code === 'MAIL_UNAVAILABLE') return 'mail-refused';
        throw error;
      }
    case 'webhook': {
      const secret = await ports.alertTargets.webhookSecret(target.id);
      const url = URL.parse(target.address);
      if (secret === undefined || !url) return 'address-not-allowed';
      const body = JSON.stringify(webhook);
      const request = { method: 'POST', path: url.pathname + url.search, body };
      const moment = { nowMs: ports.clock.now(), nonce: ports.tokens.create() };
      return ports.webhooks.send({ url: url.href, body, headers: ports.requestSigner.sign(request, secret, moment) });
    }
  }
}
