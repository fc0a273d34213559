import pino from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRetentionActivities } from '../../activities/retention.ts';
import type { LookupRunRetention } from '../../src/ports.ts';
import { connectTemporal, type TemporalConnection } from '../../src/temporal/client.ts';
import { ensureSchedules } from '../../src/temporal/schedules.ts';
import { runWorker, type RunningWorker } from '../../src/temporal/worker.ts';
import { scheduleIds, taskQueues } from '../../workflows/names.ts';
import { createTestNamespace } from '../support/temporal.ts';

let temporal: TemporalConnection;
let worker: RunningWorker;
const calls: string[] = [];
let left = 4_500;
let failures = 1;
const retention: Omit<LookupRunRetention, 'daysOf' | 'setDays'> = {
  async preparePartitions() {
    calls.push('prepare');
    if (failures-- > 0) throw new Error('the log is locked');
  },
  async dropOldPartitions() {
    calls.push('drop');
    return ['lookup_runs_2025_01'];
  },
  async deleteOldRuns(limit) {
    calls.push('delete');
    const deleted = Math.min(limit, left);
    left -= deleted;
    return deleted;
  },
};

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
    { taskQueue: taskQueues.connections, workflowBundle, activities: createRetentionActivities({ retention }) },
    logger,
    () => undefined,
  );
});
afterAll(async () => {
  await worker.close();
  await temporal.connection.close();
});

it('is started once a day by a schedule that several processes make, and goes on after a failure', async () => {
  const { client } = temporal;
  await Promise.all([ensureSchedules(client), ensureSchedules(client)]);
  await ensureSchedules(client);
  const schedule = client.schedule.getHandle(scheduleIds.retention);
  const { spec } = await schedule.describe();
  expect(spec.calendars).toMatchObject([{ hour: [{ start: 3 }], minute: [{ start: 17 }] }]);
  await schedule.trigger();
  await expect.poll(async () => (await schedule.describe()).info.recentActions.length, { timeout: 10_000 }).toBe(1);
  const [action] = (await schedule.describe()).info.recentActions;
  const started = action?.action.workflow;
  if (!started) throw new Error('the schedule started nothing');
  const result: unknown = await client.workflow.getHandle(started.workflowId).result();
  expect(result).toEqual({ droppedPartitions: ['lookup_runs_2025_01'], deletedRuns: 4_500 });
  expect(calls).toEqual(['prepare', 'prepare', 'drop', 'delete', 'delete', 'delete']);
});
