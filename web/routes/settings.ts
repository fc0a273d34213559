import type { FastifyPluginAsync } from 'fastify';

/** The menu leads to the first of the settings. */
export const settingsRoutes: FastifyPluginAsync = async (app) => {
  app.get('/settings', async (_request, reply) => reply.redirect('/settings/alerts', 303));
};
