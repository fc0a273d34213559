import { beforeAll, describe, expect, it } from 'vitest';
import { demoRecords } from '../../../src/local/salesforce/data/index.ts';
import { including, like, testOrg, type TestOrg } from './data-support.ts';

let org: TestOrg;
/** Contacts of an account of their own, so that counts do not hang on the seed. */
let accountId: string;

beforeAll(() => {
  org = testOrg();
  accountId = org.org.records.upsert('Account', [{ Name: 'Table of Cases' }])?.[0] ?? '';
  org.org.records.upsert(
    'Contact',
    [
      { LastName: 'Able', Phone: '(415) 555-0199', DoNotCall: true, Birthdate: '1990-05-04', Title: '100% sure' },
      { LastName: "O'Baker", FirstName: 'Ann', Phone: '+14155550199', Title: 'back\\slash' },
      { LastName: 'Charlie', Title: 'under_score', LastModifiedDate: '2026-07-14T23:59:59.000+0000' },
      { LastName: 'Delta', Phone: null, LastModifiedDate: '2026-07-15T00:00:00.000+0000', Email: 'D@x.example' },
    ].map((row) => ({ ...row, AccountId: accountId })),
  );
});

const lastNames = async (rest: string): Promise<string[]> => {
  const { body, status } = await org.query(`SELECT LastName FROM Contact WHERE AccountId = '${accountId}' AND ${rest}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.records.map((record) => record.LastName);
};

describe('WHERE', () => {
  it.each<[condition: string, expected: string[]]>([
    [`LastName = 'ABLE'`, ['Able']],
    [`LastName != 'able'`, ["O'Baker", 'Charlie', 'Delta']],
    [`LastName = 'O\\'Baker'`, ["O'Baker"]],
    [`LastName = 'O\\u0027Baker'`, ["O'Baker"]],
    [`Title = 'back\\\\slash'`, ["O'Baker"]],
    [`Phone = '(415) 555-0199'`, ['Able']],
    [`Phone = '4155550199'`, []],
    [`Phone IN ('+14155550199', '(415) 555-0199', 'x')`, ['Able', "O'Baker"]],
    [`Phone NOT IN ('+14155550199')`, ['Able', 'Charlie', 'Delta']],
    [`Phone = null`, ['Charlie', 'Delta']],
    [`Phone != null`, ['Able', "O'Baker"]],
    [`Phone IN (null, '+14155550199')`, ["O'Baker", 'Charlie', 'Delta']],
    [`DoNotCall = true`, ['Able']],
    [`DoNotCall = FALSE AND Phone = null`, ['Charlie', 'Delta']],
    [`Birthdate = 1990-05-04`, ['Able']],
    [`Birthdate < 1990-05-04`, []],
    [`Birthdate >= 1990-05-04`, ['Able']],
    [`LastName LIKE '%A%'`, ['Able', "O'Baker", 'Charlie', 'Delta']],
    [`LastName LIKE '_ble'`, ['Able']],
    [`LastName LIKE 'ble'`, []],
    [`Title LIKE '100\\% %'`, ['Able']],
    [`Title LIKE 'under\\_%'`, ['Charlie']],
    [`Title LIKE '%.%'`, []],
    [`Email = 'd@X.example'`, ['Delta']],
    [`(LastName = 'Able' OR LastName = 'Delta') AND Phone != null`, ['Able']],
    [`(NOT LastName LIKE 'A%') AND (NOT (Phone = null OR Title = 'x'))`, ["O'Baker"]],
    [`((LastName = 'Able' AND DoNotCall = true) OR (LastName = 'Delta'))`, ['Able', 'Delta']],
    [`Account.Name = 'table of cases' AND LastName > 'C'`, ["O'Baker", 'Charlie', 'Delta']],
    [`LastModifiedDate = TODAY AND Email != null`, ['Delta']],
    [`LastModifiedDate = YESTERDAY`, ['Charlie']],
    [`LastModifiedDate < TODAY`, ['Charlie']],
    [`LastModifiedDate = LAST_N_DAYS:1 AND LastName LIKE 'C%'`, ['Charlie']],
    [`LastModifiedDate >= 2026-07-15T02:00:00+02:00 AND Email != null`, ['Delta']],
    [`LastModifiedDate = THIS_MONTH AND LastName = 'Charlie'`, ['Charlie']],
    [`LastModifiedDate = LAST_MONTH`, []],
    [`AccountId IN (SELECT Id FROM Account WHERE Name = 'Table of Cases') AND LastName = 'Able'`, ['Able']],
    [`Id NOT IN (SELECT ContactId FROM Case) AND LastName = 'Able'`, ['Able']],
    [`Contact.LastName = 'Able'`, ['Able']],
  ])('finds the right rows for %s', async (condition, expected) => {
    expect((await lastNames(condition)).sort()).toEqual([...expected].sort());
  });

  it('compares ids of 15 and 18 characters alike, and minds their case', async () => {
    const id15 = demoRecords.direct.id.slice(0, 15);
    expect((await org.query(`SELECT Id FROM Contact WHERE Id = '${id15}'`)).body.records[0].Id).toBe(
      demoRecords.direct.id,
    );
    expect((await org.query(`SELECT Id FROM Contact WHERE Id = '${id15.toLowerCase()}'`)).body.totalSize).toBe(0);
  });
});

