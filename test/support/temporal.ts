import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { service } from './services.ts';

export interface TestNamespace {
  readonly address: string;
  readonly namespace: string;
  /** For `workflowBundle` of a worker: the workflows, bundled once for the whole test run. */
  readonly workflowBundle: { readonly codePath: string };
}

/** A namespace of its own for a test file, so that workflow ids and task queues cross nobody's, on a server in memory. */
export async function createTestNamespace(): Promise<TestNamespace> {
  const [{ address }, workflowBundle] = await Promise.all([service('temporal'), service('workflow-bundle')]);
  const namespace = `test-${randomBytes(8).toString('hex')}`;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    await untilKnown(connection, namespace);
  } finally {
    await connection.close();
  }
  return { address, namespace, workflowBundle };
}

/** The server's caches hear of a new namespace a moment later. */
async function untilKnown(connection: Connection, namespace: string): Promise<void> {
  const untilMs = Date.now() + 15_000;
  for (;;) {
    try {
      await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
      return;
    } catch (error) {
      if (Date.now() > untilMs) throw error;
      await delay(20);
    }
  }
}
