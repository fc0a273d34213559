import { createHash } from 'node:crypto';
import { to18 } from '../ids.ts';
import { userLicences, type Org, type User } from '../types.ts';
import { toDatetime } from './dates.ts';
import { permissionNames } from './permissions.ts';
import { sobjectNamed, type Value } from './schema.ts';
import type { Row } from './store.ts';

/**
 * The records that say who may do what, worked out from the org's users, tokens and policies. In Salesforce these are many objects that hang
 * together; here each user's settings are spread over them, so that the queries of a rights check find what the settings say.
 */
export type Rights = Readonly<Record<string, readonly Row[]>>;

type OrgFacts = Omit<Org, 'records'>;

const orgCreatedAt = toDatetime(Date.UTC(2019, 2, 4, 9, 30));

/** An id that is the same whenever it is made from the same words. */
function idFrom(object: string, ...words: readonly string[]): string {
  const digest = createHash('sha256').update(words.join('\n')).digest('hex').slice(0, 9);
  return to18(`${sobjectNamed(object).keyPrefix ?? '000'}A00${digest}`);
}

/** Whether somebody not known to the frame (an agent of the seed) has a right: those are standard users. */
const standardUser = { profileName: 'Standard User', licences: ['Salesforce'], permissions: ['ApiEnabled'] } as const;

type Standing = Pick<User, 'profileName' | 'licences' | 'permissions'>;

const userLicenceOf = (standing: Standing): string =>
  standing.licences.find((name) => Object.hasOwn(userLicences, name)) ?? 'Chatter Free';

/** Profiles are told apart by all that they carry, so that two users of one profile name can differ in rights. */
const profileIdOf = (standing: Standing): string =>
  idFrom('Profile', standing.profileName, userLicenceOf(standing), ...[...standing.permissions].sort());

export const standardProfileId = profileIdOf(standardUser);
export const profileIdOfUser = (user: User): string => profileIdOf(user);

const permissionColumns = (permissions: readonly string[]): Record<string, Value> =>
  Object.fromEntries(permissionNames.map((name) => [`Permissions${name}`, permissions.includes(name)]));

