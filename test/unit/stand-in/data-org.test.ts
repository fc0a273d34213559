import { describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { demoRecords } from '../../../src/local/salesforce/data/index.ts';
import { isId } from '../../../src/local/salesforce/ids.ts';
import { testOrg, testNow, type TestOrg } from './data-support.ts';

const digest = (org: TestOrg) =>
  createHash('sha256')
    .update(
      JSON.stringify(['User', 'Account', 'Contact', 'Lead', 'Case'].map((object) => org.org.records.list(object))),
    )
    .digest('hex');

const strings = (org: TestOrg, object: string, field: string) =>
  (org.org.records.list(object) ?? []).map((record) => record[field]).filter((value) => typeof value === 'string');

describe('the seed', () => {
  it('is the same each time, and another for each org', () => {
    expect(digest(testOrg())).toBe(digest(testOrg()));
    expect(digest(testOrg())).not.toBe(digest(testOrg({ which: 1 })));
  });

  it('has the promised records, each with a well-formed id', () => {
    const org = testOrg();
    const sizes = Object.fromEntries(
      ['Account', 'Contact', 'Lead', 'Case', 'User'].map((object) => [object, org.org.records.list(object)?.length]),
    );
    expect(sizes).toEqual({ Account: 201, Contact: 1_000, Lead: 200, Case: 100, User: 35 });
    for (const object of ['Account', 'Contact', 'Lead', 'Case', 'User', 'Group']) {
      const ids = org.org.records.list(object)?.map((record) => record.Id) ?? [];
      expect(ids.filter((id) => !isId(id))).toEqual([]);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it('holds every notation, numbers shared by several people, and owners of every kind', () => {
    const org = testOrg();
    const phones = ['Phone', 'MobilePhone'].flatMap((field) => strings(org, 'Contact', field));
    for (const notation of [
      /^\+49\d+$/,
      /^\+49 \d+ \d+$/,
      /^\+49 \(0\)\d+ \d+$/,
      /^0049 \d+ \d+$/,
      /^0\d+\/\d+$/,
      /^0\d+ \d+-0$/,
      / x12$/,
      / ext\. 7$/,
      /^\(\d{3}\) 555-01\d\d$/,
      /^\d{3}-555-01\d\d$/,
      /^\+1 \d{3}\.555\.01\d\d$/,
      /^\d{3}55501\d\d$/,
      /^00440\d+$/,
    ]) {
      expect(
        phones.some((phone) => notation.test(phone)),
        String(notation),
      ).toBe(true);
    }
    expect(phones.length - new Set(phones).size).toBeGreaterThan(50);
    expect(phones.every((phone) => phone.length <= 40)).toBe(true);
    expect(strings(org, 'Lead', 'OwnerId').some((id) => id.startsWith('00G'))).toBe(true);
    expect(strings(org, 'Case', 'OwnerId').some((id) => id.startsWith('00G'))).toBe(true);
    const users = org.org.records.list('User') ?? [];
    expect(users.filter((user) => user['Extension'] === null && user['IsActive'] === true).length).toBeGreaterThan(0);
    expect(users.filter((user) => user['IsActive'] === false).length).toBeGreaterThan(0);
  });

  it('has the well-known records as they are described', async () => {
    const org = testOrg();
    const owner = async (id: string) =>
      (await org.query(`SELECT Owner.Extension, Owner.IsActive FROM Contact WHERE Id = '${id}'`)).body.records[0].Owner;
    for (const each of [
      demoRecords.direct,
      demoRecords.otherNotation,
      demoRecords.customField,
      ...demoRecords.shared.people,
    ]) {
      expect(await owner(each.id)).toMatchObject({ Extension: each.ownerExtension, IsActive: true });
    }
    expect(await owner(demoRecords.ownerInactive.id)).toMatchObject({ IsActive: false });
    expect(await owner(demoRecords.noExtension.id)).toMatchObject({ Extension: null, IsActive: true });
    expect(await owner(demoRecords.person.contactId)).toMatchObject({ Extension: demoRecords.person.ownerExtension });
    const shared = await org.query(
      `SELECT Id FROM Contact WHERE Phone = '${demoRecords.shared.phone}' ORDER BY LastModifiedDate DESC`,
    );
    expect(shared.body.totalSize).toBe(3);
    expect(shared.body.records[0].Id).toBe(demoRecords.shared.winner);
    const unknown = await org.search('FIND {752543399} IN PHONE FIELDS');
    expect(unknown.body.searchRecords).toEqual([]);
  });

  it('grows to a million contacts that are found by number, name and id', async () => {
    const org = testOrg({ contacts: 1_000_000 });
    expect((await org.query('SELECT COUNT() FROM Contact')).body.totalSize).toBe(1_000_000);
    const { body } = await org.query(
      `SELECT Id, Name, Phone, Owner.Extension FROM Contact WHERE Phone IN ('+493023125000044', 'x')`,
    );
    expect(body.records.length).toBeGreaterThan(0);
    const [record] = body.records;
    expect((await org.query(`SELECT Phone FROM Contact WHERE Id = '${record.Id}'`)).body.records[0].Phone).toBe(
      record.Phone,
    );
    const digits = record.Phone.slice(3);
    const found = await org.search(`FIND {${digits}} IN PHONE FIELDS RETURNING Contact(Id)`);
    expect(found.body.searchRecords.map((each) => each.Id)).toEqual([record.Id]);
    await org.call('PATCH', `/sobjects/Contact/${record.Id}`, { Phone: '+14155550123' });
    expect((await org.query(`SELECT Id FROM Contact WHERE Phone = '${record.Phone}'`)).body.totalSize).toBe(0);
    expect(
      (await org.query(`SELECT Name FROM Contact WHERE Phone = '+14155550123' AND Id = '${record.Id}'`)).body.records[0]
        .Name,
    ).toBe(record.Name);
    expect(JSON.stringify(org.org.records.snapshot()).length).toBeLessThan(2_000);
  });
});

describe('what a restart keeps', () => {
  it('is created, changed and deleted records; ids go on', async () => {
    const before = testOrg();
    const created = await before.call('POST', '/sobjects/Contact', { LastName: 'Kept', Phone: '+14155550111' });
    await before.call('PATCH', `/sobjects/Contact/${demoRecords.direct.id}`, { Title: 'Changed' });
    await before.call('DELETE', `/sobjects/Lead/${demoRecords.queueLead.id}`);
    const after = testOrg({ snapshot: JSON.parse(JSON.stringify(before.org.records.snapshot())) as unknown });
    expect(digest(after)).toBe(digest(before));
    const next = await after.call('POST', '/sobjects/Contact', { LastName: 'Next' });
    expect(next.body.id).not.toBe(created.body.id);
    after.clock.nowMs = testNow + 120_000;
    expect((await after.search('FIND {Kept} RETURNING Contact(Id)')).body.searchRecords).toHaveLength(1);
  });

  it('refuses a state that it cannot read', () => {
    expect(() => testOrg({ snapshot: 'nonsense' })).toThrow('cannot be read');
  });
});

describe('rights', () => {
  const admin = '005A0000001aDm1';
  const rights = (user: string) =>
    `SELECT PermissionSet.IsOwnedByProfile, PermissionSet.Profile.Name FROM PermissionSetAssignment WHERE AssigneeId = '${user}' AND (PermissionSet.PermissionsModifyAllData = true OR PermissionSet.PermissionsCustomizeApplication = true)`;

  it('follow the users’ settings at once', async () => {
    const org = testOrg();
    const [user] = org.org.users;
    if (user === undefined) throw new Error('The org has no users');
    const size = async (soql: string) => (await org.query(soql)).body.totalSize;
    const licence = `SELECT Id FROM UserPackageLicense WHERE UserId = '${admin}' AND PackageLicense.NamespacePrefix = 'trunkline'`;
    expect([await size(rights(admin)), await size(licence)]).toEqual([1, 1]);
    user.permissions = ['ApiEnabled'];
    user.licences = ['Salesforce', 'Acd_Agent'];
    user.frozen = true;
    expect([await size(rights(admin)), await size(licence)]).toEqual([0, 0]);
    expect(
      (
        await org.query(
          `SELECT PermissionSetLicense.DeveloperName FROM PermissionSetLicenseAssign WHERE AssigneeId = '${admin}'`,
        )
      ).body.records[0].PermissionSetLicense,
    ).toMatchObject({ DeveloperName: 'Acd_Agent' });
    expect(
      (await org.query('SELECT PermissionsModifyAllData FROM UserPermissionAccess LIMIT 1')).body.records[0]
        .PermissionsModifyAllData,
    ).toBe(false);
    user.active = false;
    expect(
      (await org.query(`SELECT IsActive, Profile.UserLicense.LicenseDefinitionKey FROM User WHERE Id = '${admin}'`))
        .body.records[0],
    ).toMatchObject({
      IsActive: false,
      Profile: { UserLicense: { LicenseDefinitionKey: 'SFDC' } },
    });
  });

  it('hide UserLogin from those who may not manage users', async () => {
    const org = testOrg();
    expect((await org.query('SELECT IsFrozen FROM UserLogin WHERE IsFrozen = true')).body.totalSize).toBe(1);
    org.as('user@acme.example');
    expect((await org.query('SELECT IsFrozen FROM UserLogin')).body[0].errorCode).toBe('INVALID_TYPE');
  });

  it('need no assignment under a site licence, and tell the licence’s end', async () => {
    const org = testOrg();
    org.org.policies.packageLicense = {
      namespace: 'trunkline',
      status: 'Expired',
      allowed: -1,
      expiresOn: '2026-06-30',
    };
    expect((await org.query('SELECT Id FROM UserPackageLicense')).body.totalSize).toBe(0);
    expect(
      (await org.query(`SELECT Status, AllowedLicenses, ExpirationDate FROM PackageLicense`)).body.records[0],
    ).toMatchObject({
      Status: 'Expired',
      AllowedLicenses: -1,
      ExpirationDate: '2026-06-30T00:00:00.000+0000',
    });
  });

  it('show one’s own tokens, and everybody’s to an administrator', async () => {
    const token = {
      id: '0CQA0000000001AAAQ',
      appName: 'Trunkline',
      userId: '005A0000001aDm1IAE',
      useCount: 3,
      createdAtMs: testNow,
      lastUsedAtMs: testNow,
      deleteToken: 'x',
    };
    const org = testOrg({ tokens: [token] });
    expect((await org.query('SELECT AppName, UseCount FROM OauthToken')).body.records).toMatchObject([
      { AppName: 'Trunkline', UseCount: 3 },
    ]);
    org.as('user@acme.example');
    expect((await org.query('SELECT AppName FROM OauthToken')).body.totalSize).toBe(0);
  });

  it('answer access to records that are there', async () => {
    const { body } = await testOrg().query(
      `SELECT RecordId, HasReadAccess FROM UserRecordAccess WHERE UserId = '${admin}' AND RecordId IN ('${demoRecords.direct.id}', '003A00000zzzzzz')`,
    );
    expect(body.records).toMatchObject([{ RecordId: demoRecords.direct.id, HasReadAccess: true }]);
  });
});

describe('the control endpoint’s way', () => {
  it('arranges records with times of their own, recreates by id, and removes', () => {
    const { records } = testOrg().org;
    const [id = ''] =
      records.upsert('contact', [{ LastName: 'Arranged', LastModifiedDate: '2020-01-01T00:00:00.000+0000' }]) ?? [];
    expect(records.list('Contact')?.find((each) => each.Id === id)).toMatchObject({
      Name: 'Arranged',
      LastModifiedDate: '2020-01-01T00:00:00.000+0000',
    });
    expect(records.remove([id, id])).toBe(1);
    expect(records.upsert('Contact', [{ Id: id, LastName: 'Back' }])).toEqual([id]);
    expect(records.upsert('Nope', [])).toBeUndefined();
    expect(records.list('Nope')).toBeUndefined();
  });
});
