import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';

export const homeRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/', async (request, reply) => reply.redirect(request.signedIn ? '/salesforce-connection' : '/sign-in', 303));
};
