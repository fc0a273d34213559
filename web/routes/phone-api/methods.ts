import { METHODS } from 'node:http';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { tellProblem } from './problems.ts';

const allowed: Readonly<Record<string, readonly HTTPMethods[]>> = {
  '/ExtNo/:pbxAndOrg': ['GET', 'HEAD', 'POST'],
  '/DataLookup/:pbxAndOrg': ['GET', 'HEAD', 'POST'],
  '/PBXConf/:pbxAndOrg': ['GET', 'HEAD', 'PUT'],
  '/health/:pbxId': ['GET', 'HEAD'],
  '/connections/:orgId/status': ['GET', 'HEAD'],
  '/openapi.json': ['GET', 'HEAD'],
};

/** Has the router know every method that HTTP has, so that each can be refused; CONNECT names no resource. */
export function knowAllMethods(app: FastifyInstance): void {
  for (const method of METHODS) {
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) app.addHttpMethod(method);
  }
}

/** Tells what may be asked of a resource, without a token: OPTIONS, and 405 for every other method. */
export const methodRoutes: FastifyPluginAsync = async (app) => {
  for (const [path, methods] of Object.entries(allowed)) {
    const allow = [...methods, 'OPTIONS'].join(', ');
    for (const url of [path, `${path}/`]) {
      app.options(url, { schema: { hide: true } }, async (_request, reply) =>
        reply.header('allow', allow).code(204).send(),
      );
      const problem = { status: 405, code: 'METHOD_NOT_ALLOWED', detail: `Only ${allow} can be used here.` };
      const refuse = async (request: FastifyRequest, reply: FastifyReply) =>
        tellProblem(problem, request, reply.header('allow', allow));
      app.route({
        method: app.supportedMethods.filter((method) => method !== 'OPTIONS' && !methods.includes(method)),
        url,
        schema: { hide: true },
        // Before the body is looked at: whatever is wrong with it, the method is what has to change.
        onRequest: refuse,
        handler: refuse,
      });
    }
  }
};
