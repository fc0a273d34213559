import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';

/** Temporal's list of executions is half a second behind. */
const listBehindMs = 1_000;

/** The history of every execution that has been started, as text. */
export async function allHistories({
  workflow,
}: Pick<Client, 'workflow'>): Promise<{ workflowId: string; text: string }[]> {
  await sleep(listBehindMs);
  const histories: { workflowId: string; text: string }[] = [];
  for await (const { workflowId, runId } of workflow.list()) {
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
