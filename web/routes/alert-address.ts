import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { AppError } from '../../src/errors.ts';
import type { PortalRoutes } from '../context.ts';
import { FormField, QueryField } from '../schemas/forms.ts';

/** Where the owner of a mail address agrees to be told; needs no account. */
export const alertAddressRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages } = portal;
  const { alertTargets, tokens } = services;
  const linkInvalid = () => new AppError('LINK_INVALID', 'This link was used already or is too old.');

  // Looking at the page uses nothing up: mail scanners open links, too.
  app.get(
    '/alert-address',
    { schema: { querystring: Type.Object({ token: QueryField(100) }) } },
    async (request, reply) => {
      const { token } = request.query;
      const target = await alertTargets.findUnconfirmed(tokens.hash(token));
      if (!target) throw linkInvalid();
      return pages.send(request, reply, {
        view: 'alert-address',
        title: t('alert-address.title'),
        data: { token, address: target.address },
      });
    },
  );

  app.post(
    '/alert-address',
    {
      schema: { body: Type.Object({ token: FormField() }) },
      config: { audit: 'alert-target.confirmed', rateLimit: { max: 20, timeWindow: '15 minutes' } },
    },
    async (request, reply) => {
      const target = await alertTargets.confirm(tokens.hash(request.body.token));
      if (!target) throw linkInvalid();
      request.audited = { accountId: target.accountId, subject: target.id };
      return reply.redirect('/alert-address/done', 303);
    },
  );

  app.get('/alert-address/done', (request, reply) =>
    pages.send(request, reply, { view: 'alert-address-done', title: t('alert-address.done-title') }),
  );
};
