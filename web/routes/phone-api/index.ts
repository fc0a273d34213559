import formbody from '@fastify/formbody';
import type { FastifyPluginAsync } from 'fastify';
import type { AskLookup } from '../../../src/use-cases/ask-lookup.ts';
import type { AuthenticatePbx } from '../../../src/use-cases/authenticate-pbx.ts';
import type { ConfigurePbx } from '../../../src/use-cases/configure-pbx.ts';
import type { Clock, PhoneDirectory } from '../../../src/ports.ts';
import { openApi } from '../../plugins/openapi.ts';
import { pbxTokenAuth } from '../../plugins/pbx-token-auth.ts';
import { notFound } from '../../plugins/request-target.ts';
import { connectionStatusRoutes, type AccountApiServices } from './connection-status.ts';
import { healthRoutes } from './health.ts';
import { lookupRoutes } from './lookups.ts';
import { knowAllMethods, methodRoutes } from './methods.ts';
import { pbxConfRoutes } from './pbx-conf.ts';
import { openApiRoutes } from './openapi.ts';
import { lowerCaseNames } from './parameters.ts';
import { sendProblem } from './problems.ts';

/** What the routes behind the token need. */
export interface PhoneApiServices {
  readonly askLookup: AskLookup;
  readonly directory: Pick<PhoneDirectory, 'connection'>;
  readonly clock: Clock;
  /** The id of the execution that records a run. */
  readonly workflowIdOf: (runId: string) => string;
}

export interface PhoneApiOptions extends PhoneApiServices {
  readonly authenticatePbx: AuthenticatePbx;
  readonly accountApi: Omit<AccountApiServices, 'clock'>;
  readonly configurePbx: ConfigurePbx;
  /** Origin that the description names. */
  readonly publicUrl: string;
}

/** What phone systems ask, under every prefix that they know. */
export const createPhoneApi =
  (options: PhoneApiOptions): FastifyPluginAsync =>
  async (app) => {
    await app.register(openApi, { publicUrl: options.publicUrl, texts: options.accountApi.texts });
    knowAllMethods(app);
    for (const prefix of ['/api', '/acd/api']) await app.register(phoneApiRoutes(options), { prefix });
  };

const phoneApiRoutes =
  ({ authenticatePbx, accountApi, configurePbx, ...services }: PhoneApiOptions): FastifyPluginAsync =>
  async (app) => {
    if (!app.hasContentTypeParser('application/x-www-form-urlencoded')) await app.register(formbody);
    app.setErrorHandler(sendProblem);
    app.setNotFoundHandler((request) => {
      throw notFound(request);
    });
    // With callbacks, as all hooks on the way of a lookup: a promise for each is time that a caller waits.
    app.addHook('onRequest', (_request, reply, done) => {
      reply.header('cache-control', 'no-store');
      done();
    });
    app.addHook('preValidation', (request, _reply, done) => {
      request.query = lowerCaseNames(request.query);
      request.body = lowerCaseNames(request.body);
      done();
    });
    await app.register(methodRoutes);
    await app.register(openApiRoutes);
    await app.register(connectionStatusRoutes, { ...accountApi, clock: services.clock });
    await app.register(pbxConfRoutes, { configurePbx });
    await app.register(async (guarded) => {
      await guarded.register(pbxTokenAuth, { authenticate: authenticatePbx });
      await guarded.register(lookupRoutes, services);
      await guarded.register(healthRoutes, { ...services, texts: accountApi.texts });
    });
  };