describe('SELECT', () => {
  it('answers parents as nested records and fields without a value as null', async () => {
    const { body } = await org.query(
      `SELECT Id, Name, Title, MobilePhone, Account.Name, Owner.Extension, Owner.Profile.Name FROM Contact WHERE Phone = '${demoRecords.direct.phone}'`,
    );
    const { direct } = demoRecords;
    expect(body).toEqual({
      totalSize: 1,
      done: true,
      records: [
        {
          attributes: { type: 'Contact', url: `/services/data/v67.0/sobjects/Contact/${direct.id}` },
          Id: direct.id,
          Name: 'Mina Morgenrot',
          Title: null,
          MobilePhone: null,
          Account: including({ Name: 'Morgenrot & Abendroth KG' }),
          Owner: including({
            Extension: direct.ownerExtension,
            Profile: including({ Name: 'Standard User' }),
          }),
        },
      ],
    });
  });

  it('answers a polymorphic owner by TYPEOF: a user, or what ELSE says, or null', async () => {
    const typeOf = async (where: string, otherwise: string) =>
      (
        await org.query(
          `SELECT TYPEOF Owner WHEN User THEN Extension, IsActive ${otherwise} END FROM Lead WHERE ${where}`,
        )
      ).body.records[0].Owner;
    const queue = `Phone = '${demoRecords.queueLead.phone}'`;
    expect(await typeOf(`Owner.Type = 'User' LIMIT 1`, '')).toMatchObject({
      attributes: { type: 'User' },
      IsActive: true,
    });
    expect(await typeOf(queue, '')).toBeNull();
    expect(await typeOf(queue, 'ELSE Name')).toMatchObject({ attributes: { type: 'Group' }, Name: 'Inbound Leads' });
    expect(await typeOf(queue, 'WHEN Group THEN Name')).toMatchObject({ attributes: { type: 'Group' } });
  });

  it('shows the fields that users and queues share without TYPEOF', async () => {
    const { body } = await org.query(
      `SELECT Owner.Name, Owner.Type FROM Lead WHERE Id = '${demoRecords.queueLead.id}'`,
    );
    expect(body.records[0].Owner).toMatchObject({ attributes: { type: 'Name' }, Name: 'Inbound Leads', Type: 'Queue' });
  });

  it('answers child sub-queries with their own order and limit, and null where there is none', async () => {
    const { body } = await org.query(
      `SELECT Name, (SELECT LastName FROM Contacts WHERE LastName != 'Able' ORDER BY LastName DESC LIMIT 2), (SELECT Id FROM Cases) FROM Account WHERE Id = '${accountId}'`,
    );
    expect(body.records[0].Contacts).toMatchObject({
      totalSize: 2,
      done: true,
      records: [{ LastName: "O'Baker" }, { LastName: 'Delta' }],
    });
    expect(body.records[0].Cases).toBeNull();
  });

  it('counts, groups and orders', async () => {
    expect((await org.query(`SELECT COUNT() FROM Contact WHERE AccountId = '${accountId}'`)).body).toEqual({
      totalSize: 4,
      done: true,
      records: [],
    });
    const { body } = await org.query(
      `SELECT DoNotCall, COUNT(Id), MAX(LastName) latest FROM Contact WHERE AccountId = '${accountId}' GROUP BY DoNotCall HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC`,
    );
    expect(body.records).toEqual([
      { attributes: { type: 'AggregateResult' }, DoNotCall: false, expr0: 3, latest: "O'Baker" },
    ]);
  });

  it('puts nulls first in either direction unless told otherwise', async () => {
    const titles = async (order: string) =>
      (
        await org.query(`SELECT Title FROM Contact WHERE AccountId = '${accountId}' ORDER BY Title ${order}`)
      ).body.records.map((record) => record.Title);
    expect(await titles('ASC')).toEqual([null, '100% sure', 'back\\slash', 'under_score']);
    expect(await titles('DESC')).toEqual([null, 'under_score', 'back\\slash', '100% sure']);
    expect(await titles('NULLS LAST LIMIT 2 OFFSET 1')).toEqual(['back\\slash', 'under_score']);
  });

  it('works out formulas: the phone of a case is its contact’s', async () => {
    const { body } = await org.query(
      `SELECT ContactPhone, Contact.Phone FROM Case WHERE Contact.Phone != null LIMIT 5`,
    );
    expect(body.records).toHaveLength(5);
    for (const record of body.records) expect(record.ContactPhone).toBe(record.Contact.Phone);
  });
});

