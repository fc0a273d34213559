import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { PortalRoutes } from '../context.ts';

/** The one stream of a browser: its visible tabs share it. */
export const eventRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  // A HEAD would open a stream that nobody reads.
  app.get('/events', { exposeHeadRoute: false }, async (request, reply) => {
    const stream = request.signedIn
      ? portal.streams.open(request.signedIn.account, request.signedIn.sessionIdHash)
      : Readable.from(['event: signed-out\ndata: {}\n\n']);
    return reply
      .type('text/event-stream')
      .header('cache-control', 'no-store, no-transform')
      .header('x-accel-buffering', 'no')
      .send(stream);
  });
};
