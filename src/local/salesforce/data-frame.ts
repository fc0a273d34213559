import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { dataRoutes } from './data/index.ts';
import { bearerOf, isSessionUsable, pathOf } from './frame.ts';
import type { Exchanges, Frame } from './frame.ts';
import { maintenancePage } from './faults.ts';
import { plainPage } from './pages.ts';
import { identityUrl } from './token.ts';
import type { DataCaller, Org } from './types.ts';

const oldestVersion = 31;
const longestBytes = 16_384;

const fail = (reply: FastifyReply, status: number, errorCode: string, message: string): FastifyReply =>
  reply.code(status).header('content-type', 'application/json;charset=UTF-8').send([{ message, errorCode }]);

/** Three releases a year: 31.0 was Summer '14. */
function labelOf(version: number): string {
  const since = version - oldestVersion;
  const year = 14 + Math.floor(since / 3);
  const [season, later] = (
    [
      ['Summer', 0],
      ['Winter', 1],
      ['Spring', 1],
    ] as const
  )[(since % 3) as 0 | 1 | 2];
  return `${season} '${year + later}`;
}

/** Those of Salesforce's that are served here; a client that goes by the list meets nothing that is missing. */
const resources = ['composite', 'limits', 'parameterizedSearch', 'query', 'queryAll', 'search', 'sobjects'];

