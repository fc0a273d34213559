import { proxyLocalActivities } from '@temporalio/workflow';

const { warmUp } = proxyLocalActivities<{ warmUp(): Promise<void> }>({ startToCloseTimeout: '5s' });

/** Runs a few times when a server starts, so that the first lookup meets a sandbox and a path to the engine that are warm. */
export async function warmUpWorkflow(): Promise<void> {
  await warmUp();
}
