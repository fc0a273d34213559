import { permissionNames } from './permissions.ts';
import type { Field, FieldType, SObject } from './schema.ts';

type Options = Partial<Omit<Field, 'name' | 'type'>>;

function field(name: string, type: FieldType, length: number, options: Options = {}): Field {
  return {
    name,
    type,
    length,
    label: name
      .replace(/__c$/, '')
      .replaceAll('_', ' ')
      .replace(/([a-z])([A-Z])/g, '$1 $2'),
    required: false,
    createable: true,
    updateable: true,
    filterable: true,
    externalId: false,
    custom: name.endsWith('__c'),
    nameField: false,
    indexed: type === 'phone' || type === 'email' || type === 'reference' || options.externalId === true,
    referenceTo: [],
    relationshipName: null,
    childRelationship: null,
    values: [],
    defaultValue: type === 'boolean' ? false : null,
    formula: null,
    ...options,
  };
}

const readOnly = { createable: false, updateable: false } as const;

const text = (name: string, length: number, options?: Options) => field(name, 'string', length, options);
const phone = (name: string, options?: Options) => field(name, 'phone', 40, options);
const email = (name: string, options?: Options) => field(name, 'email', 80, options);
const url = (name: string) => field(name, 'url', 255);
const longText = (name: string) => field(name, 'textarea', 32_000, { filterable: false });
const flag = (name: string, options?: Options) => field(name, 'boolean', 0, options);
const integer = (name: string, options?: Options) => field(name, 'int', 0, options);
const currency = (name: string) => field(name, 'currency', 0);
const date = (name: string, options?: Options) => field(name, 'date', 0, options);
const datetime = (name: string, options?: Options) => field(name, 'datetime', 0, options);
const picklist = (name: string, values: readonly string[], options?: Options) =>
  field(name, 'picklist', 255, { values, ...options });
const reference = (name: string, to: string | readonly string[], child: string | null, options?: Options) =>
  field(name, 'reference', 18, {
    referenceTo: typeof to === 'string' ? [to] : to,
    relationshipName: name.replace(/Id$/, '').replace(/__c$/, '__r'),
    childRelationship: child,
    label: `${name.replace(/Id$/, '').replace(/([a-z])([A-Z])/g, '$1 $2')} ID`,
    ...options,
  });
const address = (prefix: string) => [
  field(`${prefix}Street`, 'textarea', 255),
  text(`${prefix}City`, 40),
  text(`${prefix}State`, 80),
  text(`${prefix}PostalCode`, 20),
  text(`${prefix}Country`, 80),
];
const personName = () => [
  text('LastName', 80, { required: true, nameField: true }),
  text('FirstName', 40, { nameField: true }),
  picklist('Salutation', ['Mr.', 'Ms.', 'Mrs.', 'Dr.', 'Prof.']),
  text('Name', 121, { ...readOnly, nameField: true, indexed: true, label: 'Full Name' }),
];
const id = () => field('Id', 'id', 18, { ...readOnly, indexed: true });
/** The fields that the platform keeps by itself. */
const audit = () => [
  id(),
  flag('IsDeleted', readOnly),
  datetime('CreatedDate', readOnly),
  reference('CreatedById', 'User', null, readOnly),
  datetime('LastModifiedDate', readOnly),
  reference('LastModifiedById', 'User', null, readOnly),
  datetime('SystemModstamp', readOnly),
];
const owner = (to: string | readonly string[] = 'User') => reference('OwnerId', to, null);
const queueOrUser = ['Group', 'User'] as const;
const permissions = (names: readonly string[]) => names.map((name) => flag(`Permissions${name}`, readOnly));

