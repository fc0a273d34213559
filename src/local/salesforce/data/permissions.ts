/** The permissions that PermissionSet, Profile and UserPermissionAccess have columns for. */
export const permissionNames: readonly string[] = [
  'ApiEnabled',
  'ModifyAllData',
  'ViewAllData',
  'CustomizeApplication',
  'ManageUsers',
  'ViewSetup',
  'AuthorApex',
  'ApproveUninstalledConnectedApps',
  'UseAnyApiClient',
  'ViewRoles',
];
