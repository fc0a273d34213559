import { vi } from 'vitest';
import type { Client } from '@temporalio/client';

/** A recorder that waits for the connection's workflow to be done starts later, and Temporal's list of executions is half a second behind. */
const listedWithin = { timeout: 20_000, interval: 250 };

/** The history of every execution, as text, once what was expected is listed. */
export async function allHistories(
  { workflow }: Pick<Client, 'workflow'>,
  expectListed: (workflowIds: readonly string[]) => void,
): Promise<{ workflowId: string; text: string }[]> {
  const executions = await vi.waitFor(async () => {
    const listed: { workflowId: string; runId: string }[] = [];
    for await (const { workflowId, runId } of workflow.list()) listed.push({ workflowId, runId });
    expectListed(listed.map(({ workflowId }) => workflowId));
    return listed;
  }, listedWithin);
  const histories: { workflowId: string; text: string }[] = [];
  for (const { workflowId, runId } of executions) {
    const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
    histories.push({ workflowId, text: historyText(events) });
  }
  return histories;
}

/**
 * A history, or a part of one, as text with every payload opened. Not by `JSON.stringify`: protobuf's own `toJSON` would turn the payloads
 * into base64, in which nothing is found.
 */
function historyText(part: unknown): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString('utf8');
  if (typeof part === 'object' && part !== null) {
    return Object.entries(part)
      .map(([name, value]) => `${name}: ${historyText(value)}`)
      .join('\n');
  }
  return String(part);
}
