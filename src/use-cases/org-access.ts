import { isActive, type Cause } from '../domain/connection.ts';
import type { ConnectionEngine, Connections, CredentialsStore, SalesforceResult, SalesforceSession } from '../ports.ts';

/** `not-connected`: there are no credentials, or Salesforce refused them; the connection's page says more. */
export type OrgOutcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly cause: Cause | 'not-connected' };

/** Asks the org of an account, as its connected user. Never rejects on account of Salesforce. */
export type AskOrg = <T>(
  accountId: string,
  ask: (session: SalesforceSession) => Promise<SalesforceResult<T>>,
) => Promise<OrgOutcome<T>>;

/** For pages and daily checks, which can wait for a click or a day: a refused token is told to the connection, and not waited for. */
export function createAskOrg(dependencies: {
  readonly connections: Pick<Connections, 'ofAccount'>;
  readonly credentials: Pick<CredentialsStore, 'read'>;
  readonly engine: Pick<ConnectionEngine, 'tokenRejected'>;
}): AskOrg {
  const { connections, credentials, engine } = dependencies;
  return async (accountId, ask) => {
    const connection = await connections.ofAccount(accountId);
    const current = connection && isActive(connection.state) ? await credentials.read(connection.orgId) : undefined;
    if (!current) return { ok: false, cause: 'not-connected' };
    const { orgId, instanceUrl, accessToken, version } = current;
    const result = await ask({ orgId, instanceUrl, accessToken, version });
    if (result.ok) return { ok: true, value: result.value };
    if (result.failure.kind !== 'token') return { ok: false, cause: result.failure.cause };
    await engine.tokenRejected(orgId, version);
    return { ok: false, cause: 'not-connected' };
  };
}
