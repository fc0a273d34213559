import { beforeAll, describe, expect, it } from 'vitest';
import { demoRecords } from '../../../src/local/salesforce/data/index.ts';
import { including, like, testOrg, type TestOrg } from './data-support.ts';

let org: TestOrg;
beforeAll(() => {
  org = testOrg();
});

const names = async (sosl: string): Promise<string[]> => {
  const { status, body } = await org.search(sosl);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.searchRecords.map((record) => record.Name);
};

describe('FIND', () => {
  it.each<[find: string, expected: string[]]>([
    ['FIND {752543312} IN PHONE FIELDS', ['Ottokar Anderson-Abendroth']],
    ['FIND {752543319} IN PHONE FIELDS', ['Quentin Wartesaal']],
    ['FIND {4975253099803} IN PHONE FIELDS', ['Mina Morgenrot']],
    ['FIND {\\+4975253099803} IN PHONE FIELDS', ['Mina Morgenrot']],
    ['FIND {"\\(07525\\) 3099803"} IN PHONE FIELDS', []],
    ['FIND {75254331*} IN PHONE FIELDS RETURNING Lead(Name)', ['Quentin Wartesaal']],
    ['FIND {75254331?} IN PHONE FIELDS RETURNING Lead(Name)', ['Quentin Wartesaal']],
    ['FIND {752543312} IN NAME FIELDS', []],
    ['FIND {dreiklang} IN NAME FIELDS', ['Selma Dreiklang', 'Sixten Dreiklang', 'Sanna Dreiklang']],
    ['FIND {Dreikl* AND NOT Selma} IN NAME FIELDS', ['Sixten Dreiklang', 'Sanna Dreiklang']],
    [
      "FIND {Selma OR (Sixten Dreiklang)} IN NAME FIELDS RETURNING Contact(Name WHERE LastName = 'Dreiklang')",
      ['Selma Dreiklang', 'Sixten Dreiklang'],
    ],
    [
      "FIND {Dreiklang} RETURNING Contact(Name WHERE FirstName LIKE 'S%' ORDER BY LastModifiedDate DESC LIMIT 1)",
      ['Sixten Dreiklang'],
    ],
    ['FIND {Dreiklang} RETURNING Contact(Name ORDER BY Name) LIMIT 2', ['Sanna Dreiklang', 'Selma Dreiklang']],
    ['FIND {tochter} RETURNING Lead(Name)', ['Quentin Wartesaal']],
    ['FIND {752543312} IN PHONE FIELDS RETURNING Lead(Name), Account(Name)', []],
  ])('answers %s', async (find, expected) => {
    const sosl = find.includes('RETURNING') ? find : `${find} RETURNING Contact(Name), Lead(Name)`;
    expect(await names(sosl)).toEqual(expected);
  });

  it('answers records with their attributes and parents', async () => {
    const { body } = await org.search('FIND {752543312} IN PHONE FIELDS RETURNING Contact(Id, Owner.Extension)');
    expect(body.searchRecords).toEqual([
      {
        attributes: { type: 'Contact', url: `/services/data/v67.0/sobjects/Contact/${demoRecords.otherNotation.id}` },
        Id: demoRecords.otherNotation.id,
        Owner: including({ Extension: '202' }),
      },
    ]);
  });

  it.each<[sosl: string, errorCode: string, message: RegExp]>([
    ['FIND {x} RETURNING Contact', 'INVALID_SEARCH', /^search term must be longer than one character: x$/],
    ['FIND abc', 'MALFORMED_SEARCH', /^No search term found\. The search term must be enclosed in braces\.$/],
    ['FIND {a-b}', 'MALFORMED_SEARCH', /unexpected token: '-'/],
    ['FIND {+49 7525}', 'MALFORMED_SEARCH', /unexpected token: '\+'/],
    ['FIND {"555-0100"}', 'MALFORMED_SEARCH', /unexpected token: '-'/],
    ['FIND {*abc}', 'MALFORMED_SEARCH', /cannot begin with the wildcard/],
    ['FIND {abc} IN MOBILE FIELDS', 'MALFORMED_SEARCH', /unexpected token: 'MOBILE'/],
    ['FIND {abc} RETURNING Contact(Foo)', 'INVALID_FIELD', /No such column 'Foo' on entity 'Contact'/],
    ['FIND {abc} RETURNING Nope__c(Id)', 'INVALID_TYPE', /sObject type 'Nope__c' is not supported/],
  ])('refuses %s', async (sosl, errorCode, message) => {
    const { status, body } = await org.search(sosl);
    expect(body[0]).toMatchObject({ errorCode, message: like(message) });
    expect(status).toBe(400);
  });
});

describe('the search index', () => {
  it('finds a new record only after its delay, while a query finds it at once', async () => {
    const { body } = await org.call('POST', '/sobjects/Contact', { LastName: 'Latecomer', Phone: '(415) 555-0177' });
    const find = () => names("FIND {4155550177} IN PHONE FIELDS RETURNING Contact(Name WHERE LastName = 'Latecomer')");
    expect(
      (await org.query(`SELECT Id FROM Contact WHERE Phone = '(415) 555-0177' AND LastName = 'Latecomer'`)).body
        .totalSize,
    ).toBe(1);
    org.clock.nowMs += 59_000;
    expect(await find()).toEqual([]);
    org.clock.nowMs += 1_000;
    expect(await find()).toEqual(['Latecomer']);

    await org.call('PATCH', `/sobjects/Contact/${body.id}`, { Phone: '(415) 555-0176' });
    expect(await find()).toEqual(['Latecomer']);
    org.clock.nowMs += 60_000;
    expect(await find()).toEqual([]);
  });

  it('forgets a deleted record at once', async () => {
    const { body } = await org.call('POST', '/sobjects/Lead', { LastName: 'Vanisher', Company: 'X' });
    org.clock.nowMs += 60_000;
    const find = () => names('FIND {Vanisher} RETURNING Lead(Name)');
    expect(await find()).toEqual(['Vanisher']);
    await org.call('DELETE', `/sobjects/Lead/${body.id}`);
    expect(await find()).toEqual([]);
  });
});

describe('parameterizedSearch', () => {
  it('answers the same by POST and by GET, with characters that SOSL reserves', async () => {
    const posted = await org.call('POST', '/parameterizedSearch', {
      q: '+4975253099803',
      in: 'PHONE',
      fields: ['Id', 'Name'],
      sobjects: [{ name: 'Contact', fields: ['Name'], limit: 5, where: `LastName != 'x'` }, { name: 'Lead' }],
      overallLimit: 20,
    });
    expect(posted.body.searchRecords.map((record) => record.Name)).toEqual(['Mina Morgenrot']);
    const got = await org.call(
      'GET',
      '/parameterizedSearch?q=752543312&in=PHONE&sobject=Contact&Contact.fields=Id,Phone&Contact.limit=5',
    );
    expect(got.body.searchRecords).toMatchObject([{ Phone: demoRecords.otherNotation.phone }]);
  });
});
