/*
 * Names on the wire, shared by clients, workers and workflows. Running executions know them: they are never renamed.
 */

export const taskQueues = { lookups: 'lookups', connections: 'connections' } as const;

/** The execution that records a lookup run. */
export const lookupWorkflowId = (runId: string): string => `lookup-${runId}`;
