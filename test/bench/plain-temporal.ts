import { Client } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Ask } from './load.ts';

/** The plain Temporal way: execute a workflow, await its result. Its worker runs in this process. */
export async function plainTemporal(address: string, askDirectly: Ask, cleanup: AsyncDisposableStack): Promise<Ask> {
  const connection = await NativeConnection.connect({ address, grpcCompression: { codec: 'none' } });
  cleanup.defer(() => connection.close());
  const quiet = () => undefined;
  const logger = { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };
  const worker = await Worker.create({
    connection,
    taskQueue: 'bench',
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('plain-workflow.ts', import.meta.url)),
      logger,
    }),
    activities: { ask: askDirectly },
  });
  const running = worker.run();
  cleanup.defer(async () => {
    worker.shutdown();
    await running;
  });
  const client = new Client({ connection });
  return async (sequence) => {
    await client.workflow.execute('plainWorkflow', {
      taskQueue: 'bench',
      workflowId: `bench-${randomUUID()}`,
      args: [sequence],
    });
  };
}