/** What stands around the data half: session, rights, limits, latency, and the answers to paths that are not there. */
export async function dataFrame(
  app: FastifyInstance,
  { frame, exchanges }: { frame: Frame; exchanges: Exchanges },
): Promise<void> {
  const { state, clock, apiVersion } = frame;
  const newest = Number.parseFloat(apiVersion);
  const callers = new WeakMap<FastifyRequest, DataCaller>();
  const patterns: { method: string; path: RegExp }[] = [];

  const isVersionsPath = (request: FastifyRequest): boolean => /^\/services\/data\/?$/.test(pathOf(request));
  const usageOf = ({ policies }: Org): string => `api-usage=${policies.apiUsed}/${policies.apiLimit}`;

  app.addHook('onRoute', ({ method, path }) => {
    const pattern = new RegExp(
      `^${path.replaceAll(/[.$]/g, '\\$&').replaceAll(/:\w+/g, '[^/]+').replaceAll('*', '.*')}/?$`,
    );
    for (const each of [method].flat()) patterns.push({ method: each, path: pattern });
  });

  app.addHook('onRequest', async (request, reply) => {
    const uri = Buffer.byteLength(request.url);
    const headers = request.raw.rawHeaders.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    if (uri > longestBytes) return fail(reply, 414, 'URI_TOO_LONG', 'The URI is longer than 16,384 bytes.');
    if (uri + headers > longestBytes) {
      return fail(reply, 431, 'REQUEST_HEADER_FIELDS_TOO_LARGE', 'URI and headers are longer than 16,384 bytes.');
    }
    return undefined;
  });

  app.addHook('preValidation', async (request, reply) => {
    if (reply.sent || isVersionsPath(request)) return;
    const version = /^\/services\/data\/v(\d+)\.0(?:\/|$)/.exec(pathOf(request))?.[1];
    const exchange = exchanges.get(request);
    const token = bearerOf(request);
    if (token === undefined) return fail(reply, 401, 'INVALID_AUTH_HEADER', 'INVALID_HEADER_TYPE');
    const { org, grant, access } = exchange ?? {};
    const user = org && grant && state.userOf(org, grant.userId);
    const host = frame.hostOf(request);
    if (org && org.policies.goneHosts !== 'none') {
      return reply
        .code(404)
        .header('content-type', 'text/html;charset=UTF-8')
        .send(plainPage('URL No Longer Exists', 'You have attempted to reach a URL that no longer exists.'));
    }
    if (
      !exchange ||
      !org ||
      !grant ||
      !access ||
      !user ||
      (host !== undefined && host !== org) ||
      !isSessionUsable(frame, access, org, user)
    ) {
      return fail(reply, 401, 'INVALID_SESSION_ID', 'Session expired or invalid');
    }
    if (org.policies.maintenance) {
      return reply.code(200).header('content-type', 'text/html;charset=UTF-8').send(maintenancePage);
    }
    void reply.header('sforce-limit-info', usageOf(org));
    if (org.policies.highAssurance || !grant.scope.some((name) => name === 'api' || name === 'full')) {
      return fail(reply, 401, 'INVALID_SESSION_ID', 'This session is not valid for use with the REST API');
    }
    if (!org.policies.apiEnabled) {
      return fail(reply, 403, 'API_DISABLED_FOR_ORG', 'The REST API is not enabled for this Organization.');
    }
    if (!user.permissions.includes('ApiEnabled')) {
      return fail(reply, 403, 'API_CURRENTLY_DISABLED', 'API is disabled for this User');
    }
    if (org.policies.apiLimitEnforced && org.policies.apiUsed >= org.policies.apiLimit) {
      return fail(reply, 403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
    }
    if (version === undefined || Number(version) > newest) {
      return fail(reply, 404, 'NOT_FOUND', 'The requested resource does not exist');
    }
    if (Number(version) < oldestVersion) {
      return fail(reply, 410, 'UNSUPPORTED_API_VERSION', `API version ${version}.0 is retired.`);
    }
    org.policies.apiUsed++;
    void reply.header('sforce-limit-info', usageOf(org));
    if (state.grants.touch(access, org)) state.saveSoon();
    exchange.answerAtMs = performance.now() + org.policies.latencyMs;
    callers.set(request, {
      org,
      user,
      token,
      baseUrl: frame.orgUrl(org),
      identityUrl: identityUrl(frame, org.id, user.id),
    });
    return undefined;
  });

  app.setErrorHandler<Error & { statusCode?: number }>(async (error, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 415) return fail(reply, 415, 'UNSUPPORTED_MEDIA_TYPE', 'Content-Type not supported');
    if (status === 413) return fail(reply, 413, 'REQUEST_TOO_LARGE', 'The request body is too large.');
    if (status < 500) return fail(reply, status, 'JSON_PARSER_ERROR', error.message);
    reply.log.error(error);
    return fail(
      reply,
      500,
      'UNKNOWN_EXCEPTION',
      'An unexpected error occurred. Please include this ErrorId if you contact support: 0-0 (0)',
    );
  });

  app.setNotFoundHandler(async (request, reply) => {
    const path = pathOf(request);
    const allowed = [...new Set(patterns.filter((each) => each.path.test(path)).map(({ method }) => method))].sort();
    if (allowed.length === 0) return fail(reply, 404, 'NOT_FOUND', 'The requested resource does not exist');
    void reply.header('allow', allowed.join(','));
    return fail(
      reply,
      405,
      'METHOD_NOT_ALLOWED',
      `HTTP Method '${request.method}' not allowed. Allowed are ${allowed.join(',')}`,
    );
  });

  const versions = Array.from({ length: newest - oldestVersion + 1 }, (_, index) => oldestVersion + index).map(
    (version) => ({ label: labelOf(version), url: `/services/data/v${version}.0`, version: `${version}.0` }),
  );
  app.get('/', async () => versions);

  app.get<{ Params: { version: string } }>('/:version/', async (request) => {
    const base = `/services/data/${request.params.version}`;
    return {
      ...Object.fromEntries(resources.map((name) => [name, `${base}/${name}`])),
      identity: callers.get(request)?.identityUrl,
    };
  });

  await app.register(dataRoutes, {
    clock,
    apiVersion,
    callerOf: (request) => {
      const caller = callers.get(request);
      if (caller === undefined) throw new Error('A route under /services/data ran for a request without a session.');
      return caller;
    },
  });
}
