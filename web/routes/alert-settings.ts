import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { emailMaxLength } from '../../src/domain/account-rules.ts';
import { AppError } from '../../src/errors.ts';
import type { AlertTarget } from '../../src/ports.ts';
import {
  addAlertMail,
  addAlertWebhook,
  alertTargetsMax,
  type TargetFault,
} from '../../src/use-cases/add-alert-target.ts';
import { sendAlert } from '../../src/use-cases/send-alert.ts';
import type { PortalRoutes } from '../context.ts';
import { accountOf } from '../plugins/session.ts';
import { createAlertPresenter, presentFailure } from '../presenters/alerts.ts';
import { FormField } from '../schemas/forms.ts';

const page = '/settings/alerts';

const TargetParams = Type.Object({ targetId: Type.String({ format: 'uuid' }) });

interface Rejected {
  readonly kind: 'mail' | 'webhook';
  readonly typed: string;
  readonly fault: TargetFault;
}

/** Who is told how the connection stands. */
export const alertSettingsRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, flashes, publicUrl } = portal;
  const { alertTargets, connections } = services;
  const presenter = createAlertPresenter(t, publicUrl);

  async function findTarget(request: FastifyRequest, { targetId }: { targetId: string }): Promise<AlertTarget> {
    const target = await alertTargets.find(accountOf(request).id, targetId);
    if (!target) throw new AppError('ALERT_TARGET_NOT_FOUND', 'There is no such address.');
    return target;
  }

  async function sendPage(request: FastifyRequest, reply: FastifyReply, rejected?: Rejected): Promise<FastifyReply> {
    const targets = await alertTargets.list(accountOf(request).id);
    const flash = flashes.take(request, reply);
    return pages.send(request, reply, {
      view: 'alert-settings',
      title: t('alert-settings.title'),
      data: {
        targets: targets.map((target) => ({ ...target, failure: failureOf(target) })),
        secret: flash?.secret?.kind === 'webhook' ? flash.secret : undefined,
        problem: flash?.problem,
        rejected,
        fault: rejected && t(faultText(rejected), { max: alertTargetsMax }),
        limits: { email: emailMaxLength },
      },
      flash,
    });
  }

  const failureOf = ({ lastDelivery }: AlertTarget): string | undefined =>
    lastDelivery?.failure === undefined ? undefined : presentFailure(lastDelivery.failure, t);

  const reject = (request: FastifyRequest, reply: FastifyReply, rejected: Rejected) =>
    sendPage(request, reply.status(400), rejected);

  app.get(page, (request, reply) => sendPage(request, reply));

  app.post(
    `${page}/mails`,
    {
      schema: { body: Type.Object({ mail: FormField() }) },
      // Each one sends a message to somebody who did not ask for it.
      config: { audit: 'alert-target.added', rateLimit: { max: 20, timeWindow: '1 hour' } },
    },
    async (request, reply) => {
      const account = accountOf(request);
      const typed = request.body.mail;
      const outcome = await addAlertMail(services, {
        account,
        typed,
        present: (token) => presenter.confirmation({ name: `${account.firstName} ${account.lastName}`, token }),
      });
      if (outcome.kind === 'rejected') return reject(request, reply, { kind: 'mail', typed, fault: outcome.fault });
      const { id, address } = outcome.target;
      request.audited = { subject: id, detail: { kind: 'mail' } };
      flashes.set(reply, { notice: t('alert-settings.mail-added', { address }) });
      return reply.redirect(page, 303);
    },
  );

  app.post(
    `${page}/webhooks`,
    { schema: { body: Type.Object({ webhook: FormField() }) }, config: { audit: 'alert-target.added' } },
    async (request, reply) => {
      const typed = request.body.webhook;
      const outcome = await addAlertWebhook(services, {
        accountId: accountOf(request).id,
        typed,
        allowPrivate: portal.allowPrivateWebhooks,
      });
      if (outcome.kind === 'rejected') return reject(request, reply, { kind: 'webhook', typed, fault: outcome.fault });
      const { id, address } = outcome.target;
      request.audited = { subject: id, detail: { kind: 'webhook' } };
      flashes.set(reply, { secret: { kind: 'webhook', name: address, value: outcome.secret } });
      return reply.redirect(page, 303);
    },
  );

  app.post(
    `${page}/:targetId/test`,
    {
      schema: { params: TargetParams },
      config: { audit: 'alert-target.tested', rateLimit: { max: 20, timeWindow: '10 minutes' } },
    },
    async (request, reply) => {
      const target = await findTarget(request, request.params);
      const { id, address } = target;
      if (!target.isConfirmed) {
        request.audited = 'nothing-changed';
        return reply.redirect(page, 303);
      }
      const failure = await sendAlert(services, target, presenter.test(await connections.ofAccount(target.accountId)));
      request.audited = { subject: id, detail: { outcome: failure ?? 'delivered' } };
      flashes.set(
        reply,
        failure === undefined
          ? { notice: t('alert-settings.test-delivered', { address }) }
          : { problem: t('alert-settings.test-failed', { address, failure: presentFailure(failure, t) }) },
      );
      return reply.redirect(page, 303);
    },
  );

  app.post(
    `${page}/:targetId/switch`,
    {
      schema: { params: TargetParams, body: Type.Object({ enabled: Type.Boolean() }) },
      config: { audit: 'alert-target.switched' },
    },
    async (request, reply) => {
      const { id, accountId, address } = await findTarget(request, request.params);
      const { enabled } = request.body;
      const changed = await alertTargets.setEnabled(accountId, id, enabled);
      request.audited = changed ? { subject: id, detail: { enabled } } : 'nothing-changed';
      flashes.set(reply, {
        notice: t(enabled ? 'alert-settings.switched-on' : 'alert-settings.switched-off', { address }),
      });
      return reply.redirect(page, 303);
    },
  );

  app.post(
    `${page}/:targetId/removal`,
    { schema: { params: TargetParams }, config: { audit: 'alert-target.removed' } },
    async (request, reply) => {
      const { id, accountId, kind, address } = await findTarget(request, request.params);
      const removed = await alertTargets.remove(accountId, id);
      request.audited = removed ? { subject: id, detail: { kind } } : 'nothing-changed';
      if (removed) flashes.set(reply, { notice: t('alert-settings.removed', { address }) });
      return reply.redirect(page, 303);
    },
  );
};

const faultText = ({ kind, fault }: Rejected) =>
  fault === 'invalid'
    ? (`alert-settings.faults.${kind}-invalid` as const)
    : (`alert-settings.faults.${fault}` as const);
