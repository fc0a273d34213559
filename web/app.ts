import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import cookie from '@fastify/cookie';
import csrfProtection from '@fastify/csrf-protection';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import staticFiles from '@fastify/static';
import view from '@fastify/view';
import { Eta } from 'eta';
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { AppError } from '../src/errors.ts';
import type { Portal } from './context.ts';
import { createStatusStreams } from './live/status-streams.ts';
import type { AppOptions } from './options.ts';
import { createPages } from './pages.ts';
import { auditChanges } from './plugins/audit.ts';
import { contentSecurityPolicy } from './plugins/content-security-policy.ts';
import { createCookies } from './plugins/cookies.ts';
import { showErrors } from './plugins/errors.ts';
import { createFlashes } from './plugins/flash.ts';
import { redirectToPublicUrl } from './plugins/public-url.ts';
import { RequestLog, RequestLogger } from './plugins/request-log.ts';
import { maxPathLength, readTarget } from './plugins/request-target.ts';
import { readSessions, requireSignIn } from './plugins/session.ts';
import { createAccountMails } from './presenters/mails.ts';
import { accountTokenRoutes } from './routes/account-tokens.ts';
import { alertAddressRoutes } from './routes/alert-address.ts';
import { alertSettingsRoutes } from './routes/alert-settings.ts';
import { apiDocsRoutes } from './routes/api-docs.ts';
import { confirmEmailRoutes } from './routes/confirm-email.ts';
import { dialingRuleRoutes } from './routes/dialing-rules.ts';
import { eventRoutes } from './routes/events.ts';
import { extensionRoutes } from './routes/extensions.ts';
import { foundationRoutes } from './routes/foundation.ts';
import { healthRoutes } from './routes/health.ts';
import { invitedRoutes } from './routes/invitation.ts';
import { invitationRoutes } from './routes/invitations.ts';
import { homeRoutes } from './routes/home.ts';
import { lookupRoutes } from './routes/lookups.ts';
import { lookupRunRoutes } from './routes/lookup-runs.ts';
import { phoneSystemRoutes } from './routes/phone-systems.ts';
import { salesforceCallbackRoutes } from './routes/salesforce-callback.ts';
import { salesforceConnectionRoutes } from './routes/salesforce-connection.ts';
import { secretKeyRoutes } from './routes/secret-key.ts';
import { settingsRoutes } from './routes/settings.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { signUpRoutes } from './routes/sign-up.ts';
import { createTexts } from './texts.ts';

const folder = (name: string) => join(import.meta.dirname, name);

/** The portal and the phone API as one application, not listening yet. Closing it ends the event streams first. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const logger: FastifyBaseLogger = options.logger;
  const app: FastifyInstance = fastify({
    loggerInstance: logger,
    genReqId: () => randomUUID(),
    logController: new RequestLog(),
    childLoggerFactory: (parent, bindings, childOptions) => new RequestLogger(parent, bindings, childOptions),
    trustProxy: options.trustProxy ?? false,
    bodyLimit: 64 * 1024,
    routerOptions: { maxParamLength: maxPathLength },
    rewriteUrl: readTarget,
  });
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  redirectToPublicUrl(app, options.publicUrl);
  await app.register(healthRoutes, { prefix: '/health', health: options.health });
  await app.register(options.phoneApi);
  await app.register(portalPlugin, options);
  return app;
}

/** Everything for browsers. Order is behaviour: what is added first acts first. */
async function portalPlugin(app: FastifyInstance, options: AppOptions): Promise<void> {
  const { publicUrl, standIn, countries, exampleCallerId, services } = options;
  const texts = createTexts();
  const cookies = createCookies(publicUrl);
  const flashes = createFlashes(services.sealer, cookies);

  await app.register(helmet, {
    contentSecurityPolicy: contentSecurityPolicy(),
    // The address of a page may name a link's token: it stays with us.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: cookies.options.secure === true,
  });
  await app.register(staticFiles, { root: folder('assets'), prefix: '/assets/' });
  await app.register(foundationRoutes);
  await app.register(cookie);
  await app.register(formbody);
  await app.register(view, {
    engine: { eta: new Eta({ views: folder('views'), cache: true }) },
    root: folder('views'),
    production: true,
  });
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: (_request, { ttl }) =>
      new AppError('TOO_MANY_REQUESTS', 'Too many attempts from this address.', { retryAfterMs: ttl }),
  });
  await app.register(csrfProtection, { cookieKey: cookies.csrf, cookieOpts: cookies.options });

  const pages = createPages(app, services, { t: texts, flashes, standIn });
  const streams = createStatusStreams({
    ...services,
    liveStatus: (account) => pages.liveStatus(account),
    logger: options.logger,
    heartbeatEveryMs: options.heartbeatEveryMs ?? 2_500,
  });
  app.addHook('preClose', async () => streams.end());

  readSessions(app, services, cookies);
  auditChanges(app, services.audit);
  // Before anything is said about what a form holds.
  app.addHook('preValidation', (request, reply, done) => {
    if (request.method === 'POST') app.csrfProtection(request, reply, done);
    else done();
  });
  showErrors(app, pages, texts);

  const portal: Portal = {
    publicUrl,
    standIn,
    countries,
    exampleCallerId,
    allowPrivateWebhooks: options.allowPrivateWebhooks,
    checkNowEveryMs: options.checkNowEveryMs,
    numbers: options.numbers,
    executionUrl: options.executionUrl,
    rulesOf: async ({ accountId, country, dialingRulesId }) =>
      (dialingRulesId === undefined ? undefined : await services.dialingRuleSets.find(accountId, dialingRulesId))
        ?.rules ?? options.numbers.rulesOfCountry(country),
    services: { ...services, mails: createAccountMails(texts, publicUrl) },
    texts,
    cookies,
    flashes,
    pages,
    streams,
  };
  await app.register(homeRoutes);
  await app.register(apiDocsRoutes, { portal });
  await app.register(signUpRoutes, { portal });
  await app.register(confirmEmailRoutes, { portal });
  await app.register(signInRoutes, { portal });
  await app.register(alertAddressRoutes, { portal });
  await app.register(salesforceCallbackRoutes, { portal });
  await app.register(invitedRoutes, { portal });
  await app.register(eventRoutes, { portal });
  await app.register(async (signedIn) => {
    requireSignIn(signedIn);
    await signedIn.register(salesforceConnectionRoutes, { portal });
    await signedIn.register(invitationRoutes, { portal });
    await signedIn.register(secretKeyRoutes, { portal });
    await signedIn.register(phoneSystemRoutes, { portal });
    await signedIn.register(lookupRoutes, { portal });
    await signedIn.register(extensionRoutes, { portal });
    await signedIn.register(dialingRuleRoutes, { portal });
    await signedIn.register(lookupRunRoutes, { portal });
    await signedIn.register(settingsRoutes);
    await signedIn.register(alertSettingsRoutes, { portal });
    await signedIn.register(accountTokenRoutes, { portal });
  });
}
