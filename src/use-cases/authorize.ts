import type { AuthorizationReason, Observations, ReasonDetail } from '../domain/connection.ts';
import type { AdmissionOutcome, ExchangeOutcome } from '../domain/connection-outcomes.ts';
import { warningsOf } from '../domain/early-warnings.ts';
import { missingOf, type AcdLicence } from '../domain/user-rights.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type {
  Audit,
  Authorizations,
  ConnectedUser,
  Connections,
  Grant,
  RefreshLimits,
  SalesforceData,
  SalesforceOAuth,
} from '../ports.ts';
import { observeUser } from './observe-user.ts';
import { readUser } from './read-user.ts';
import { untilWritten } from './until-written.ts';

/**
 * Exchanges the code, which is handed out once and so sent at most once, and stores the grant sealed before anything else is done. An
 * attempt that ends without a grant is ended here, because only here its details are known.
 */
export async function exchangeCode(
  ports: {
    authorizations: Authorizations;
    oauth: Pick<SalesforceOAuth, 'exchangeCode' | 'revoke'>;
    logger: Pick<Logger, 'warn'>;
  },
  id: string,
): Promise<ExchangeOutcome> {
  const { authorizations, oauth, logger } = ports;
  const refuse = async (reason: AuthorizationReason, detail: ReasonDetail = {}): Promise<ExchangeOutcome> => {
    await untilWritten(() => authorizations.end(id, { status: 'refused', reason, detail }), logger);
    return { kind: 'refused', reason };
  };
  const taken = await authorizations.takeCode(id);
  // Handed out before, to somebody who did not live to tell what came of it.
  if (!taken) return refuse('outcome-unknown');
  const outcome = await oauth.exchangeCode(taken);
  switch (outcome.kind) {
    case 'granted':
      if (outcome.grant.refreshToken === undefined) return refuse('no-refresh-token');
      await untilWritten(() => authorizations.storeGrant(id, outcome.grant), logger);
      return { kind: 'granted', orgId: outcome.grant.orgId };
    case 'refused':
      // A code that Salesforce does not know any more is no statement about a connection.
      return refuse(outcome.reason === 'token-revoked' ? 'code-expired' : outcome.reason, outcome.detail);
    case 'did-not-happen':
      return refuse(outcome.cause, { answer: outcome.answer });
    case 'unknown':
      return refuse('outcome-unknown', { answer: outcome.answer });
  }
}

/**
 * Checks the user with the fresh token, then claims the org and hands the credentials over. Trouble at Salesforce is thrown, to be tried
 * again; a refusal ends the attempt with what the page says.
 */