describe('errors', () => {
  const at = (line: string, column: number, message: string) =>
    `\n${line}\n${' '.repeat(column - 1)}^\nERROR at Row:1:Column:${column}\n${message}`;
  const noColumn = (name: string, entity: string) =>
    `No such column '${name}' on entity '${entity}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`;

  it.each<[soql: string, errorCode: string, message: string]>([
    ['SELECT Id FORM Contact', 'MALFORMED_QUERY', at('SELECT Id FORM Contact', 11, `unexpected token: 'FORM'`)],
    ['SELECT Id FROM Contact WHERE', 'MALFORMED_QUERY', `unexpected token: '<EOF>'`],
    ['DELETE FROM Contact', 'MALFORMED_QUERY', at('DELETE FROM Contact', 1, `unexpected token: 'DELETE'`)],
    ['SELECT Id, Foo FROM Account', 'INVALID_FIELD', at('SELECT Id, Foo FROM Account', 12, noColumn('Foo', 'Account'))],
    [
      'SELECT Owner.Extension FROM Lead',
      'INVALID_FIELD',
      at('SELECT Owner.Extension FROM Lead', 8, noColumn('Extension', 'Name')),
    ],
    [
      'SELECT Owner.Extension FROM Case',
      'INVALID_FIELD',
      at('SELECT Owner.Extension FROM Case', 8, noColumn('Extension', 'Name')),
    ],
    [
      'SELECT CallObject FROM Event',
      'INVALID_FIELD',
      at('SELECT CallObject FROM Event', 8, noColumn('CallObject', 'Event')),
    ],
    [
      'SELECT Id FROM Nope__c',
      'INVALID_TYPE',
      at(
        'SELECT Id FROM Nope__c',
        16,
        `sObject type 'Nope__c' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.`,
      ),
    ],
    [
      'SELECT Boss.Name FROM Contact',
      'INVALID_FIELD',
      at(
        'SELECT Boss.Name FROM Contact',
        8,
        `Didn't understand relationship 'Boss' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
      ),
    ],
    [
      `SELECT Id FROM Contact WHERE Name = 'a\\-b'`,
      'MALFORMED_QUERY',
      `Invalid string literal 'a\\-b'. Illegal character sequence '\\-' in string literal.`,
    ],
    [
      `SELECT Id FROM Contact WHERE Name = 'a\\%b'`,
      'MALFORMED_QUERY',
      `Invalid string literal 'a\\%b'. Illegal character sequence '\\%' in string literal.`,
    ],
    [
      `SELECT Id FROM Contact WHERE Name = 'abc`,
      'MALFORMED_QUERY',
      `line 1:40 mismatched character '<EOF>' expecting '''`,
    ],
    [
      `SELECT Id FROM Contact WHERE Name = "abc"`,
      'MALFORMED_QUERY',
      `line 1:36 no viable alternative at character '"'`,
    ],
    [`SELECT Id FROM Contact WHERE Id = 'xx'`, 'INVALID_QUERY_FILTER_OPERATOR', 'invalid ID field: xx'],
    ['SELECT Id FROM Contact OFFSET 2001', 'NUMBER_OUTSIDE_VALID_RANGE', 'Maximum SOQL offset allowed is 2000'],
    [
      `SELECT Id FROM Contact WHERE DoNotCall = 'true'`,
      'INVALID_FIELD',
      at(
        `SELECT Id FROM Contact WHERE DoNotCall = 'true'`,
        30,
        `value of filter criterion for field 'DoNotCall' must be of type boolean and should not be enclosed in quotes`,
      ),
    ],
    [
      `SELECT Id FROM Contact WHERE Phone = 4155550199`,
      'INVALID_FIELD',
      at(
        `SELECT Id FROM Contact WHERE Phone = 4155550199`,
        30,
        `value of filter criterion for field 'Phone' must be of type string and should be enclosed in quotes`,
      ),
    ],
  ])('answers %s as Salesforce does', async (soql, errorCode, message) => {
    const { status, body } = await org.query(soql);
    expect(body).toEqual([{ errorCode, message }]);
    expect(status).toBe(400);
  });

  it.each<[soql: string, errorCode: string, message: RegExp]>([
    [
      `SELECT Id FROM Contact WHERE LastName = 'a' AND Phone = 'b' OR Phone = 'c'`,
      'MALFORMED_QUERY',
      /unexpected token: 'OR'$/,
    ],
    [`SELECT Id FROM Contact WHERE NOT LastName = 'a' AND Phone = 'b'`, 'MALFORMED_QUERY', /unexpected token: 'AND'$/],
    [`SELECT Id FROM Contact WHERE Id LIKE '003%'`, 'INVALID_QUERY_FILTER_OPERATOR', /invalid operator on id field$/],
    [
      `SELECT Id FROM Contact WHERE Description = 'x'`,
      'INVALID_FIELD',
      /field 'Description' can not be filtered in a query call$/,
    ],
    [
      'SELECT Id FROM Contact ORDER BY Description',
      'INVALID_FIELD',
      /field 'Description' can not be sorted in a query call$/,
    ],
    ['SELECT LastName, COUNT(Id) FROM Contact', 'MALFORMED_QUERY', /Field must be grouped or aggregated: LastName$/],
    ['SELECT LastName x FROM Contact', 'MALFORMED_QUERY', /only aggregate expressions use field aliasing$/],
    [
      'SELECT Name, (SELECT Id FROM Persons) FROM Account',
      'INVALID_TYPE',
      /Didn't understand relationship 'Persons' in FROM part/,
    ],
    ['SELECT FIELDS(ALL) FROM Contact', 'MALFORMED_QUERY', /must have a LIMIT of at most 200$/],
    [`SELECT Id FROM Contact WHERE Name = '${'x'.repeat(4_001)}'`, 'MALFORMED_QUERY', /longer than 4000 characters$/],
  ])('refuses %s', async (soql, errorCode, message) => {
    const { status, body } = await org.query(soql);
    expect(body[0]).toMatchObject({ errorCode, message: like(message) });
    expect(status).toBe(400);
  });

  it('counts rows and columns over several lines', async () => {
    const { body } = await org.query('SELECT Id,\n  Foo\nFROM Account');
    expect(body[0].message).toMatch(/^\n {2}Foo\n {2}\^\nERROR at Row:2:Column:3\n/);
  });

  it('remembers the shape of a query, not its values', async () => {
    const find = async (value: string) =>
      (await org.query(`SELECT LastName FROM Contact WHERE AccountId = '${accountId}' AND LastName = '${value}'`)).body
        .totalSize;
    expect([await find('Able'), await find('Nobody'), await find('Delta')]).toEqual([1, 0, 1]);
  });
});

it('answers a query with LIKE on a phone field late where the org is set so, alone and within a composite request, and no other', async () => {
  org.org.policies.phoneLikeLatencyMs = 300;
  const answered: string[] = [];
  const ask = async (name: string, where: string) => {
    const startedMs = performance.now();
    expect((await org.query(`SELECT Id FROM Contact WHERE ${where} LIMIT 1`)).status).toBe(200);
    answered.push(name);
    return performance.now() - startedMs;
  };
  const composite = async () => {
    const q = encodeURIComponent("SELECT Id FROM Lead WHERE Name = 'x' OR (NOT MobilePhone LIKE '0%')");
    const url = `/services/data/v67.0/query?q=${q}`;
    await org.call('POST', '/composite', { compositeRequest: [{ method: 'GET', url, referenceId: 'a' }] });
    answered.push('composite');
  };
  const [lateMs] = await Promise.all([
    ask('like', "Phone LIKE '%555%'"),
    composite(),
    ask('equal', "Phone = '5550100'"),
    ask('name', "Name LIKE 'A%'"),
  ]);
  org.org.policies.phoneLikeLatencyMs = 0;
  expect(answered.slice(0, 2).sort()).toEqual(['equal', 'name']);
  expect(answered.slice(2).sort()).toEqual(['composite', 'like']);
  expect(lateMs).toBeGreaterThanOrEqual(295);
});
