import fastifyPlugin from 'fastify-plugin';
import type { AuthenticateAccount } from '../../src/use-cases/authenticate-account.ts';
import { bearerToken } from './bearer-token.ts';

/** The account whose program asks: `request.getDecorator<string>(accountOfRequest)`. */
export const accountOfRequest = 'accountId';

/** Lets only a program with an account token through: `Authorization: Bearer`. */
export const accountTokenAuth = fastifyPlugin<{ authenticate: AuthenticateAccount }>(
  async (app, { authenticate }) => {
    app.decorateRequest(accountOfRequest, null);
    app.addHook('preValidation', async (request) => {
      const accountId = await authenticate(bearerToken(request.headers.authorization));
      request.setDecorator<string>(accountOfRequest, accountId);
    });
  },
  { name: 'account-token-auth' },
);
