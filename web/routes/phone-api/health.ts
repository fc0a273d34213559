import type { FastifyPluginAsync } from 'fastify';
import type { Pbx } from '../../../src/domain/lookup.ts';
import { pbxOfRequest } from '../../plugins/pbx-token-auth.ts';
import { HealthSchema, PbxSchema, problems, TokenQuerySchema } from '../../schemas/phone-api.ts';
import type { PhoneApiServices } from './index.ts';

/** For a phone system to poll: 200 whenever this service answers, with the state of the connection. */
export const healthRoutes: FastifyPluginAsync<PhoneApiServices> = async (app, { directory }) => {
  const schema = {
    tags: ['Phone API'],
    summary: 'The state of the connection to Salesforce',
    operationId: 'getHealth',
    params: PbxSchema,
    querystring: TokenQuerySchema,
    response: {
      200: HealthSchema,
      400: problems[400],
      401: problems[401],
      403: problems[403],
      404: problems[404],
      429: problems[429],
      500: problems[500],
    },
  };
  for (const path of ['/health/:pbxId', '/health/:pbxId/']) {
    app.get(path, { schema: { ...schema, hide: path.endsWith('/') } }, async (request) => {
      const connection = directory.connection(request.getDecorator<Pbx>(pbxOfRequest).accountId);
      if (!connection) return { connection: 'none' };
      return {
        connection: connection.state,
        since: new Date(connection.sinceMs).toISOString(),
        ...(connection.cause !== undefined && { reason: connection.cause }),
      };
    });
  }
};
