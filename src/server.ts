import { setTimeout as sleep } from 'node:timers/promises';
import { createPhoneApi } from '../web/routes/phone-api/index.ts';
import { buildApp } from '../web/app.ts';
import { tellClientErrors } from '../web/plugins/client-errors.ts';
import { createTexts } from '../web/texts.ts';
import { lookupWorkflowId } from '../workflows/names.ts';
import { passwordHasher } from './crypto/passwords.ts';
import { pbxTokenReader } from './crypto/pbx-jwt.ts';
import { pbxTokenSigner } from './crypto/pbx-token-signer.ts';
import { secretTokens } from './crypto/tokens.ts';
import { openDependencies, type Dependencies } from './dependencies.ts';
import { createEventLoopMargin } from './event-loop-margin.ts';
import { openFrontDoor } from './front-door.ts';
import { createMailer } from './mail/mailer.ts';
import { createLookupMetrics, createRegistry, serveMetrics } from './metrics.ts';
import { countries, defaultDialingRules } from './phone-numbers/numbering-plans.ts';
import { readNumber } from './phone-numbers/read-number.ts';
import { startRecorder, type RecorderProcess } from './recorder-process.ts';
import { runProcess, type ProcessContext } from './run-process.ts';
import { openSalesforceLookups } from './salesforce-lookups.ts';
import { createRecordSearch } from './salesforce/record-search.ts';
import { unaskedData } from './salesforce/unasked-data.ts';
import { openTemporalClient } from './temporal/lazy-client.ts';
import { createAskLookup } from './use-cases/ask-lookup.ts';
import { createAuthenticateAccount } from './use-cases/authenticate-account.ts';
import { createAuthenticatePbx } from './use-cases/authenticate-pbx.ts';
import { createConfigurePbx } from './use-cases/configure-pbx.ts';
import { createExplainRun } from './use-cases/explain-run.ts';
import { createFailureLimiter } from './use-cases/failure-limiter.ts';
import { createFindRecord } from './use-cases/find-record.ts';
import { createPbxLimiter } from './use-cases/pbx-limiter.ts';
import { createTryLookup } from './use-cases/try-lookup.ts';
import { signPackageAnswer } from './use-cases/sign-package-answer.ts';
import { verifyPackageRequest } from './use-cases/verify-package-request.ts';
import { createLookupCalls } from './use-cases/lookup-calls.ts';
import { warmUpSearch } from './warm-up.ts';
import { watchParts } from './watch-parts.ts';

/** How long a server that starts waits for a Temporal that does not answer. */
const waitForTemporalMs = 5_000;

/** Portal and phone API. What it answers is recorded by a process of its own, which it starts. */
await runProcess('server', async (context) => {
  const { config, logger, cleanup, signal } = context;
  const { settings } = config;
  const frontDoor = await openFrontDoor(settings.HOST, settings.PORT, tellClientErrors);
  cleanup.defer(() => frontDoor.close());
  const registry = createRegistry('server');
  const metricsServer = await serveMetrics(registry, settings.HOST, settings.METRICS_PORT);
  cleanup.defer(() => metricsServer.close());

  // Temporal may be away: callers get their answers all the same.
  const dependencies = await openDependencies(config, logger, cleanup, signal, async (environment) =>
    openTemporalClient(environment),
  );
  const { calls, recorder, phoneApi, tryLookup } = await openLookups(
    context,
    dependencies,
    createLookupMetrics(registry),
  );
  const parts = watchParts(dependencies, recorder.isRunning, logger);
  cleanup.defer(() => parts.close());

  let isReady = false;
  const app = await buildApp({
    publicUrl: config.publicUrl,
    trustProxy: settings.TRUST_PROXY,
    logger,
    standIn: settings.SALESFORCE_STAND_IN_URL === undefined ? undefined : { url: settings.SALESFORCE_STAND_IN_URL },
    countries: countries(),
    exampleCallerId: '+4975253099803',
    allowPrivateWebhooks: settings.WEBHOOK_ALLOW_PRIVATE,
    checkNowEveryMs: settings.CONNECTION_CHECK_NOW_EVERY_MS,
    numbers: { read: readNumber, rulesOfCountry: defaultDialingRules },
    executionUrl: executionUrls(settings),
    health: { ready: () => isReady, parts: parts.now },
    services: {
      ...dependencies,
      tryLookup,
      explainRun: createExplainRun({ findRecord: createFindRecord(createRecordSearch(unaskedData)), readNumber }),
      passwords: passwordHasher,
      tokens: secretTokens,
      signer: pbxTokenSigner,
      mailer: createMailer(settings, logger),
    },
    phoneApi,
  });
  // Takes no more connections, then ends the event streams, then waits for what is under way.
  cleanup.defer(async () => {
    await Promise.all([frontDoor.close(), app.close()]);
  });
  await app.ready();
  frontDoor.handOver((request, response) => {
    app.routing(request, response);
  });
  await warmUpSearch(settings.SALESFORCE_API_VERSION, signal);
  await untilRecording(recorder, parts, signal);
  cleanup.defer(() => {
    isReady = false;
  });
  isReady = true;
  logger.info({ port: frontDoor.port, heldCalls: calls.size }, `listening on ${config.publicUrl}`);
});

