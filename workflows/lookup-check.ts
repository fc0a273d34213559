import { proxyActivities } from '@temporalio/workflow';
import type { createLookupDefinitionActivities } from '../activities/lookup-definitions.ts';

/** What the operator reads as the result. */
export interface LookupCheckSummary {
  readonly broken: number;
}

const { recheckLookups } = proxyActivities<ReturnType<typeof createLookupDefinitionActivities>>({
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '30s',
  scheduleToCloseTimeout: '20 hours',
  retry: { initialInterval: '5s', backoffCoefficient: 2, maximumInterval: '10 minutes' },
});

/** Finds lookups that ask for what their org has no longer, once a day, before callers do. */
export async function lookupCheckWorkflow(): Promise<LookupCheckSummary> {
  return { broken: await recheckLookups() };
}
