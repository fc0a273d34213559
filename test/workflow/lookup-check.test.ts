import pino from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLookupDefinitionActivities } from '../../activities/lookup-definitions.ts';
import { connectTemporal, type TemporalConnection } from '../../src/temporal/client.ts';
import { ensureSchedules } from '../../src/temporal/schedules.ts';
import { runWorker, type RunningWorker } from '../../src/temporal/worker.ts';
import { scheduleIds, taskQueues } from '../../workflows/names.ts';
import { createTestNamespace } from '../support/temporal.ts';

let temporal: TemporalConnection;
let worker: RunningWorker;
const checked: string[] = [];

beforeAll(async () => {
  const { address, namespace, workflowBundle } = await createTestNamespace();
  const logger = pino({ level: 'silent' });
  temporal = await connectTemporal(
    { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
    logger,
    AbortSignal.timeout(30_000),
  );
  worker = await runWorker(
    temporal,
    {
      taskQueue: taskQueues.connections,
      workflowBundle,
      activities: createLookupDefinitionActivities({
        lookups: { accounts: async () => ['one', 'other'] },
        lookupDefinitions: { recheck: async (accountId) => checked.push(accountId) },
      }),
    },
    logger,
    () => undefined,
  );
});
afterAll(async () => {
  await worker.close();
  await temporal.connection.close();
});

it('is done once a day for every account that has lookups', async () => {
  const { client } = temporal;
  await ensureSchedules(client);
  const schedule = client.schedule.getHandle(scheduleIds.lookupCheck);
  expect((await schedule.describe()).spec.calendars).toMatchObject([{ hour: [{ start: 4 }], minute: [{ start: 23 }] }]);
  await schedule.trigger();
  await expect.poll(async () => (await schedule.describe()).info.recentActions.length, { timeout: 10_000 }).toBe(1);
  const [action] = (await schedule.describe()).info.recentActions;
  const started = action?.action.workflow;
  if (!started) throw new Error('the schedule started nothing');
  expect(await client.workflow.getHandle(started.workflowId).result()).toEqual({ broken: 3 });
  expect(checked).toEqual(['one', 'other']);
});
