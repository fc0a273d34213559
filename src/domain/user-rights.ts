import type { Cause, ReasonDetail } from './connection.ts';

/** What proves the ACD licence: a managed package's, or a permission-set licence. Either will do. */
export interface AcdLicence {
  readonly namespace: string | undefined;
  readonly permissionSetLicense: string | undefined;
}

/** What Salesforce says of a user. */
export interface UserFacts {
  readonly username: string;
  readonly isActive: boolean;
  readonly userType: string;
  /** `LicenseDefinitionKey` and `Name` of the profile's user licence. */
  readonly licenceKey: string;
  readonly licenceName: string;
  readonly modifiesAllData: boolean;
  readonly customizesApplication: boolean;
  /** Undefined where the user may not read it. */
  readonly isFrozen: boolean | undefined;
  /** The managed package's licence: given to this user, or a site licence in force. */
  readonly hasPackageLicence: boolean;
  readonly hasPermissionSetLicence: boolean;
}

/**
 * Why a user may not connect, the weightiest reason first; undefined when all is well. Rights are the effective permissions, never the
 * name of the profile, which is localised and copied freely.
 */
export function missingOf(user: UserFacts, licence: AcdLicence): { cause: Cause; detail: ReasonDetail } | undefined {
  const refuse = (cause: Cause, ...missing: string[]) => ({
    cause,
    detail: missing.length === 0 ? {} : { missing },
  });
  if (!user.isActive) return refuse('user-inactive');
  if (user.isFrozen === true) return refuse('user-frozen');
  if (user.userType !== 'Standard') return refuse('user-not-standard');
  if (user.licenceKey !== 'SFDC' && user.licenceName !== 'Salesforce') {
    return refuse('salesforce-licence-missing', 'Salesforce');
  }
  const permissions = [
    ...(user.modifiesAllData ? [] : ['Modify All Data']),
    ...(user.customizesApplication ? [] : ['Customize Application']),
  ];
  if (permissions.length > 0) return refuse('not-administrator', ...permissions);
  const hasLicence =
    (licence.namespace !== undefined && user.hasPackageLicence) ||
    (licence.permissionSetLicense !== undefined && user.hasPermissionSetLicence);
  if (!hasLicence) {
    const names = [licence.namespace, licence.permissionSetLicense].filter((name) => name !== undefined);
    return refuse('acd-licence-missing', ...names);
  }
  return undefined;
}
