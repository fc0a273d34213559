import { expect, it } from 'vitest';
import { missingOf, type UserFacts } from '../../../src/domain/user-rights.ts';

const administrator: UserFacts = {
  username: 'admin@acme.example',
  isActive: true,
  userType: 'Standard',
  licenceKey: 'SFDC',
  licenceName: 'Salesforce',
  modifiesAllData: true,
  customizesApplication: true,
  isFrozen: false,
  hasPackageLicence: true,
  hasPermissionSetLicence: false,
};
const byPackage = { namespace: 'trunkline', permissionSetLicense: undefined };

it.each([
  ['an administrator with the licence', {}, undefined],
  ['one whose frozen state cannot be read', { isFrozen: undefined }, undefined],
  ['a deactivated user', { isActive: false }, { cause: 'user-inactive', detail: {} }],
  ['a frozen user', { isFrozen: true }, { cause: 'user-frozen', detail: {} }],
  ['a portal user', { userType: 'PowerPartner' }, { cause: 'user-not-standard', detail: {} }],
  [
    'a platform user',
    { licenceKey: 'AUL', licenceName: 'Salesforce Platform' },
    { cause: 'salesforce-licence-missing', detail: { missing: ['Salesforce'] } },
  ],
  [
    'one who lacks a permission',
    { customizesApplication: false },
    { cause: 'not-administrator', detail: { missing: ['Customize Application'] } },
  ],
  [
    'one who lacks both permissions and the licence',
    { modifiesAllData: false, customizesApplication: false, hasPackageLicence: false },
    { cause: 'not-administrator', detail: { missing: ['Modify All Data', 'Customize Application'] } },
  ],
  [
    'one without the package’s licence',
    { hasPackageLicence: false, hasPermissionSetLicence: true },
    { cause: 'acd-licence-missing', detail: { missing: ['trunkline'] } },
  ],
] as const)('judges %s', (_name, changes, expected) => {
  expect(missingOf({ ...administrator, ...changes }, byPackage)).toEqual(expected);
});

it('takes either licence when both are configured', () => {
  const either = { namespace: 'trunkline', permissionSetLicense: 'TrunklineUser' };
  const without = { ...administrator, hasPackageLicence: false };
  expect(missingOf({ ...without, hasPermissionSetLicence: true }, either)).toBeUndefined();
  expect(missingOf(without, either)).toEqual({
    cause: 'acd-licence-missing',
    detail: { missing: ['trunkline', 'TrunklineUser'] },
  });
});
