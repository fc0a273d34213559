import { proxyActivities } from '@temporalio/workflow';
import type { createRetentionActivities } from '../activities/retention.ts';

type Activities = ReturnType<typeof createRetentionActivities>;

/** What the operator reads as the result. */
export interface RetentionSummary {
  readonly droppedPartitions: readonly string[];
  readonly deletedRuns: number;
}

const { prepareLogPartitions, dropOldLogPartitions } = proxyActivities<
  Pick<Activities, 'prepareLogPartitions' | 'dropOldLogPartitions'>
>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '12 hours',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10 minutes' },
});

const { deleteOldLookupRuns } = proxyActivities<Pick<Activities, 'deleteOldLookupRuns'>>({
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '30s',
  scheduleToCloseTimeout: '20 hours',
  retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '10 minutes' },
});

/**
 * Keeps the log of lookup runs within what its accounts want, once a day: partitions for the months to come, then whole partitions that
 * nobody keeps, then single runs.
 */
export async function retentionWorkflow(): Promise<RetentionSummary> {
  await prepareLogPartitions();
  const droppedPartitions = await dropOldLogPartitions();
  const deletedRuns = await deleteOldLookupRuns();
  return { droppedPartitions, deletedRuns };
}
