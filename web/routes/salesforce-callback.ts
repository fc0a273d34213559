import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { AppError } from '../../src/errors.ts';
import { receiveAuthorizationCode } from '../../src/use-cases/receive-authorization-code.ts';
import type { PortalRoutes } from '../context.ts';
import { QueryField, withoutNul } from '../schemas/forms.ts';

const CallbackQuery = Type.Object({
  state: QueryField(200),
  code: Type.Optional(Type.String({ minLength: 1, maxLength: 2_000, pattern: withoutNul })),
  error: Type.Optional(Type.String({ maxLength: 2_000, pattern: withoutNul })),
  error_description: Type.Optional(Type.String({ maxLength: 4_000, pattern: withoutNul })),
});

/**
 * Where Salesforce sends the browser back. Signed in or not: the attempt's own cookie says whose it is, and whoever is not signed in
 * any more signs in and then sees the result.
 */
export const salesforceCallbackRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, cookies } = portal;

  app.get(
    '/salesforce/callback',
    { exposeHeadRoute: false, schema: { querystring: CallbackQuery }, config: { audit: 'authorization.returned' } },
    async (request, reply) => {
      const { state, code, error, error_description: errorDescription } = request.query;
      const outcome = await receiveAuthorizationCode(
        services,
        { state, code, error, errorDescription },
        (stateHash) => request.cookies[cookies.authorization(stateHash)],
      );
      if (outcome.kind !== 'known') {
        throw new AppError('OAUTH_STATE_INVALID', 'This answer of Salesforce belongs to no attempt of this browser.');
      }
      const { id, accountId, isInvited } = outcome.authorization;
      const actor = isInvited ? 'salesforce-user' : 'account';
      request.audited = outcome.received ? { accountId, actor, subject: id } : 'nothing-changed';
      // Whoever was invited has no account to sign in with.
      const page = isInvited ? `/invitation/attempts/${services.tokens.hash(state)}` : '/salesforce-connection';
      return reply.redirect(page, 303);
    },
  );
};
