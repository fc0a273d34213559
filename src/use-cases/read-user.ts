import type { AcdLicence, UserFacts } from '../domain/user-rights.ts';
import type {
  ConnectedUser,
  SalesforceData,
  SalesforceFailure,
  SalesforceRecord,
  SalesforceResult,
  SalesforceSession,
} from '../ports.ts';

export type ReadUserOutcome =
  | {
      readonly kind: 'read';
      readonly facts: UserFacts;
      readonly user: ConnectedUser;
      readonly apiUsage: { readonly used: number; readonly max: number } | undefined;
    }
  | { readonly kind: 'failed'; readonly failure: SalesforceFailure };

/**
 * Asks Salesforce who a user is and what the user may do (design section 5): two API calls, the first of which also proves that the
 * API can be used at all. A licence object that is not there or cannot be read counts as a licence that the user has not.
 */
export async function readUser(
  data: Pick<SalesforceData, 'query' | 'queries'>,
  licence: AcdLicence,
  session: SalesforceSession,
  userId: string,
  signal: AbortSignal,
): Promise<ReadUserOutcome> {
  const organization = await data.query(session, 'SELECT Name, IsSandbox FROM Organization LIMIT 1', signal);
  if (!organization.ok) return { kind: 'failed', failure: organization.failure };

  const { namespace, permissionSetLicense } = licence;
  const soql = {
    user: `SELECT Username, IsActive, UserType, Profile.UserLicense.Name, Profile.UserLicense.LicenseDefinitionKey FROM User WHERE Id = ${quoted(userId)}`,
    permissions: `SELECT PermissionSet.PermissionsModifyAllData, PermissionSet.PermissionsCustomizeApplication FROM PermissionSetAssignment WHERE AssigneeId = ${quoted(userId)} AND (PermissionSet.PermissionsModifyAllData = true OR PermissionSet.PermissionsCustomizeApplication = true)`,
    login: `SELECT IsFrozen FROM UserLogin WHERE UserId = ${quoted(userId)}`,
    ...(namespace === undefined
      ? {}
      : {
          packages: `SELECT Status, AllowedLicenses FROM PackageLicense WHERE NamespacePrefix = ${quoted(namespace)}`,
          userPackages: `SELECT Id FROM UserPackageLicense WHERE UserId = ${quoted(userId)} AND PackageLicense.NamespacePrefix = ${quoted(namespace)}`,
        }),
  };
  const names = Object.keys(soql);
  const answers = await data.queries(session, Object.values(soql), signal);
  if (!answers.ok) return { kind: 'failed', failure: answers.failure };
  const answer = (name: keyof typeof soql): SalesforceResult<readonly SalesforceRecord[]> | undefined =>
    answers.value[names.indexOf(name)];
  const rows = (name: keyof typeof soql): readonly SalesforceRecord[] => {
    const result = answer(name);
    return result?.ok === true ? result.value : [];
  };
  // Everybody can read their own row. What else Salesforce refuses to show is refused to those who lack the rights; trouble is trouble.
  for (const name of names as (keyof typeof soql)[]) {
    const result = answer(name);
    if (result?.ok === false && (name === 'user' || result.failure.cause !== 'request-refused')) {
      return { kind: 'failed', failure: result.failure };
    }
  }
  let hasPermissionSetLicence = false;
  if (permissionSetLicense !== undefined) {
    const assigned = await data.query(
      session,
      `SELECT PermissionSetLicense.Status FROM PermissionSetLicenseAssign WHERE AssigneeId = ${quoted(userId)} AND PermissionSetLicense.DeveloperName = ${quoted(permissionSetLicense)} LIMIT 1`,
      signal,
    );
    if (!assigned.ok && assigned.failure.cause !== 'request-refused')
      return { kind: 'failed', failure: assigned.failure };
    // One that has ended stays assigned.
    hasPermissionSetLicence =
      assigned.ok && assigned.value.some((each) => member(each, 'PermissionSetLicense')['Status'] !== 'Disabled');
  }

  const [row = {}] = rows('user');
  const [organizationRow = {}] = organization.value;
  const username = text(row['Username']);
  const licenceRow = member(member(row, 'Profile'), 'UserLicense');
  const permissions = rows('permissions').map((each) => member(each, 'PermissionSet'));
  const [login] = rows('login');
  const isInForce = (status: unknown) => status === 'Active' || status === 'Free' || status === 'Trial';
  const packages = rows('packages').filter((each) => isInForce(each['Status']));
  return {
    kind: 'read',
    facts: {
      username,
      isActive: row['IsActive'] === true,
      userType: text(row['UserType']),
      licenceKey: text(licenceRow['LicenseDefinitionKey']),
      licenceName: text(licenceRow['Name']),
      modifiesAllData: permissions.some((each) => each['PermissionsModifyAllData'] === true),
      customizesApplication: permissions.some((each) => each['PermissionsCustomizeApplication'] === true),
      isFrozen: typeof login?.['IsFrozen'] === 'boolean' ? login['IsFrozen'] : undefined,
      // A site licence (-1 allowed) is given to nobody in particular.
      hasPackageLicence:
        packages.some((each) => each['AllowedLicenses'] === -1) ||
        (packages.length > 0 && rows('userPackages').length > 0),
      hasPermissionSetLicence,
    },
    user: {
      userId,
      username,
      orgName: text(organizationRow['Name']) || undefined,
      isSandbox: organizationRow['IsSandbox'] === true,
    },
    apiUsage: answers.apiUsage ?? organization.apiUsage,
  };
}

/** A SOQL string. Ids and configured names only come here, yet a quote must not end it. */
export const quoted = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A parent of a record; without fields where there is none. */
export function member(record: SalesforceRecord, name: string): SalesforceRecord {
  const value = record[name];
  return typeof value === 'object' && value !== null ? (value as SalesforceRecord) : {};
}
