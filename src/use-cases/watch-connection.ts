import type { OrgId } from '../domain/ids.ts';
import type { Clock, CredentialsStore, SalesforceOAuth } from '../ports.ts';

const limitMs = 4_000;

/** The version whose access token has become doubtful since the last look; undefined when there is nothing new. */
export type LookAtToken = (orgId: OrgId) => Promise<{ readonly version: number } | undefined>;

/**
 * Looks at an access token by introspection, which spends no API call, at most every `everyMs` in this process, and tells only of a
 * change: that the token was found to be inactive, or that Salesforce cannot be asked (or can again). The connection's workflow then
 * finds out for itself, so that watching for hours leaves next to nothing in its history.
 */
export function createLookAtToken(ports: {
  credentials: Pick<CredentialsStore, 'read'>;
  oauth: Pick<SalesforceOAuth, 'introspect'>;
  clock: Clock;
  everyMs: number;
}): LookAtToken {
  const { credentials, oauth, clock, everyMs } = ports;
  const seen = new Map<OrgId, { lookedAtMs: number; found: string }>();
  return async (orgId) => {
    const before = seen.get(orgId);
    const nowMs = clock.now();
    if (before && nowMs - before.lookedAtMs < everyMs) return undefined;
    // Noted first: other pages may ask while this one waits.
    seen.set(orgId, { lookedAtMs: nowMs, found: before?.found ?? '' });
    const current = await credentials.read(orgId);
    if (!current) {
      seen.delete(orgId);
      return undefined;
    }
    const { version, issuedAtMs } = current;
    const introspection = await oauth.introspect(current, AbortSignal.timeout(limitMs));
    const status =
      introspection.kind === 'failed' ? introspection.cause : introspection.active ? 'working' : 'inactive';
    const found = `${version} ${issuedAtMs} ${status}`;
    seen.set(orgId, { lookedAtMs: nowMs, found });
    if (found === before?.found) return undefined;
    // A first look that finds all well is no news; after trouble it is.
    const wasWorking = before === undefined || before.found === '' || before.found.endsWith(' working');
    return status === 'working' && wasWorking ? undefined : { version };
  };
}
