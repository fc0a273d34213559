import type { FastifyPluginAsync } from 'fastify';

/** The description of this API, for people's tools; needs no token. */
export const openApiRoutes: FastifyPluginAsync = async (app) => {
  for (const path of ['/openapi.json', '/openapi.json/']) {
    app.get(path, { schema: { hide: true } }, async (_request, reply) =>
      reply.type('application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
    );
  }
};
