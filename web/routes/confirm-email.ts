import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { AppError } from '../../src/errors.ts';
import { confirmEmail } from '../../src/use-cases/confirm-email.ts';
import { resendConfirmation } from '../../src/use-cases/resend-confirmation.ts';
import type { PortalRoutes } from '../context.ts';
import { setSessionCookie } from '../plugins/session.ts';
import { FormField, QueryField } from '../schemas/forms.ts';

export const confirmEmailRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, cookies, flashes } = portal;
  const title = t('confirm-email.title');
  const linkInvalid = () => new AppError('LINK_INVALID', 'This link was used already or is too old.');

  // Looking at the page uses nothing up: mail scanners open links, too.
  app.get(
    '/confirm-email',
    { schema: { querystring: Type.Object({ token: QueryField(100) }) } },
    async (request, reply) => {
      const { token } = request.query;
      if ((await services.links.find(services.tokens.hash(token), 'confirm-email')) === undefined) throw linkInvalid();
      return pages.send(request, reply, { view: 'confirm-email', title, data: { token } });
    },
  );

  app.post(
    '/confirm-email',
    {
      schema: { body: Type.Object({ token: FormField(), password: FormField() }) },
      config: { audit: 'account.confirmed', rateLimit: { max: 20, timeWindow: '15 minutes' } },
    },
    async (request, reply) => {
      const { token, password } = request.body;
      const formerSessionId = request.cookies[cookies.session];
      const outcome = await confirmEmail(services, { token, password, formerSessionId });
      switch (outcome.kind) {
        case 'link-invalid':
          throw linkInvalid();
        case 'password-wrong':
          void reply.status(401);
          return pages.send(request, reply, { view: 'confirm-email', title, data: { token, wrong: true } });
        case 'confirmed':
          request.audited = { accountId: outcome.accountId, subject: outcome.accountId };
          setSessionCookie(reply, cookies, outcome.session);
          return reply.redirect('/salesforce-connection', 303);
      }
    },
  );

  app.post(
    '/confirm-email/links',
    {
      schema: { body: Type.Object({ email: FormField() }) },
      config: { audit: 'account.confirmation-sent', rateLimit: { max: 10, timeWindow: '1 hour' } },
    },
    async (request, reply) => {
      const { email } = request.body;
      const { accountId } = await resendConfirmation(services, email);
      request.audited = accountId === undefined ? 'nothing-changed' : { accountId, subject: accountId };
      flashes.set(reply, { notice: t('sign-in.resent', { email }) });
      return reply.redirect('/sign-in', 303);
    },
  );
};
