import { causes, type Cause } from '../domain/connection.ts';
import type { RefreshOutcome, RefreshRequest } from '../domain/connection-outcomes.ts';
import type { OrgId } from '../domain/ids.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Credentials, CredentialsStore, Grant, RefreshLimits, SalesforceOAuth, SecretTokens } from '../ports.ts';
import { untilWritten } from './until-written.ts';

/**
 * The only path by which a refresh token is ever sent (design section 4): mark first, write whole, know what is known. Sends at most
 * once. What it throws, it throws before anything was sent.
 */
export async function refreshCredentials(
  ports: {
    credentials: CredentialsStore;
    oauth: Pick<SalesforceOAuth, 'refresh' | 'revoke'>;
    tokens: Pick<SecretTokens, 'uuid'>;
    limits: RefreshLimits;
    requiresRotation: boolean;
    logger: Pick<Logger, 'info' | 'warn'>;
  },
  request: RefreshRequest,
): Promise<RefreshOutcome> {
  const { credentials, oauth, tokens, limits, logger } = ports;
  const { orgId, version } = request;
  const current = await readOrExplain(credentials, orgId);
  if (current === 'unreadable') return { kind: 'refused', cause: 'stored-secret-unreadable', detail: {} };
  if (current?.version !== version) return { kind: 'superseded' };

  const attempt = tokens.uuid();
  const marked = await mark(credentials, request, attempt, limits);
  if (marked !== 'fresh' && marked !== 'again') return marked;

  const outcome = await oauth.refresh(current, AbortSignal.timeout(limits.callMs));
  switch (outcome.kind) {
    case 'granted':
      if (outcome.grant.orgId !== orgId) {
        logger.warn({ orgId }, 'a refresh was answered for another org');
        return { kind: 'refused', cause: 'org-changed', detail: { orgId: outcome.grant.orgId } };
      }
      return keep(ports, current, attempt, outcome.grant);
    case 'refused': {
      const { reason, detail } = outcome;
      // A reason that only an attempt to connect can have says nothing about the refresh token.
      if (!isCause(reason)) return { kind: 'unknown', cause: 'salesforce-error', detail, attempt };
      await untilWritten(() => credentials.clearMark(orgId, attempt), logger);
      return { kind: 'refused', cause: reason, detail };
    }
    case 'did-not-happen':
      // The attempt before this one may have used the token up: what it left uncertain stays so.
      if (marked === 'fresh') await untilWritten(() => credentials.clearMark(orgId, attempt), logger);
      return marked === 'fresh'
        ? { kind: 'did-not-happen', cause: outcome.cause, detail: { answer: outcome.answer } }
        : { kind: 'unknown', cause: outcome.cause, detail: { answer: outcome.answer }, attempt };
    case 'unknown':
      return { kind: 'unknown', cause: outcome.cause, detail: { answer: outcome.answer }, attempt };
  }
}

/** Step 1. `fresh`: nobody had sent this token before; `again`: somebody may have. */
async function mark(
  credentials: CredentialsStore,
  { orgId, version, resend, endedAttempt }: RefreshRequest,
  attempt: string,
  { takeOverMs }: RefreshLimits,
): Promise<'fresh' | 'again' | Extract<RefreshOutcome, { kind: 'busy' | 'superseded' }>> {
  if (await credentials.markRefresh(orgId, version, attempt)) return 'fresh';
  if (resend) {
    if (endedAttempt !== null && (await credentials.renewMark(orgId, version, endedAttempt, attempt))) return 'again';
    if (await credentials.takeOverMark(orgId, version, attempt, takeOverMs)) return 'again';
  }
  const ageMs = await credentials.markAgeMs(orgId);
  // No mark any more: the other attempt has just ended, and the row says how.
  if (ageMs === undefined) return { kind: 'superseded' };
  return { kind: 'busy', retryInMs: Math.max(1_000, Math.ceil(takeOverMs - ageMs)) };
}

/** Step 2: the answer is in memory only until it is written; nobody uses it before. */
async function keep(
  { credentials, oauth, requiresRotation, logger }: Parameters<typeof refreshCredentials>[0],
  { orgId, version, loginHost }: Credentials,
  attempt: string,
  grant: Grant,
): Promise<RefreshOutcome> {
  const written = await untilWritten(async () => {
    if (await credentials.writeRefreshed(orgId, version, attempt, grant)) return true;
    const there = await credentials.read(orgId);
    // It has been written, and the database was lost before it could say so.
    if (there?.version === version + 1 && isOf(there, grant)) return true;
    // The same version: another attempt took the mark over while this answer was under way. A good answer at hand beats it.
    return there?.version === version && (await credentials.writeRefreshed(orgId, version, undefined, grant));
  }, logger);
  if (written) {
    const observed = { rotationMissing: requiresRotation && grant.refreshToken === undefined };
    return { kind: 'refreshed', version: version + 1, issuedAtMs: grant.issuedAtMs, observed };
  }
  // A new authorization or a disconnect won. What was received belongs to nobody; the access token may be the new grant's too, so only
  // a refresh token is revoked.
  if (grant.refreshToken !== undefined) {
    await oauth.revoke(loginHost, grant.refreshToken).catch((error: unknown) => {
      logger.warn({ err: error, orgId }, 'a refresh token that came too late could not be revoked');
    });
  }
  return { kind: 'superseded' };
}

const isOf = (stored: Credentials, { accessToken, refreshToken = stored.refreshToken }: Grant): boolean =>
  stored.accessToken === accessToken && stored.refreshToken === refreshToken;

async function readOrExplain(
  credentials: CredentialsStore,
  orgId: OrgId,
): Promise<Credentials | undefined | 'unreadable'> {
  try {
    return await credentials.read(orgId);
  } catch (error) {
    if (error instanceof AppError && error.code === 'STORED_SECRET_UNREADABLE') return 'unreadable';
    throw error;
  }
}

const isCause = (reason: string): reason is Cause => Object.hasOwn(causes, reason);
