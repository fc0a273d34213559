import { to18 } from './ids.ts';
import type { User } from './types.ts';

/** Who can sign in, and to which org. The password of all is `stand-in`. */
export interface OrgDefinition {
  readonly id: string;
  readonly name: string;
  readonly isSandbox: boolean;
  readonly instanceName: string;
  readonly users: () => readonly User[];
}

const administratorPermissions = [
  'ApiEnabled',
  'CustomizeApplication',
  'ManageUsers',
  'ModifyAllData',
  'ViewAllData',
  'ViewSetup',
];
const standardPermissions = ['ApiEnabled'];

/** A new object each time, because the control endpoint changes users and a reset brings these back. */
function person(
  id15: string,
  username: string,
  [firstName, lastName]: readonly [string, string],
  rest: Partial<User> & Pick<User, 'profileName' | 'licences' | 'permissions'>,
): User {
  return {
    id: to18(id15),
    username,
    password: 'stand-in',
    firstName,
    lastName,
    email: username,
    userType: 'Standard',
    extension: null,
    active: true,
    frozen: false,
    ...rest,
  };
}

const administrator = { profileName: 'System Administrator', permissions: administratorPermissions } as const;
const standard = { profileName: 'Standard User', permissions: standardPermissions } as const;
const licensed = ['Salesforce', 'trunkline'] as const;

export const orgDefinitions: readonly OrgDefinition[] = [
  {
    id: '00DA0000000BhM2MAK',
    name: 'ACME',
    isSandbox: false,
    instanceName: 'EU47',
    users: () => [
      person('005A0000001aDm1', 'admin@acme.example', ['Ada', 'Lindqvist'], {
        ...administrator,
        licences: licensed,
        extension: '200',
      }),
      person('005A0000001aDm2', 'admin-nolicence@acme.example', ['Nils', 'Ohlsen'], {
        ...administrator,
        licences: ['Salesforce'],
      }),
      person('005A0000001aDm3', 'user@acme.example', ['Uma', 'Sander'], { ...standard, licences: licensed }),
      person('005A0000001aDm4', 'frozen@acme.example', ['Frida', 'Frost'], {
        ...administrator,
        licences: licensed,
        frozen: true,
      }),
      person('005A0000001aDm5', 'inactive@acme.example', ['Ingo', 'Abel'], {
        ...administrator,
        licences: licensed,
        active: false,
      }),
    ],
  },
  {
    id: '00DB0000000CaT5MAK',
    name: 'Globex',
    isSandbox: false,
    instanceName: 'EU52',
    users: () => [
      person('005B0000001bDm1', 'admin@globex.example', ['Greta', 'Bloom'], {
        ...administrator,
        licences: licensed,
        extension: '500',
      }),
    ],
  },
];
