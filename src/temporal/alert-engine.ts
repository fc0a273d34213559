import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy, type Client } from '@temporalio/client';
import type { AlertEngine } from '../ports.ts';
import type { alertWorkflow } from '../../workflows/alert.ts';
import { alertWorkflowId, taskQueues } from '../../workflows/names.ts';

export function createAlertEngine(client: Client, { waitMs }: { readonly waitMs: number }): AlertEngine {
  return {
    async start({ connectionId, orgId, topic, sinceMs, occasion, isWaitedFor }) {
      await client.workflow.start<typeof alertWorkflow>('alertWorkflow', {
        workflowId: alertWorkflowId(connectionId, occasion),
        taskQueue: taskQueues.connections,
        args: [{ connectionId, orgId, topic, sinceMs, waitMs: isWaitedFor ? waitMs : 0 }],
        staticSummary: `Alert about org ${orgId}: ${topic}`,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        // What was told is in the database: an occasion that comes again after its execution ended was not told.
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      });
    },
  };
}
