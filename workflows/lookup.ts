import { isCancellation, log, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { createLookupActivities } from '../activities/lookups.ts';
import type { AnswerReason, JoinedLookup, LaterFinding, LookupOutcome, LookupStart } from '../src/domain/lookup.ts';

type Activities = ReturnType<typeof createLookupActivities>;

/** What the operator reads as the result of a run. */
export interface LookupSummary {
  /** What the phone system was told. */
  readonly reason: LookupOutcome['reason'];
  readonly matches: number;
  readonly ms: number | undefined;
  /** What Salesforce said, maybe after the answer; undefined when it never said anything. */
  readonly found: AnswerReason | undefined;
}

/** Longer than any deadline: the call under way ends by its own. */
const { joinLookup } = proxyLocalActivities<Pick<Activities, 'joinLookup'>>({
  startToCloseTimeout: '10s',
  retry: { maximumAttempts: 1 },
});

const { recordLookup } = proxyActivities<Pick<Activities, 'recordLookup'>>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1 minute' },
});

const { findLater } = proxyActivities<Pick<Activities, 'findLater'>>({
  startToCloseTimeout: '15s',
  scheduleToCloseTimeout: '1 minute',
  retry: { initialInterval: '4s', backoffCoefficient: 2, maximumAttempts: 4 },
});

/**
 * One per question of a phone system: its durable record. It joins the call that the process of the question has under way, writes
 * what came of it, and, where trouble other than a used-up quota kept Salesforce's answer from the caller, goes on asking for up to a
 * minute, so that the log knows who it was. Whatever Salesforce does, the workflow completes; only the log can keep it waiting.
 */
export async function lookupWorkflow(start: LookupStart): Promise<LookupSummary> {
  const { isRecorded, ...outcome } = await join(start);
  if (!isRecorded) await recordLookup(start, outcome);
  // Where no calls are left, asking on would take the next callers' as well.
  const mayAsk = outcome.found === undefined && outcome.reason !== 'quota';
  const later = mayAsk ? await ask(start, outcome) : undefined;
  if (later) await recordLookup(start, { ...outcome, ...later });
  return {
    reason: outcome.reason,
    matches: outcome.matches,
    ms: outcome.ms,
    found: later ? later.found : outcome.found,
  };
}

async function join(start: LookupStart): Promise<JoinedLookup> {
  try {
    return await joinLookup(start);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the call under way could not be joined');
    return {
      reason: 'unknown',
      matches: 0,
      ms: undefined,
      found: undefined,
      foundAtMs: undefined,
      sealedDetail: undefined,
      isRecorded: false,
    };
  }
}

async function ask(start: LookupStart, outcome: LookupOutcome): Promise<LaterFinding | undefined> {
  try {
    return await findLater(start, outcome);
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.info('Salesforce did not answer within a minute');
    return undefined;
  }
}