/** A server is ready when what it answers is recorded; while Temporal is away also without, since that must keep no caller waiting. */
async function untilRecording(
  recorder: Pick<RecorderProcess, 'first'>,
  parts: ReturnType<typeof watchParts>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const patience = sleep(waitForTemporalMs, 'starting' as const, { signal, ref: false });
    const outcome = await Promise.race([recorder.first, patience]);
    if (outcome !== 'starting') await parts.look();
    if (outcome === 'ready' || !(await parts.temporalAnswers())) return;
    if (outcome === 'ended') throw new Error('The recorder could not start; its log says why.');
  }
}

/** Where Temporal's UI shows the execution of a run. */
function executionUrls({
  TEMPORAL_UI_URL: url,
  TEMPORAL_NAMESPACE: namespace,
}: ProcessContext['config']['settings']): (runId: string) => string | undefined {
  return (runId) =>
    url === undefined
      ? undefined
      : new URL(`/namespaces/${encodeURIComponent(namespace)}/workflows/${lookupWorkflowId(runId)}`, url).href;
}

/** The way of a lookup: the call object asks and answers, the recorder has it recorded. */
async function openLookups(
  { config, logger, cleanup }: ProcessContext,
  dependencies: Dependencies,
  metrics: ReturnType<typeof createLookupMetrics>,
) {
  const { clock, lookupRuns } = dependencies;
  const { directory, askSalesforce } = await openSalesforceLookups({ config, logger, cleanup }, dependencies);
  const margin = createEventLoopMargin();
  cleanup.defer(() => margin.close());
  const recorder = startRecorder({
    metrics,
    onRecorded: (runId, repeats) => calls.recorded(runId, repeats),
    logger,
  });
  const calls = createLookupCalls({
    askSalesforce,
    engine: recorder,
    runs: lookupRuns,
    clock,
    marginMs: margin.marginMs,
    metrics,
    logger,
  });
  const unsubscribe = dependencies.changes.subscribe((change) => {
    if (change.kind === 'lookup-run' && change.isUnanswered) calls.recordedUnanswered(change.id);
  });
  cleanup.defer(unsubscribe);
  cleanup.defer(() => calls.close());
  cleanup.defer(() => recorder.close());
  const authenticateAccount = createAuthenticateAccount({ ...dependencies, tokens: secretTokens });
  return {
    tryLookup: createTryLookup({
      directory,
      askSalesforce,
      readNumber,
      runs: lookupRuns,
      tokens: secretTokens,
      clock,
    }),
    calls,
    recorder,
    phoneApi: createPhoneApi({
      authenticatePbx: createAuthenticatePbx({
        directory,
        reader: pbxTokenReader,
        failures: createFailureLimiter(clock),
        clock,
      }),
      askLookup: createAskLookup({ directory, calls, limiter: createPbxLimiter(clock), readNumber }),
      configurePbx: createConfigurePbx({
        ...dependencies,
        authenticateAccount,
        verifySignature: (request) =>
          verifyPackageRequest({ ...dependencies, signer: dependencies.requestSigner }, request),
        signAnswer: (request, body) =>
          signPackageAnswer({ ...dependencies, signer: dependencies.requestSigner }, request, body),
      }),
      accountApi: {
        authenticateAccount,
        connections: dependencies.connections,
        texts: createTexts(),
      },
      directory,
      clock,
      workflowIdOf: lookupWorkflowId,
      publicUrl: config.publicUrl,
    }),
  };
}