function sobject(
  name: string,
  keyPrefix: string | null,
  fields: readonly Field[],
  options: Partial<Omit<SObject, 'name' | 'keyPrefix' | 'fields' | 'fieldsByName'>> = {},
): SObject {
  const label = options.label ?? name.replace(/__c$/, '').replaceAll('_', ' ');
  return {
    name,
    keyPrefix,
    label,
    labelPlural: `${label}s`,
    custom: name.endsWith('__c'),
    searchable: false,
    createable: true,
    updateable: true,
    deletable: true,
    derived: false,
    requires: null,
    nameField: fields.some((each) => each.name === 'Name') ? 'Name' : null,
    fields,
    fieldsByName: new Map(fields.map((each) => [each.name.toLowerCase(), each])),
    ...options,
  };
}

const fixed = { createable: false, updateable: false, deletable: false } as const;
const derived = { ...fixed, derived: true } as const;

const activityFields = () => [
  ...audit(),
  owner(queueOrUser),
  reference('WhoId', ['Contact', 'Lead'], null),
  reference('WhatId', ['Account', 'Case', 'Opportunity', 'Support_Contract__c'], null),
  reference('AccountId', 'Account', null, readOnly),
  text('Subject', 255),
  date('ActivityDate'),
  longText('Description'),
];

