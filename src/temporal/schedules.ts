import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { scheduleIds, taskQueues } from '../../workflows/names.ts';
import type { retentionWorkflow } from '../../workflows/retention.ts';

/** Makes the schedules where they are missing, and brings those that are there up to date. */
export async function ensureSchedules(client: Client): Promise<void> {
  const spec = { calendars: [{ hour: 3, minute: 17, comment: 'Once a day, when few people telephone' }] };
  const args: [] = [];
  const action = {
    type: 'startWorkflow' as const,
    workflowType: 'retentionWorkflow' as const,
    workflowId: scheduleIds.retention,
    taskQueue: taskQueues.connections,
    args,
    staticSummary: 'Deletes lookup runs that are kept no longer',
  };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 day' as const };
  try {
    await client.schedule.create<typeof retentionWorkflow>({
      scheduleId: scheduleIds.retention,
      spec,
      action,
      policies,
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule
      .getHandle(scheduleIds.retention)
      .update<typeof retentionWorkflow>(({ state }) => ({ spec, action, policies, state }));
  }
}
