import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { inviteAdministrator } from '../../src/use-cases/invite-administrator.ts';
import type { PortalRoutes } from '../context.ts';
import { accountOf } from '../plugins/session.ts';
import { FormField } from '../schemas/forms.ts';

/** Where a portal user who is not the Salesforce administrator asks the one who is. */
export const invitationRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, flashes } = portal;
  const page = { view: 'invite', title: t('invite.title') };

  app.get('/salesforce-connection/invitation', (request, reply) =>
    pages.send(request, reply, { ...page, data: { email: '' } }),
  );

  app.post(
    '/salesforce-connection/invitation',
    {
      schema: { body: Type.Object({ email: FormField() }) },
      config: { audit: 'invitation.sent', rateLimit: { max: 10, timeWindow: '1 hour' } },
    },
    async (request, reply) => {
      const { email } = request.body;
      const outcome = await inviteAdministrator(services, accountOf(request), email);
      switch (outcome.kind) {
        case 'email-invalid':
          void reply.status(400);
          return pages.send(request, reply, { ...page, data: { email, invalid: true } });
        case 'sent':
          request.audited = { detail: { to: outcome.to } };
          flashes.set(reply, { notice: t('invite.sent', { to: outcome.to }) });
          return reply.redirect('/salesforce-connection', 303);
      }
    },
  );
};