/** Every object, with its fields. */
export const definitions: readonly SObject[] = [
  sobject(
    'Account',
    '001',
    [
      ...audit(),
      owner(),
      text('Name', 255, { required: true, nameField: true, indexed: true, label: 'Account Name' }),
      reference('ParentId', 'Account', 'ChildAccounts'),
      reference('RecordTypeId', 'RecordType', null),
      picklist('Type', ['Prospect', 'Customer - Direct', 'Customer - Channel', 'Technology Partner', 'Other']),
      picklist('Industry', [
        'Agriculture',
        'Construction',
        'Electronics',
        'Energy',
        'Healthcare',
        'Retail',
        'Transportation',
      ]),
      text('AccountNumber', 40),
      phone('Phone', { label: 'Account Phone' }),
      phone('Fax', { label: 'Account Fax' }),
      url('Website'),
      currency('AnnualRevenue'),
      integer('NumberOfEmployees'),
      ...address('Billing'),
      longText('Description'),
      flag('IsPersonAccount', readOnly),
      reference('PersonContactId', 'Contact', null, readOnly),
      text('FirstName', 40, { nameField: true }),
      text('LastName', 80, { nameField: true }),
      picklist('Salutation', ['Mr.', 'Ms.', 'Mrs.', 'Dr.', 'Prof.']),
      phone('PersonMobilePhone', { label: 'Mobile' }),
      phone('PersonHomePhone', { label: 'Home Phone' }),
      phone('PersonOtherPhone', { label: 'Other Phone' }),
      phone('PersonAssistantPhone', { label: 'Assistant Phone' }),
      email('PersonEmail', { label: 'Email' }),
      text('Customer_Number__c', 20, { externalId: true, label: 'Customer Number' }),
    ],
    { searchable: true },
  ),
  sobject(
    'Contact',
    '003',
    [
      ...audit(),
      owner(),
      ...personName(),
      reference('AccountId', 'Account', 'Contacts'),
      reference('ReportsToId', 'Contact', null),
      text('Title', 128),
      text('Department', 80),
      phone('Phone', { label: 'Business Phone' }),
      phone('MobilePhone'),
      phone('HomePhone'),
      phone('OtherPhone'),
      phone('AssistantPhone'),
      phone('Fax', { label: 'Business Fax' }),
      email('Email'),
      ...address('Mailing'),
      date('Birthdate'),
      picklist('LeadSource', ['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Other']),
      flag('DoNotCall'),
      flag('IsPersonAccount', readOnly),
      longText('Description'),
      phone('Support_Line__c', { label: 'Support Line' }),
    ],
    { searchable: true },
  ),
  sobject(
    'Lead',
    '00Q',
    [
      ...audit(),
      owner(queueOrUser),
      ...personName(),
      text('Company', 255, { required: true }),
      text('Title', 128),
      phone('Phone'),
      phone('MobilePhone'),
      phone('Fax'),
      email('Email'),
      url('Website'),
      text('Street', 255),
      text('City', 40),
      text('State', 80),
      text('PostalCode', 20),
      text('Country', 80),
      picklist(
        'Status',
        ['Open - Not Contacted', 'Working - Contacted', 'Closed - Converted', 'Closed - Not Converted'],
        {
          defaultValue: 'Open - Not Contacted',
        },
      ),
      picklist('LeadSource', ['Web', 'Phone Inquiry', 'Partner Referral', 'Purchased List', 'Other']),
      picklist('Rating', ['Hot', 'Warm', 'Cold']),
      flag('DoNotCall'),
      flag('IsConverted', readOnly),
      date('ConvertedDate', readOnly),
      reference('ConvertedAccountId', 'Account', null, readOnly),
      reference('ConvertedContactId', 'Contact', null, readOnly),
      longText('Description'),
    ],
    { searchable: true },
  ),
  sobject(
    'Case',
    '500',
    [
      ...audit(),
      owner(queueOrUser),
      text('CaseNumber', 30, { ...readOnly, nameField: true, indexed: true }),
      reference('AccountId', 'Account', 'Cases'),
      reference('ContactId', 'Contact', 'Cases'),
      reference('ParentId', 'Case', 'Cases'),
      text('Subject', 255),
      picklist('Status', ['New', 'Working', 'Escalated', 'Closed'], { defaultValue: 'New' }),
      picklist('Priority', ['High', 'Medium', 'Low'], { defaultValue: 'Medium' }),
      picklist('Origin', ['Phone', 'Email', 'Web']),
      picklist('Type', ['Problem', 'Feature Request', 'Question']),
      flag('IsClosed', readOnly),
      datetime('ClosedDate', readOnly),
      text('SuppliedName', 80),
      email('SuppliedEmail'),
      phone('SuppliedPhone'),
      phone('ContactPhone', { ...readOnly, indexed: false, formula: ['ContactId', 'Phone'] }),
      phone('ContactMobile', { ...readOnly, indexed: false, formula: ['ContactId', 'MobilePhone'] }),
      email('ContactEmail', { ...readOnly, indexed: false, formula: ['ContactId', 'Email'] }),
      longText('Description'),
    ],
    { searchable: true, nameField: 'CaseNumber' },
  ),
  sobject(
    'Opportunity',
    '006',
    [
      ...audit(),
      owner(),
      text('Name', 120, { required: true, nameField: true, indexed: true }),
      reference('AccountId', 'Account', 'Opportunities'),
      picklist('StageName', ['Prospecting', 'Qualification', 'Negotiation', 'Closed Won', 'Closed Lost'], {
        required: true,
      }),
      date('CloseDate', { required: true }),
      currency('Amount'),
      field('Probability', 'double', 0),
      flag('IsClosed', readOnly),
      flag('IsWon', readOnly),
      longText('Description'),
    ],
    { searchable: true, labelPlural: 'Opportunities' },
  ),
  sobject('Task', '00T', [
    ...activityFields(),
    picklist('Status', ['Not Started', 'In Progress', 'Completed', 'Waiting on someone else', 'Deferred'], {
      defaultValue: 'Not Started',
    }),
    picklist('Priority', ['High', 'Normal', 'Low'], { defaultValue: 'Normal' }),
    picklist('TaskSubtype', ['Task', 'Email', 'ListEmail', 'Cadence', 'Call', 'LinkedIn'], {
      defaultValue: 'Task',
      updateable: false,
    }),
    picklist('CallType', ['Inbound', 'Outbound', 'Internal']),
    integer('CallDurationInSeconds'),
    text('CallObject', 255),
    text('CallDisposition', 255),
    flag('IsClosed', readOnly),
    datetime('CompletedDateTime', readOnly),
    text('Call_Key__c', 64, { externalId: true, label: 'Call Key' }),
  ]),
  sobject('Event', '00U', [
    ...activityFields(),
    datetime('StartDateTime'),
    datetime('EndDateTime'),
    datetime('ActivityDateTime'),
    integer('DurationInMinutes'),
    flag('IsAllDayEvent'),
    text('Location', 255),
    picklist('ShowAs', ['Busy', 'OutOfOffice', 'Free'], { defaultValue: 'Busy' }),
    text('Call_Key__c', 64, { externalId: true, label: 'Call Key' }),
  ]),
  sobject(
    'Support_Contract__c',
    'a00',
    [
      ...audit(),
      // The owner of a custom object may be a queue.
      owner(queueOrUser),
      text('Name', 80, { required: true, nameField: true, indexed: true, label: 'Support Contract Name' }),
      reference('Account__c', 'Account', 'Support_Contracts__r'),
      text('Contract_Number__c', 30, { externalId: true, label: 'Contract Number' }),
      phone('Hotline__c', { label: 'Hotline' }),
      reference('Agent__c', 'User', null),
    ],
    { searchable: true },
  ),
  sobject(
    'RecordType',
    '012',
    [
      id(),
      text('Name', 80, { nameField: true, indexed: true }),
      text('DeveloperName', 80),
      text('SobjectType', 40),
      flag('IsActive'),
      flag('IsPersonType'),
    ],
    fixed,
  ),
  sobject(
    'User',
    '005',
    [
      ...audit().filter((each) => each.name !== 'IsDeleted'),
      text('Username', 80, { required: true, indexed: true }),
      ...personName().filter((each) => each.name !== 'Salutation'),
      text('Alias', 8, { required: true }),
      text('CommunityNickname', 40),
      email('Email', { required: true }),
      text('Title', 80),
      text('Department', 80),
      text('CompanyName', 80),
      phone('Phone'),
      phone('MobilePhone'),
      text('Extension', 40, { indexed: true }),
      flag('IsActive', { defaultValue: true }),
      picklist(
        'UserType',
        ['Standard', 'PowerPartner', 'CSPLitePortal', 'CustomerSuccess', 'Guest', 'CsnOnly', 'AutomatedProcess'],
        readOnly,
      ),
      reference('ProfileId', 'Profile', 'Users', { createable: false, updateable: false }),
      reference('ManagerId', 'User', null),
      picklist('TimeZoneSidKey', ['Europe/Berlin', 'America/New_York'], { defaultValue: 'Europe/Berlin' }),
      picklist('LocaleSidKey', ['de_DE', 'en_US'], { defaultValue: 'de_DE' }),
      picklist('LanguageLocaleKey', ['de', 'en_US'], { defaultValue: 'en_US' }),
      text('FederationIdentifier', 512),
      datetime('LastLoginDate', readOnly),
    ],
    { searchable: true, createable: false, deletable: false },
  ),
  sobject('Group', '00G', [
    ...audit().filter((each) => each.name !== 'IsDeleted'),
    text('Name', 40, { required: true, nameField: true, indexed: true }),
    text('DeveloperName', 80),
    picklist('Type', ['Queue', 'Regular']),
    email('Email'),
  ]),
  sobject(
    'Organization',
    '00D',
    [
      id(),
      text('Name', 80),
      phone('Phone'),
      text('Country', 80),
      text('PrimaryContact', 80),
      text('LanguageLocaleKey', 40),
      text('OrganizationType', 40),
      text('InstanceName', 10),
      flag('IsSandbox'),
      text('NamespacePrefix', 15),
      datetime('TrialExpirationDate'),
      datetime('CreatedDate'),
    ],
    derived,
  ),
  sobject(
    'Profile',
    '00e',
    [
      id(),
      text('Name', 255, { nameField: true }),
      text('UserType', 40),
      reference('UserLicenseId', 'UserLicense', null),
      ...permissions(permissionNames),
    ],
    derived,
  ),
  sobject(
    'UserLicense',
    '100',
    [
      id(),
      text('Name', 40),
      text('MasterLabel', 40),
      text('LicenseDefinitionKey', 40),
      text('Status', 40),
      integer('TotalLicenses'),
      integer('UsedLicenses'),
    ],
    derived,
  ),
  sobject(
    'PermissionSet',
    '0PS',
    [
      id(),
      text('Name', 80),
      text('Label', 80),
      text('Type', 40),
      flag('IsOwnedByProfile'),
      flag('IsCustom'),
      reference('ProfileId', 'Profile', null),
      text('NamespacePrefix', 15),
      ...permissions(permissionNames),
    ],
    derived,
  ),
  sobject(
    'PermissionSetAssignment',
    '0Pa',
    [
      id(),
      reference('AssigneeId', 'User', 'PermissionSetAssignments'),
      reference('PermissionSetId', 'PermissionSet', 'Assignments'),
      flag('IsActive'),
    ],
    derived,
  ),
  sobject(
    'PermissionSetLicense',
    '0PL',
    [
      id(),
      text('DeveloperName', 80),
      text('MasterLabel', 80),
      text('Status', 40),
      integer('TotalLicenses'),
      integer('UsedLicenses'),
      date('ExpirationDate'),
    ],
    derived,
  ),
  sobject(
    'PermissionSetLicenseAssign',
    '2LA',
    [
      id(),
      reference('AssigneeId', 'User', 'PermissionSetLicenseAssignments'),
      reference('PermissionSetLicenseId', 'PermissionSetLicense', 'PermissionSetLicenseAssigns'),
    ],
    derived,
  ),
  sobject(
    'PackageLicense',
    '050',
    [
      id(),
      text('NamespacePrefix', 15),
      text('Status', 40),
      flag('IsProvisioned'),
      integer('AllowedLicenses'),
      integer('UsedLicenses'),
      datetime('ExpirationDate'),
      datetime('CreatedDate'),
      datetime('LastModifiedDate'),
      datetime('SystemModstamp'),
    ],
    derived,
  ),
  sobject(
    'UserPackageLicense',
    '051',
    [
      id(),
      reference('PackageLicenseId', 'PackageLicense', null),
      reference('UserId', 'User', null),
      datetime('CreatedDate'),
    ],
    derived,
  ),
  sobject('UserPermissionAccess', null, [id(), ...permissions(permissionNames)], derived),
  sobject(
    'UserLogin',
    '0Yw',
    [id(), reference('UserId', 'User', null), flag('IsFrozen'), flag('IsPasswordLocked'), datetime('LastModifiedDate')],
    { ...derived, requires: 'ManageUsers' },
  ),
  sobject(
    'UserRecordAccess',
    null,
    [
      id(),
      reference('UserId', 'User', null),
      reference('RecordId', ['Account', 'Contact', 'Lead', 'Case', 'Opportunity', 'Task', 'Event'], null),
      flag('HasReadAccess'),
      flag('HasEditAccess'),
      flag('HasDeleteAccess'),
      flag('HasTransferAccess'),
      flag('HasAllAccess'),
      text('MaxAccessLevel', 40),
    ],
    derived,
  ),
  sobject(
    'OauthToken',
    '0CQ',
    [
      id(),
      text('AppName', 80),
      reference('UserId', 'User', null),
      integer('UseCount'),
      datetime('LastUsedDate'),
      datetime('CreatedDate'),
      text('DeleteToken', 512),
    ],
    derived,
  ),
  /** What a polymorphic reference shows without TYPEOF: the fields that users, queues, contacts and leads have in common. */
  sobject(
    'Name',
    null,
    [
      id(),
      text('Name', 121),
      text('FirstName', 40),
      text('LastName', 80),
      text('Alias', 8),
      text('Type', 40),
      text('Title', 128),
      text('Username', 80),
      email('Email'),
      phone('Phone'),
      flag('IsActive'),
      reference('ProfileId', 'Profile', null),
    ],
    derived,
  ),
];
