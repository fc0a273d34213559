import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { scheduleIds, taskQueues } from '../../workflows/names.ts';
import type { lookupCheckWorkflow } from '../../workflows/lookup-check.ts';
import type { retentionWorkflow } from '../../workflows/retention.ts';

type Scheduled = typeof retentionWorkflow | typeof lookupCheckWorkflow;

interface Daily {
  readonly scheduleId: string;
  readonly workflowType: 'retentionWorkflow' | 'lookupCheckWorkflow';
  readonly hour: number;
  readonly minute: number;
  readonly summary: string;
}

/** Once a day each, when few people telephone. */
const daily: readonly Daily[] = [
  {
    scheduleId: scheduleIds.retention,
    workflowType: 'retentionWorkflow',
    hour: 3,
    minute: 17,
    summary: 'Deletes lookup runs that are kept no longer',
  },
  {
    scheduleId: scheduleIds.lookupCheck,
    workflowType: 'lookupCheckWorkflow',
    hour: 4,
    minute: 23,
    summary: 'Holds lookups to what their orgs have',
  },
];

/** Makes the schedules where they are missing, and brings those that are there up to date. */
export async function ensureSchedules(client: Client): Promise<void> {
  for (const schedule of daily) await ensureSchedule(client, schedule);
}

async function ensureSchedule(
  client: Client,
  { scheduleId, workflowType, hour, minute, summary }: Daily,
): Promise<void> {
  const spec = { calendars: [{ hour, minute, comment: 'Once a day, when few people telephone' }] };
  const args: [] = [];
  const action = {
    type: 'startWorkflow' as const,
    workflowType,
    workflowId: scheduleId,
    taskQueue: taskQueues.connections,
    args,
    staticSummary: summary,
  };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day' as const };
  try {
    await client.schedule.create<Scheduled>({ scheduleId, spec, action, policies });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update<Scheduled>(({ state }) => ({ spec, action, policies, state }));
  }
}
