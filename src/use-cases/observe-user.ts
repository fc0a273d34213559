import type { Observations } from '../domain/connection.ts';
import { grantsOfOurApp } from '../domain/early-warnings.ts';
import type { AcdLicence } from '../domain/user-rights.ts';
import type { SalesforceData, SalesforceOAuth, SalesforceRecord, SalesforceSession } from '../ports.ts';
import { member, quoted } from './read-user.ts';

/**
 * Looks at what may end a connection before it does: one API call, and one that is not counted. What cannot be read is left out, since
 * trouble here is no trouble of the connection.
 */
export async function observeUser(
  { data, oauth, licence }: ObservingPorts,
  session: SalesforceSession,
  { userId, issuedAtMs }: { readonly userId: string; readonly issuedAtMs: number },
  signal: AbortSignal,
): Promise<Observations> {
  const { namespace, permissionSetLicense } = licence;
  const soql = [
    `SELECT AppName, LastUsedDate FROM OauthToken WHERE UserId = ${quoted(userId)}`,
    ...(namespace === undefined
      ? []
      : [`SELECT ExpirationDate FROM PackageLicense WHERE NamespacePrefix = ${quoted(namespace)}`]),
    ...(permissionSetLicense === undefined
      ? []
      : [
          `SELECT PermissionSetLicense.ExpirationDate FROM PermissionSetLicenseAssign WHERE AssigneeId = ${quoted(userId)} AND PermissionSetLicense.DeveloperName = ${quoted(permissionSetLicense)}`,
        ]),
  ];
  const [answers, appInstalled] = await Promise.all([
    data.queries(session, soql, signal),
    oauth.isAppInstalled(session, signal),
  ]);
  const [tokens, ...licences] = answers.ok ? answers.value : [];
  const grants = tokens?.ok ? grantsOfOurApp(tokens.value.map(toListedGrant), issuedAtMs) : undefined;
  return {
    ...(grants === undefined ? {} : { grants }),
    ...(appInstalled === undefined ? {} : { appInstalled }),
    ...endOf(licences.flatMap((result) => (result.ok ? result.value : []))),
  };
}

/** When the licence ends; of several the last one counts, since either will do. */
function endOf(licences: readonly SalesforceRecord[]): Pick<Observations, 'licenceEndsAtMs'> {
  if (licences.length === 0) return {};
  const ends = licences.map((each) =>
    momentOf(each['ExpirationDate'] ?? member(each, 'PermissionSetLicense')['ExpirationDate']),
  );
  return { licenceEndsAtMs: ends.includes(undefined) ? null : Math.max(...ends.map((end) => end ?? 0)) };
}

export interface ObservingPorts {
  readonly data: Pick<SalesforceData, 'queries'>;
  readonly oauth: Pick<SalesforceOAuth, 'isAppInstalled'>;
  readonly licence: AcdLicence;
}

const toListedGrant = (row: SalesforceRecord) => ({
  appName: typeof row['AppName'] === 'string' ? row['AppName'] : '',
  lastUsedAtMs: momentOf(row['LastUsedDate']) ?? 0,
});

function momentOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
