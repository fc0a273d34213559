import type { OrgId } from '../domain/ids.ts';
import type { Clock, CredentialsStore, SalesforceOAuth } from '../ports.ts';

/** Longer than introspection takes on a bad day; what takes longer is left to the check to judge. */
const limitMs = 1_000;
/** Rather a moment early than a whole heartbeat of the page late. */
const earlyMs = 250;
/** Whoever opens a page is not to read what was true some seconds ago. */
const openedEveryMs = 1_000;

/** Calls `tell` when the access token of a version has become doubtful, or is no longer, since the last look. */
export type LookAtToken = (
  orgId: OrgId,
  sinceNow: boolean,
  tell: (doubtful: { readonly version: number }) => Promise<void>,
) => Promise<void>;

/**
 * Looks at an access token by introspection, which spends no API call, at most every `everyMs` in this process, or every second where a
 * page has just begun to watch, and tells only of a change: that the token was found to be inactive, or that Salesforce cannot be asked
 * (or can again). The connection's workflow then finds out for itself, so that watching for hours leaves next to nothing in its history.
 * What could not be told is news again at the next look.
 */
export function createLookAtToken(ports: {
  credentials: Pick<CredentialsStore, 'read'>;
  oauth: Pick<SalesforceOAuth, 'introspect'>;
  clock: Clock;
  everyMs: number;
}): LookAtToken {
  const { credentials, oauth, clock, everyMs } = ports;
  const seen = new Map<OrgId, { lookedAtMs: number; found: string }>();
  return async (orgId, sinceNow, tell) => {
    const before = seen.get(orgId);
    const nowMs = clock.now();
    if (before && nowMs - before.lookedAtMs < (sinceNow ? openedEveryMs : everyMs - earlyMs)) return;
    // Noted first: other pages may ask while this one waits.
    seen.set(orgId, { lookedAtMs: nowMs, found: before?.found ?? '' });
    const current = await credentials.read(orgId);
    if (!current) {
      seen.delete(orgId);
      return;
    }
    const { version, issuedAtMs } = current;
    const introspection = await oauth.introspect(current, AbortSignal.timeout(limitMs));
    const status =
      introspection.kind === 'failed' ? introspection.cause : introspection.active ? 'working' : 'inactive';
    const found = `${version} ${issuedAtMs} ${status}`;
    // A first look that finds all well is no news; after trouble it is.
    const wasWorking = before === undefined || before.found === '' || before.found.endsWith(' working');
    if (found !== before?.found && !(status === 'working' && wasWorking)) await tell({ version });
    seen.set(orgId, { lookedAtMs: nowMs, found });
  };
}
