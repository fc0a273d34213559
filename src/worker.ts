import { createAlertActivities } from '../activities/alerts.ts';
import { createAuthorizationActivities } from '../activities/authorizations.ts';
import { createConnectionActivities } from '../activities/connections.ts';
import { createCredentialsActivities } from '../activities/credentials.ts';
import { createFailureInterceptor } from '../activities/failure-interceptor.ts';
import { createLookupDefinitionActivities } from '../activities/lookup-definitions.ts';
import { createRetentionActivities } from '../activities/retention.ts';
import { createAlertPresenter } from '../web/presenters/alerts.ts';
import { createTexts } from '../web/texts.ts';
import { taskQueues } from '../workflows/names.ts';
import { secretTokens } from './crypto/tokens.ts';
import { openDependencies } from './dependencies.ts';
import { closeWithinMs, workerStopsWithinMs } from './limits.ts';
import { createMailer } from './mail/mailer.ts';
import { createRegistry, serveMetrics } from './metrics.ts';
import { runProcess } from './run-process.ts';
import { workflowBundle } from './temporal/bundle.ts';
import { connectTemporal } from './temporal/client.ts';
import { installRuntime } from './temporal/runtime.ts';
import { ensureSchedules } from './temporal/schedules.ts';
import { runWorker, takenOverSoon } from './temporal/worker.ts';

/** Authorizations and connections: everything that lives longer than a request. */
await runProcess(
  'worker',
  async ({ config, logger, cleanup, signal, fail }) => {
    const { settings } = config;
    const port = (offset: number) => (settings.METRICS_PORT === 0 ? 0 : settings.METRICS_PORT + offset);
    const metricsServer = await serveMetrics(createRegistry('worker'), settings.HOST, port(1));
    cleanup.defer(() => metricsServer.close());
    installRuntime(logger, port(3) === 0 ? undefined : `${settings.HOST}:${port(3)}`);

    const dependencies = {
      ...(await openDependencies(config, logger, cleanup, signal, connectTemporal)),
      tokens: secretTokens,
      mailer: createMailer(settings, logger),
      presentAlert: createAlertPresenter(createTexts(), config.publicUrl).alert,
      licence: config.acdLicence,
      limits: config.refreshLimits,
      requiresRotation: settings.SALESFORCE_REQUIRE_ROTATION,
      intervals: config.connectionIntervals,
      logger,
    };
    const worker = await runWorker(
      dependencies.temporal,
      {
        taskQueue: taskQueues.connections,
        workflowBundle: await workflowBundle(settings.WORKFLOW_BUNDLE_PATH, logger),
        activities: {
          ...createAlertActivities(dependencies),
          ...createAuthorizationActivities(dependencies),
          ...createConnectionActivities(dependencies),
          ...createCredentialsActivities(dependencies),
          ...createLookupDefinitionActivities(dependencies),
          ...createRetentionActivities(dependencies),
        },
        ...takenOverSoon,
        shutdownForceTime: workerStopsWithinMs.connections,
        interceptors: { activity: [() => ({ inbound: createFailureInterceptor(logger) })] },
      },
      logger,
      fail,
    );
    cleanup.defer(() => worker.close());
    // Those of an earlier start go on by themselves, so no start waits for this or fails with it.
    ensureSchedules(dependencies.temporal.client).catch((error: unknown) =>
      logger.warn({ err: error }, 'the schedules were not brought up to date'),
    );
  },
  { closeWithinMs: closeWithinMs.worker },
);
