import { setPriority } from 'node:os';
import { createFailureInterceptor } from '../activities/failure-interceptor.ts';
import { createLookupActivities } from '../activities/lookups.ts';
import { taskQueues } from '../workflows/names.ts';
import { keepToBackground } from './background-processors.ts';
import { openDependencies } from './dependencies.ts';
import { readNumber } from './phone-numbers/read-number.ts';
import { createOutbox, type RecorderSays, type ServerSays } from './recorder-messages.ts';
import { createRecorderPace } from './recorder-pace.ts';
import { runProcess } from './run-process.ts';
import { openSalesforceLookups } from './salesforce-lookups.ts';
import { lowerSessionPriority } from './session-priority.ts';
import { workflowBundle } from './temporal/bundle.ts';
import { connectTemporal } from './temporal/client.ts';
import { createLookupEngine } from './temporal/lookup-engine.ts';
import { installRuntime } from './temporal/runtime.ts';
import { runWorker } from './temporal/worker.ts';
import { createJoinedCalls } from './use-cases/joined-calls.ts';
import { warmUpEngine } from './warm-up.ts';

/** The server's answers come first. */
const niceness = 10;

/** After the server has ended without a word. */
const drainWithinMs = 2_000;

/** Records the lookups of one server, which starts it and tells it of each: client and worker of their workflows. */
await runProcess(
  'recorder',
  async ({ config, logger, cleanup, signal, stop, fail }) => {
    setPriority(niceness);
    const { settings } = config;
    installRuntime(logger, settings.METRICS_PORT === 0 ? undefined : `${settings.HOST}:${settings.METRICS_PORT + 2}`);

    const dependencies = await openDependencies(config, logger, cleanup, signal, connectTemporal);
    const { clock, sealer, lookupRuns: runs, temporal } = dependencies;
    const { directory, askSalesforce } = await openSalesforceLookups({ config, logger, cleanup }, dependencies);

    const outbox = createOutbox<RecorderSays>((said) => {
      if (process.connected) process.send?.(said);
    }, 20);
    cleanup.defer(() => outbox.flush());
    const calls = createJoinedCalls((runId, repeats) => {
      lookupEngine.recorded(runId);
      outbox.say({ kind: 'recorded', runId, repeats });
    });
    const pace = createRecorderPace();
    cleanup.defer(() => pace.close());
    const unsubscribe = dependencies.changes.subscribe(({ kind }) => {
      if (kind === 'connection-asked') pace.hold();
    });
    cleanup.defer(unsubscribe);
    const lookupEngine = createLookupEngine({
      client: temporal.client,
      pace,
      metrics: {
        started: (eager) => outbox.say({ kind: 'counted', what: eager ? 'eager' : 'polled' }),
        startFailed: () => outbox.say({ kind: 'counted', what: 'start-failed' }),
        // The server bounds and counts what waits.
        unrecorded: () => undefined,
        waiting: () => undefined,
      },
      sealer,
      logger,
    });
    const worker = await runWorker(
      temporal,
      {
        taskQueue: taskQueues.lookups,
        workflowBundle: await workflowBundle(settings.WORKFLOW_BUNDLE_PATH, logger),
        activities: {
          warmUp: async () => undefined,
          ...createLookupActivities({ calls, askSalesforce, directory, readNumber, runs, sealer, clock }),
        },
        interceptors: { activity: [() => ({ inbound: createFailureInterceptor(logger) })] },
        maxConcurrentWorkflowTaskExecutions: 500,
        maxConcurrentLocalActivityExecutions: 500,
        maxCachedWorkflows: 500,
        workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
        activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
      },
      logger,
      fail,
    );
    cleanup.defer(() => worker.close());
    cleanup.defer(() => lookupEngine.close(process.connected ? undefined : drainWithinMs));
    process.once('disconnect', () => calls.giveUp());
    await warmUpEngine(temporal, logger);
    // Only now: while it starts, the server waits for it.
    lowerSessionPriority('self', niceness);
    await keepToBackground(process.pid);

    process.on('message', (message) => {
      for (const said of message as readonly ServerSays[]) {
        switch (said.kind) {
          case 'asked': {
            const { asked } = said;
            void lookupEngine.start(asked, calls.asked(asked.runId)).then((outcome) => {
              calls.started(asked.runId);
              if (outcome === 'started') outbox.say({ kind: 'started', runId: asked.runId });
            });
            break;
          }
          case 'answered':
            calls.answered(said.runId, said.result);
            break;
          case 'close':
            stop();
            break;
        }
      }
    });
  },
  { stopsWith: 'parent' },
);
