import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Health } from '../options.ts';

const Parts = Type.Record(Type.String(), Type.Union([Type.Literal('ok'), Type.Literal('away')]));

/** For proxies and orchestrators. Once ready, a part that is away is named and nothing more: calls are answered without it. */
export const healthRoutes: FastifyPluginAsyncTypebox<{ health: Health }> = async (app, { health }) => {
  app.get('/live', { schema: { response: { 200: Type.Object({ status: Type.Literal('live') }) } } }, async () => ({
    status: 'live' as const,
  }));

  app.get('/ready', { schema: { response: { 200: Parts, 503: Parts } } }, async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
    return reply.status(health.ready() ? 200 : 503).send({ ...health.parts() });
  });
};
