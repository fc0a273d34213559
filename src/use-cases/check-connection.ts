import { setTimeout as sleep } from 'node:timers/promises';
import type { Cause, Observations, ReasonDetail } from '../domain/connection.ts';
import type { CheckOutcome, CheckRequest } from '../domain/connection-outcomes.ts';
import { missingOf, type AcdLicence } from '../domain/user-rights.ts';
import { AppError } from '../errors.ts';
import type {
  Credentials,
  CredentialsStore,
  SalesforceData,
  SalesforceFailure,
  SalesforceOAuth,
  SalesforceSession,
} from '../ports.ts';
import { observeUser } from './observe-user.ts';
import { readUser } from './read-user.ts';

/**
 * Makes a real call with the access token: the same kind of call that lookups make, so that it fails when they would. `rights` reads
 * user, permissions and licence too, and looks at what may break the connection; it takes its time only while that call is answered.
 * Beside it the token is introspected, to learn when it ends, and whether it was the token that was refused; what that says of a call
 * that worked does not count, because Salesforce calls some working tokens inactive.
 */
export async function checkConnection(
  ports: {
    credentials: Pick<CredentialsStore, 'read'>;
    data: Pick<SalesforceData, 'query' | 'queries'>;
    oauth: Pick<SalesforceOAuth, 'introspect' | 'isAppInstalled'>;
    licence: AcdLicence;
    /** For the call and for introspection, and for what `rights` reads. */
    limitsMs: { readonly session: number; readonly rights: number };
  },
  { orgId, version: expected, depth }: CheckRequest,
): Promise<CheckOutcome> {
  let current: Credentials | undefined;
  try {
    current = await ports.credentials.read(orgId);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'STORED_SECRET_UNREADABLE') throw error;
    return { kind: 'failed', version: expected, cause: 'stored-secret-unreadable', detail: {} };
  }
  if (!current) return { kind: 'no-credentials' };
  const { version } = current;
  const signal = AbortSignal.timeout(ports.limitsMs.session);
  const session: SalesforceSession = {
    orgId,
    instanceUrl: current.instanceUrl,
    accessToken: current.accessToken,
    version,
  };
  const [result, introspection] = await Promise.all([
    depth === 'rights' ? checkBoth(ports, session, current) : checkSession(ports, session, signal),
    ports.oauth.introspect(current, signal),
  ]);
  switch (result.kind) {
    case 'passed':
      return {
        kind: 'passed',
        version,
        expiresAtMs: (introspection.kind === 'answered' ? introspection.expiresAtMs : undefined) ?? null,
        apiUsage: result.apiUsage ?? null,
        observed: result.observed,
      };
    case 'missing':
      return { kind: 'failed', version, cause: result.cause, detail: result.detail };
    case 'failed': {
      const { kind, cause, answer } = result.failure;
      if (kind !== 'token') return { kind: 'failed', version, cause, detail: { answer } };
      const said = introspection.kind === 'answered' ? { isTokenActive: introspection.active } : {};
      return { kind: 'refused', version, cause, detail: { answer }, ...said };
    }
  }
}

type Checked =
  | {
      readonly kind: 'passed';
      readonly apiUsage: { readonly used: number; readonly max: number } | undefined;
      readonly observed: Observations;
    }
  | { readonly kind: 'missing'; readonly cause: Cause; readonly detail: ReasonDetail }
  | { readonly kind: 'failed'; readonly failure: SalesforceFailure };

async function checkSession(
  { data }: { data: Pick<SalesforceData, 'query'> },
  session: SalesforceSession,
  signal: AbortSignal,
): Promise<Checked> {
  const result = await data.query(session, 'SELECT Id FROM Organization LIMIT 1', signal);
  return result.ok
    ? { kind: 'passed', apiUsage: result.apiUsage, observed: {} }
    : { kind: 'failed', failure: result.failure };
}

/**
 * Whoever waits for the truth need not wait for all that is read where a simple call tells it. The call is repeated while the rest takes
 * its time: Salesforce may have stopped answering meanwhile.
 */
async function checkBoth(
  ports: Parameters<typeof checkRights>[0] & {
    readonly limitsMs: { readonly session: number; readonly rights: number };
  },
  session: SalesforceSession,
  credentials: Credentials,
): Promise<Checked> {
  const { limitsMs } = ports;
  const rest = new AbortController();
  const rights = checkRights(
    ports,
    session,
    credentials,
    AbortSignal.any([rest.signal, AbortSignal.timeout(limitsMs.rights)]),
  );
  const whole = rights.then((checked) => ({ isWhole: true, checked }));
  // An error of ours is thrown where it is waited for, which may be later.
  whole.catch(() => undefined);
  let simple = await checkSession(ports, session, AbortSignal.timeout(limitsMs.session));
  while (simple.kind === 'passed') {
    const over = new AbortController();
    try {
      const ended = await Promise.race([whole, checkAgain(over.signal)]);
      if (ended.isWhole) return ended.checked;
      simple = ended.checked;
    } finally {
      over.abort();
    }
  }
  rest.abort();
  await rights;
  return simple;

  async function checkAgain(over: AbortSignal): Promise<{ isWhole: false; checked: Checked }> {
    await sleep(limitsMs.session, undefined, { signal: over }).catch(() => undefined);
    const signal = AbortSignal.any([over, AbortSignal.timeout(limitsMs.session)]);
    return { isWhole: false, checked: await checkSession(ports, session, signal) };
  }
}

async function checkRights(
  ports: {
    data: Pick<SalesforceData, 'query' | 'queries'>;
    oauth: Pick<SalesforceOAuth, 'isAppInstalled'>;
    licence: AcdLicence;
  },
  session: SalesforceSession,
  { identityUrl, issuedAtMs }: Credentials,
  signal: AbortSignal,
): Promise<Checked> {
  const userId = identityUrl.slice(identityUrl.lastIndexOf('/') + 1);
  const { data, licence } = ports;
  const [read, observed] = await Promise.all([
    readUser(data, licence, session, userId, signal),
    observeUser(ports, session, { userId, issuedAtMs }, signal),
  ]);
  if (read.kind === 'failed') return read;
  const missing = missingOf(read.facts, licence);
  return missing ? { kind: 'missing', ...missing } : { kind: 'passed', apiUsage: read.apiUsage, observed };
}
