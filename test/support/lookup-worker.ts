import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { createLookupActivities } from '../../activities/lookups.ts';
import { createSealer } from '../../src/crypto/sealer.ts';
import { connectTemporal, type TemporalConnection } from '../../src/temporal/client.ts';
import { createLookupEngine } from '../../src/temporal/lookup-engine.ts';
import { runWorker } from '../../src/temporal/worker.ts';
import { createAskSalesforce } from '../../src/use-cases/ask-salesforce.ts';
import { createOrgGate } from '../../src/use-cases/org-gate.ts';
import type { FindRecord } from '../../src/use-cases/find-record.ts';
import { createLookupCalls, type LookupCalls, type LookupRequest } from '../../src/use-cases/lookup-calls.ts';
import { readQuestion } from '../../src/use-cases/read-question.ts';
import { taskQueues } from '../../workflows/names.ts';
import {
  connection,
  createFakeLookupMetrics,
  createFakeLookupRuns,
  credentials,
  lookup,
  orgId,
  pbx,
  rules,
  type FakeLookupRuns,
} from './fakes/lookups.ts';
import { createFakePhoneDirectory, type FakePhoneDirectory } from './fakes/phone-directory.ts';
import { matched, readNumber } from './phone-api.ts';
import type { TestNamespace } from './temporal.ts';

/** A process that answers and records lookups, over a real Temporal server and fakes of everything else. */
export interface TestLookupProcess {
  readonly temporal: TemporalConnection;
  readonly engine: ReturnType<typeof createLookupEngine>;
  readonly calls: LookupCalls;
  readonly runs: FakeLookupRuns;
  readonly directory: FakePhoneDirectory;
  readonly counts: Readonly<Record<string, number>>;
  findRecord: FindRecord;
  close(): Promise<void>;
}

export const testSealer = createSealer([{ id: 'test', key: randomBytes(32) }]);

export async function startLookupProcess(namespace: TestNamespace): Promise<TestLookupProcess> {
  const logger = pino({ level: 'warn' });
  const temporal = await connectTemporal(
    { TEMPORAL_ADDRESS: namespace.address, TEMPORAL_NAMESPACE: namespace.namespace },
    logger,
    AbortSignal.timeout(30_000),
  );
  const directory = createFakePhoneDirectory();
  directory.pbxs.set(pbx.id, { pbx, signingSecret: randomBytes(32) });
  directory.lookups.set(lookup.id, lookup);
  directory.setConnection(connection);
  directory.setCredentials(credentials);
  const runs = createFakeLookupRuns();
  const metrics = createFakeLookupMetrics();
  const clock = { now: () => Date.now() };
  const askSalesforce = createAskSalesforce({
    directory,
    findRecord: (request) => testProcess.findRecord(request),
    gate: createOrgGate(clock),
    engine: { tokenRejected: async () => undefined, checkNow: async () => undefined },
    logger,
  });
  const pace = { width: () => 24, asked: () => undefined, took: () => undefined };
  const engine = createLookupEngine({ client: temporal.client, metrics, sealer: testSealer, pace, logger });
  const shared = { askSalesforce, runs, sealer: testSealer, clock };
  const calls = createLookupCalls({ askSalesforce, runs, clock, engine, marginMs: () => 20, metrics, logger });
  const worker = await runWorker(
    temporal,
    {
      taskQueue: taskQueues.lookups,
      workflowBundle: namespace.workflowBundle,
      activities: createLookupActivities({
        ...shared,
        calls: {
          find: (runId) => calls.find(runId),
          recorded(runId, repeats) {
            engine.recorded(runId);
            calls.recorded(runId, repeats);
          },
        },
        directory,
        readNumber,
      }),
    },
    logger,
    () => undefined,
  );
  const testProcess: TestLookupProcess = {
    temporal,
    engine,
    calls,
    runs,
    directory,
    counts: metrics.counts,
    findRecord: async () => ({ ok: true, finding: matched('201'), apiUsage: undefined }),
    async close() {
      await engine.close();
      await calls.close();
      await worker.close();
      await temporal.connection.close();
    },
  };
  return testProcess;
}

export const lookupRequest = (callerId: string): LookupRequest => ({
  service: 'extension',
  pbx,
  lookup,
  orgId,
  question: { callerId },
  read: readQuestion({ callerId }, readNumber),
  readMs: 0.02,
  rules,
  arrivedAtMs: Date.now(),
});