export async function admitUser(
  ports: {
    authorizations: Authorizations;
    connections: Pick<Connections, 'handOver' | 'ofOrg'>;
    data: Pick<SalesforceData, 'query' | 'queries'>;
    oauth: Pick<SalesforceOAuth, 'isAppInstalled'>;
    audit: Audit;
    licence: AcdLicence;
    limits: RefreshLimits;
    checkLimitMs: number;
  },
  id: string,
): Promise<AdmissionOutcome> {
  const { authorizations, connections, data, audit, licence, limits } = ports;
  const stored = await authorizations.readGrant(id);
  // Handed over already, when this is told a second time.
  if (!stored) return repeatedAdmission(ports, id);
  const { grant, accountId, loginHost, invitedAs } = stored;
  const byWhom = invitedAs === undefined ? {} : { invitedAs };
  const refuse = async (reason: AuthorizationReason, detail: ReasonDetail): Promise<AdmissionOutcome> => {
    await authorizations.end(id, { status: 'refused', reason, detail, orgId: grant.orgId });
    await audit.record({
      accountId,
      actor: 'salesforce-user',
      action: 'authorization.refused',
      subject: grant.orgId,
      detail: { reason, ...byWhom, ...(detail.username === undefined ? {} : { username: detail.username }) },
    });
    return { kind: 'refused', reason };
  };
  if (!isComplete(grant)) return refuse('no-refresh-token', {});

  const session = { orgId: grant.orgId, instanceUrl: grant.instanceUrl, accessToken: grant.accessToken, version: 0 };
  const signal = AbortSignal.timeout(ports.checkLimitMs);
  const [read, observed, before] = await Promise.all([
    readUser(data, licence, session, grant.userId, signal),
    observeUser(ports, session, grant, signal),
    connections.ofOrg(grant.orgId),
  ]);
  if (read.kind === 'failed') {
    const { failure } = read;
    if (failure.retryable) throw new AppError('SALESFORCE_UNAVAILABLE', 'Salesforce cannot be asked about the user.');
    return refuse(failure.cause, { answer: failure.answer });
  }
  const { user, facts } = read;
  const missing = missingOf(facts, licence);
  if (missing) return refuse(missing.cause, { username: user.username, ...missing.detail });

  const outcome = await connections.handOver({
    authorizationId: id,
    accountId,
    grant,
    loginHost,
    user: user satisfies ConnectedUser,
    // One of the approvals counted now is revoked in a moment; the connection counts them after that.
    observed: before === undefined || before.state === 'disconnected' ? observed : withoutGrants(observed),
    takeOverMs: limits.takeOverMs,
  });
  if (outcome.kind === 'refused') {
    return refuse(outcome.reason, { username: user.username, orgId: outcome.otherOrgId ?? grant.orgId });
  }
  await audit.record({
    accountId,
    actor: 'salesforce-user',
    action: outcome.isNew ? 'connection.connected' : 'connection.authorized-again',
    subject: grant.orgId,
    detail: { username: user.username, ...byWhom },
  });
  for (const warning of warningsOf(outcome.connection, outcome.connection.connectedAtMs)) {
    await audit.record({
      accountId,
      actor: 'system',
      action: 'connection.warned',
      subject: grant.orgId,
      detail: { warning },
    });
  }
  return {
    kind: 'admitted',
    orgId: grant.orgId,
    version: outcome.version,
    revokeFormerAfterMs: outcome.revokeFormerAfterMs ?? null,
  };
}

/** Revokes the grant of a refused attempt, by its refresh token only: the access token may be one that works for somebody else. */
export async function revokeNewGrant(
  { authorizations, oauth }: { authorizations: Authorizations; oauth: Pick<SalesforceOAuth, 'revoke'> },
  id: string,
): Promise<void> {
  const stored = await authorizations.readGrant(id);
  if (stored?.grant.refreshToken !== undefined) await oauth.revoke(stored.loginHost, stored.grant.refreshToken);
  await authorizations.forgetGrants(id);
}

/** Revokes what a successful attempt replaced, so that grants do not pile up to five. */
export async function revokeFormerGrant(
  { authorizations, oauth }: { authorizations: Authorizations; oauth: Pick<SalesforceOAuth, 'revoke'> },
  id: string,
): Promise<void> {
  const former = await authorizations.readFormerGrant(id);
  if (former) await oauth.revoke(former.loginHost, former.refreshToken);
  await authorizations.forgetGrants(id);
}

const withoutGrants = (observed: Observations): Observations =>
  Object.fromEntries(Object.entries(observed).filter(([name]) => name !== 'grants'));

const isComplete = (grant: Grant): grant is Grant & { refreshToken: string; instanceUrl: string } =>
  grant.refreshToken !== undefined && grant.instanceUrl !== undefined;

async function repeatedAdmission(
  { authorizations, limits }: { authorizations: Authorizations; limits: RefreshLimits },
  id: string,
): Promise<AdmissionOutcome> {
  const attempt = await authorizations.find(id);
  if (attempt?.status === 'succeeded' && attempt.orgId !== undefined) {
    // The version only tells the connection that there is something new: it reads the row.
    const former = await authorizations.readFormerGrant(id);
    return {
      kind: 'admitted',
      orgId: attempt.orgId,
      version: 0,
      revokeFormerAfterMs: former === undefined ? null : limits.takeOverMs,
    };
  }
  return { kind: 'refused', reason: attempt?.reason ?? 'outcome-unknown' };
}
