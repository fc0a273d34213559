import type { FastifyPluginAsync } from 'fastify';
import type { Static } from 'typebox';
import { isSameOrg } from '../../../src/domain/answer.ts';
import { AppError } from '../../../src/errors.ts';
import type { Clock, Connections } from '../../../src/ports.ts';
import type { AuthenticateAccount } from '../../../src/use-cases/authenticate-account.ts';
import { accountOfRequest, accountTokenAuth } from '../../plugins/account-token-auth.ts';
import { presentConnectionStatus } from '../../presenters/connection-status.ts';
import { ConnectionStatusSchema, OrgParamsSchema } from '../../schemas/connection-status.ts';
import { problems, storageProblems } from '../../schemas/phone-api.ts';
import type { Texts } from '../../texts.ts';

/** What the routes behind an account token need. */
export interface AccountApiServices {
  readonly authenticateAccount: AuthenticateAccount;
  readonly connections: Pick<Connections, 'ofAccount'>;
  readonly texts: Texts;
  readonly clock: Clock;
}

/** How an account's connection stands, for its own programs. */
export const connectionStatusRoutes: FastifyPluginAsync<AccountApiServices> = async (app, services) => {
  const { authenticateAccount, connections, texts, clock } = services;
  await app.register(accountTokenAuth, { authenticate: authenticateAccount });
  const schema = {
    tags: ['Account API'],
    summary: 'How the connection stands, in the words of its page',
    operationId: 'getConnectionStatus',
    security: [{ accountToken: [] }],
    params: OrgParamsSchema,
    response: {
      200: ConnectionStatusSchema,
      400: problems[400],
      401: problems[401],
      404: problems[404],
      500: problems[500],
      ...storageProblems,
    },
  };
  for (const path of ['/connections/:orgId/status', '/connections/:orgId/status/']) {
    app.get(path, { schema: { ...schema, hide: path.endsWith('/') } }, async (request) => {
      const connection = await connections.ofAccount(request.getDecorator<string>(accountOfRequest));
      const { orgId } = request.params as Static<typeof OrgParamsSchema>;
      // Programs write ids in any case, where 15 characters do not tell all orgs apart: it is compared with the account's own only.
      if (!connection || !isSameOrg(orgId, connection.orgId)) {
        throw new AppError('CONNECTION_NOT_FOUND', 'This account has no connection to such an org.');
      }
      return presentConnectionStatus(connection, clock.now(), texts);
    });
  }
};
