import { setTimeout } from 'node:timers/promises';
import type { DataRoutes } from '../types.ts';
import { Router, run, type ApiRoute } from './api.ts';
import { recordsOf } from './records.ts';
import { compositeRoutes } from './routes/composite.ts';
import { limitRoutes } from './routes/limits.ts';
import { queryRoutes } from './routes/query.ts';
import { searchRoutes } from './routes/search.ts';
import { sobjectRoutes } from './routes/sobjects.ts';

export { createRecords } from './records.ts';
export { demoRecords } from './demo-records.ts';

const routes: readonly ApiRoute[] = [
  ...queryRoutes,
  ...searchRoutes,
  ...compositeRoutes,
  ...sobjectRoutes,
  ...limitRoutes,
];

/** Everything under `/services/data/vNN.N/`: each route is a function of the call, over HTTP here and within a composite request by the router. */
export const dataRoutes: DataRoutes = async (fastify, options) => {
  const router = new Router(routes);
  for (const route of routes) {
    fastify.route({
      method: route.method,
      url: `/:version${route.path}`,
      handler: async (request, reply) => {
        const caller = options.callerOf(request);
        const { version = '', ...params } = request.params as Record<string, string>;
        let delayMs = 0;
        const context = { caller, nowMs: options.clock(), delay: (ms: number) => void (delayMs += ms) };
        const { status, body, headers } = run(route, {
          ...context,
          records: recordsOf(caller.org),
          version,
          params,
          query: new URL(request.url, 'http://localhost').searchParams,
          headers: request.headers as Readonly<Record<string, string | undefined>>,
          body: request.body,
          dispatch: (...part) => router.dispatch(context, ...part),
        });
        if (delayMs > 0) await setTimeout(delayMs);
        void reply.code(status).headers(headers ?? {});
        if (body === undefined) return reply.send();
        return reply.type('application/json;charset=UTF-8').send(JSON.stringify(body));
      },
    });
  }
};
