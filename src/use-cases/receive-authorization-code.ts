import { readAuthorizationError } from '../domain/authorization-errors.ts';
import type { AuthorizationReason, ReasonDetail } from '../domain/connection.ts';
import type { Audit, Authorization, Authorizations, Clock, ConnectionEngine, SecretTokens } from '../ports.ts';

/** What Salesforce sent the browser back with. */
export interface Callback {
  readonly state: string;
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;
}

export type ReceiveCodeOutcome =
  /** The attempt exists, and the account's page shows how it stands. */
  | { readonly kind: 'known'; readonly authorization: Authorization; readonly received: boolean }
  /** No attempt has this state. */
  | { readonly kind: 'unknown' }
  /** Another browser began it; nothing was changed. */
  | { readonly kind: 'other-browser' };

/**
 * Takes the code that Salesforce sent, at most once, and starts the workflow. Loading it again only shows the result; while the code
 * waits, the workflow is asked for again (its id makes that harmless), so that a reload mends a start that failed.
 */
export async function receiveAuthorizationCode(
  ports: {
    authorizations: Pick<Authorizations, 'findByState' | 'receiveCode' | 'end'>;
    engine: Pick<ConnectionEngine, 'startAuthorization'>;
    audit: Pick<Audit, 'record'>;
    tokens: SecretTokens;
    clock: Clock;
  },
  callback: Callback,
  browserTokenOf: (stateHash: string) => string | undefined,
): Promise<ReceiveCodeOutcome> {
  const { authorizations, engine, audit, tokens, clock } = ports;
  const stateHash = tokens.hash(callback.state);
  const found = await authorizations.findByState(stateHash);
  if (!found) return { kind: 'unknown' };
  const { browserHash, ...authorization } = found;
  const browserToken = browserTokenOf(stateHash);
  if (browserToken === undefined || tokens.hash(browserToken) !== browserHash) return { kind: 'other-browser' };

  const known = (received: boolean): ReceiveCodeOutcome => ({ kind: 'known', authorization, received });
  switch (authorization.status) {
    case 'succeeded':
    case 'refused':
      return known(false);
    case 'code-received':
      await engine.startAuthorization(authorization.id);
      return known(false);
    case 'begun':
      break;
  }
  const refuse = async (reason: AuthorizationReason, detail: ReasonDetail): Promise<ReceiveCodeOutcome> => {
    await authorizations.end(authorization.id, { status: 'refused', reason, detail });
    await audit.record({
      accountId: authorization.accountId,
      actor: authorization.isInvited ? 'salesforce-user' : 'account',
      action: 'authorization.refused',
      subject: authorization.id,
      detail: { reason },
    });
    return known(true);
  };
  if (authorization.expiresAtMs <= clock.now()) return refuse('attempt-expired', {});
  if (callback.error !== undefined || callback.code === undefined) {
    const { reason, detail } = readAuthorizationError(callback.error ?? '', callback.errorDescription ?? '');
    return refuse(reason, detail);
  }
  const received = await authorizations.receiveCode(authorization.id, callback.code);
  await engine.startAuthorization(authorization.id);
  return known(received);
}
