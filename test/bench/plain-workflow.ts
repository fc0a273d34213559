import { proxyActivities } from '@temporalio/workflow';

const { ask } = proxyActivities<{ ask(sequence: number): Promise<void> }>({ startToCloseTimeout: '10s' });

/** A lookup as one would write it without thinking of latency: the call is an activity, and the caller waits for the workflow. */
export async function plainWorkflow(sequence: number): Promise<void> {
  await ask(sequence);
}
