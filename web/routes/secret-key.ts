import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { addSecretKey, secretKeyLength } from '../../src/use-cases/add-secret-key.ts';
import type { PortalRoutes } from '../context.ts';
import { accountOf } from '../plugins/session.ts';
import { FormField } from '../schemas/forms.ts';

const page = '/salesforce-connection/secret-key';

/** Add Secret Key: the package's key, which is never shown again. */
export const secretKeyRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, flashes } = portal;

  async function sendPage(
    request: FastifyRequest,
    reply: FastifyReply,
    { isFaulty }: { isFaulty: boolean },
  ): Promise<FastifyReply> {
    const status = await pages.liveStatus(accountOf(request));
    const { connection } = status;
    return pages.send(request, reply, {
      view: 'secret-key',
      title: t('secret-key.title'),
      data: {
        active: status.view.active,
        addedAtMs: connection && (await services.packageKeys.addedAtMs(connection.id)),
        fault: isFaulty ? t('secret-key.fault', secretKeyLength) : undefined,
        secretKeyLength,
      },
      status,
    });
  }

  app.get(page, (request, reply) => sendPage(request, reply, { isFaulty: false }));

  app.post(
    page,
    { schema: { body: Type.Object({ secretKey: FormField() }) }, config: { audit: 'package-key.added' } },
    async (request, reply) => {
      const outcome = await addSecretKey(services, {
        accountId: accountOf(request).id,
        typed: request.body.secretKey,
      });
      switch (outcome.kind) {
        case 'not-active':
          return sendPage(request, reply.status(409), { isFaulty: false });
        case 'invalid':
          return sendPage(request, reply.status(400), { isFaulty: true });
        case 'added':
          request.audited = { subject: outcome.orgId };
          flashes.set(reply, { notice: t('secret-key.added') });
          return reply.redirect(page, 303);
      }
    },
  );
};
