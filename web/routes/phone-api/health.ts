import type { FastifyPluginAsync } from 'fastify';
import { isActive } from '../../../src/domain/connection.ts';
import type { Pbx } from '../../../src/domain/lookup.ts';
import { pbxOfRequest } from '../../plugins/pbx-token-auth.ts';
import { explainStanding } from '../../presenters/explanations.ts';
import { HealthSchema, PbxSchema, problems, TokenQuerySchema } from '../../schemas/phone-api.ts';
import type { Texts } from '../../texts.ts';
import type { PhoneApiServices } from './index.ts';

/** For a phone system to poll: 200 whenever this service answers, with what the page of the connection says. */
export const healthRoutes: FastifyPluginAsync<PhoneApiServices & { texts: Texts }> = async (
  app,
  { directory, texts },
) => {
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
      // The token of a phone system has many readers: who the Salesforce user is stays on the page.
      const why = explainStanding(connection, {}, texts);
      const told = why && { explanation: why.explanation, nextStep: why.nextStep };
      if (!connection) return { connection: 'none', status: texts('connection.inactive'), ...told };
      const { state, cause, sinceMs } = connection;
      return {
        connection: state,
        status: texts(isActive(state) ? 'connection.active' : 'connection.inactive'),
        since: new Date(sinceMs).toISOString(),
        ...(cause && { reason: cause }),
        ...told,
      };
    });
  }
};