export function rightsOf(org: OrgFacts): Rights {
  const { packageLicense, permissionSetLicenses } = org.policies;
  const standings: readonly Standing[] = [...org.users, standardUser];
  const isPermissionSetLicence = (name: string) =>
    !Object.hasOwn(userLicences, name) && name !== packageLicense?.namespace;

  const profiles = new Map<string, Standing>(standings.map((standing) => [profileIdOf(standing), standing]));
  const permissionSetLicences = [...new Set(org.users.flatMap((user) => user.licences.filter(isPermissionSetLicence)))];
  const packageId = packageLicense === null ? '' : idFrom('PackageLicense', packageLicense.namespace);
  const packageUsers = org.users.filter(
    (user) => packageLicense !== null && user.licences.includes(packageLicense.namespace),
  );
  const permissionSetIdOf = (standing: Standing) => idFrom('PermissionSet', profileIdOf(standing));

  return {
    Organization: [
      {
        Id: org.id,
        Name: org.name,
        Country: 'DE',
        LanguageLocaleKey: 'en_US',
        OrganizationType: 'Enterprise Edition',
        InstanceName: org.instanceName,
        IsSandbox: org.isSandbox,
        CreatedDate: orgCreatedAt,
      },
    ],
    UserLicense: Object.entries(userLicences).map(([name, key]) => ({
      Id: idFrom('UserLicense', name),
      Name: name,
      MasterLabel: name,
      LicenseDefinitionKey: key,
      Status: 'Active',
      TotalLicenses: 100,
      UsedLicenses: org.users.filter((user) => user.active && userLicenceOf(user) === name).length,
    })),
    Profile: [...profiles].map(([id, standing]) => ({
      Id: id,
      Name: standing.profileName,
      UserType: 'Standard',
      UserLicenseId: idFrom('UserLicense', userLicenceOf(standing)),
      ...permissionColumns(standing.permissions),
    })),
    PermissionSet: [...profiles].map(([id, standing]) => ({
      Id: permissionSetIdOf(standing),
      Name: `X${id}`,
      Label: id,
      Type: 'Profile',
      IsOwnedByProfile: true,
      IsCustom: false,
      ProfileId: id,
      ...permissionColumns(standing.permissions),
    })),
    PermissionSetAssignment: org.users.map((user) => ({
      Id: idFrom('PermissionSetAssignment', user.id),
      AssigneeId: user.id,
      PermissionSetId: permissionSetIdOf(user),
      IsActive: true,
    })),
    PermissionSetLicense: permissionSetLicences.map((name) => ({
      Id: idFrom('PermissionSetLicense', name),
      DeveloperName: name,
      MasterLabel: name,
      Status: permissionSetLicenses[name]?.status ?? 'Active',
      ExpirationDate: permissionSetLicenses[name]?.expiresOn ?? null,
      TotalLicenses: 50,
      UsedLicenses: org.users.filter((user) => user.licences.includes(name)).length,
    })),
    PermissionSetLicenseAssign: org.users.flatMap((user) =>
      user.licences.filter(isPermissionSetLicence).map((name) => ({
        Id: idFrom('PermissionSetLicenseAssign', user.id, name),
        AssigneeId: user.id,
        PermissionSetLicenseId: idFrom('PermissionSetLicense', name),
      })),
    ),
    PackageLicense:
      packageLicense === null
        ? []
        : [
            {
              Id: packageId,
              NamespacePrefix: packageLicense.namespace,
              Status: packageLicense.status,
              IsProvisioned: true,
              AllowedLicenses: packageLicense.allowed,
              UsedLicenses: packageUsers.length,
              ExpirationDate:
                packageLicense.expiresOn === null ? null : `${packageLicense.expiresOn}T00:00:00.000+0000`,
              CreatedDate: orgCreatedAt,
              LastModifiedDate: orgCreatedAt,
              SystemModstamp: orgCreatedAt,
            },
          ],
    // A site licence (-1) needs no assignment, so that there are none.
    UserPackageLicense:
      packageLicense?.allowed === -1
        ? []
        : packageUsers.map((user) => ({
            Id: idFrom('UserPackageLicense', user.id),
            PackageLicenseId: packageId,
            UserId: user.id,
            CreatedDate: orgCreatedAt,
          })),
    UserLogin: org.users.map((user) => ({
      Id: idFrom('UserLogin', user.id),
      UserId: user.id,
      IsFrozen: user.frozen,
      IsPasswordLocked: false,
      LastModifiedDate: orgCreatedAt,
    })),
  };
}

/** The running user's effective permissions: one row. */
export const permissionAccessOf = (user: User): Row => ({
  Id: '000000000000000AAA',
  ...permissionColumns(user.permissions),
});

/** Refresh tokens: one's own, or everybody's for those who may customise the application. */
export const tokenRowsOf = (org: OrgFacts, user: User): readonly Row[] =>
  org
    .oauthTokens()
    .filter((token) => token.userId === user.id || user.permissions.includes('CustomizeApplication'))
    .map((token) => ({
      Id: token.id,
      AppName: token.appName,
      UserId: token.userId,
      UseCount: token.useCount,
      LastUsedDate: toDatetime(token.lastUsedAtMs),
      CreatedDate: toDatetime(token.createdAtMs),
      DeleteToken: token.deleteToken,
    }));

/** What a user may do with a record: everything here, once the record is there. */
export const recordAccess = (userId: string, recordId: string): Row => ({
  Id: `${userId}-${recordId}`,
  UserId: userId,
  RecordId: recordId,
  HasReadAccess: true,
  HasEditAccess: true,
  HasDeleteAccess: true,
  HasTransferAccess: true,
  HasAllAccess: true,
  MaxAccessLevel: 'All',
});
