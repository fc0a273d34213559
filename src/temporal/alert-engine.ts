import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy, type Client } from '@temporalio/client';
import { flappingSeenForMs } from '../domain/alerts.ts';
import type { AlertEngine } from '../ports.ts';
import type { alertWorkflow } from '../../workflows/alert.ts';
import { alertWorkflowId, taskQueues } from '../../workflows/names.ts';

export function createAlertEngine(client: Client, { waitMs }: { readonly waitMs: number }): AlertEngine {
  const waits = { none: 0, usual: waitMs, long: Math.max(waitMs, flappingSeenForMs) };
  return {
    async start({ connectionId, orgId, topic, sinceMs, occasion, patience }) {
      await client.workflow.start<typeof alertWorkflow>('alertWorkflow', {
        workflowId: alertWorkflowId(connectionId, occasion),
        taskQueue: taskQueues.connections,
        args: [{ connectionId, orgId, topic, sinceMs, waitMs: waits[patience] }],
        staticSummary: `Alert about org ${orgId}: ${topic}`,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        // What was told is in the database: an occasion that comes again after its execution ended was not told.
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      });
    },
  };
}
