import { isCancellation, log, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { AuthorizationReason } from '../src/domain/connection.ts';
import type { AdmissionOutcome, ExchangeOutcome } from '../src/domain/connection-outcomes.ts';
import {
  admitUser,
  announceAuthorization,
  announceRevocation,
  exchangeCode,
  refuseAuthorization,
  revokeFormerGrant,
  revokeNewGrant,
} from './activity-proxies.ts';
import type { AuthorizationStart } from './names.ts';

/** What the operator reads as the result of an attempt. */
export interface AuthorizationSummary {
  readonly outcome: 'succeeded' | 'refused';
  readonly orgId: string | null;
  readonly reason: AuthorizationReason | null;
}

/**
 * One attempt to connect, from the code to the hand-over: exchange the code (sent at most once), check the user, claim the org, hand the
 * credentials over, tell the connection. What the attempt made superfluous is revoked last: after success the former grant, but not while
 * its refresh may be under way; after a refusal the new one. Either may take an access token along that was given out twice, so the
 * connection is then checked.
 */
export async function authorizationWorkflow({ authorizationId }: AuthorizationStart): Promise<AuthorizationSummary> {
  const exchanged = await exchange(authorizationId);
  if (exchanged.kind === 'refused') return refused(null, exchanged.reason);
  const { orgId } = exchanged;

  const admitted = await admit(authorizationId);
  if (admitted.kind === 'refused') {
    setCurrentDetails(`Refused: ${admitted.reason}. The new grant is being revoked.`);
    await revoke(() => revokeNewGrant(authorizationId));
    await announceRevocation(orgId);
    return refused(orgId, admitted.reason);
  }

  await announceAuthorization(orgId, admitted.version);
  setCurrentDetails(`Connected org ${orgId}.`);
  if (admitted.revokeFormerAfterMs !== null) {
    await sleep(admitted.revokeFormerAfterMs);
    await revoke(() => revokeFormerGrant(authorizationId));
    await announceRevocation(orgId);
  }
  return { outcome: 'succeeded', orgId, reason: null };
}

async function exchange(authorizationId: string): Promise<ExchangeOutcome> {
  try {
    return await exchangeCode(authorizationId);
  } catch (error) {
    if (isCancellation(error)) throw error;
    // The process died with the answer, or never sent the code: nobody knows, and the code works once.
    await refuseAuthorization(authorizationId, 'outcome-unknown');
    return { kind: 'refused', reason: 'outcome-unknown' };
  }
}

async function admit(authorizationId: string): Promise<AdmissionOutcome> {
  try {
    return await admitUser(authorizationId);
  } catch (error) {
    if (isCancellation(error)) throw error;
    await refuseAuthorization(authorizationId, 'salesforce-unreachable');
    return { kind: 'refused', reason: 'salesforce-unreachable' };
  }
}

async function revoke(grant: () => Promise<void>): Promise<void> {
  try {
    await grant();
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn(
      'a grant could not be revoked within a day: it counts among the five until somebody revokes it in Salesforce',
    );
  }
}

function refused(orgId: string | null, reason: AuthorizationReason): AuthorizationSummary {
  setCurrentDetails(`Refused: ${reason}.`);
  return { outcome: 'refused', orgId, reason };
}
