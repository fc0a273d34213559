import { beforeEach, describe, expect, it } from 'vitest';
import { demoRecords } from '../../../src/local/salesforce/data/index.ts';
import { including, like, testOrg, type TestOrg } from './data-support.ts';

let org: TestOrg;
beforeEach(() => {
  org = testOrg();
});

const base = '/services/data/v67.0';
const queryUrl = (soql: string) => `${base}/query?q=${encodeURIComponent(soql)}`;

describe('records', () => {
  it('creates with 201 and Location, changes with 204, deletes with 204, and then answers that it is deleted', async () => {
    const created = await org.call('POST', '/sobjects/Task', {
      Subject: 'Call',
      Status: 'Completed',
      TaskSubtype: 'Call',
      CallType: 'Inbound',
      CallDurationInSeconds: 42,
      CallObject: 'pbx-call-1',
      WhoId: demoRecords.direct.id,
      ActivityDate: '2026-07-15',
    });
    const { id } = created.body;
    expect(created.body).toEqual({ id: like(/^00T[0-9A-Za-z]{15}$/), success: true, errors: [] });
    expect(created).toMatchObject({ status: 201, headers: { location: `${base}/sobjects/Task/${id}` } });
    expect(await org.call('PATCH', `/sobjects/Task/${id}`, { CallDisposition: 'answered' })).toMatchObject({
      status: 204,
      body: undefined,
    });
    const { body } = await org.call(
      'GET',
      `/sobjects/Task/${id}?fields=Subject,IsClosed,CallDisposition,CreatedDate,OwnerId,Description`,
    );
    expect(body).toEqual({
      attributes: { type: 'Task', url: `${base}/sobjects/Task/${id}` },
      Subject: 'Call',
      IsClosed: true,
      CallDisposition: 'answered',
      CreatedDate: '2026-07-15T10:20:30.000+0000',
      OwnerId: org.org.users[0]?.id,
      Description: null,
    });
    expect(await org.call('DELETE', `/sobjects/Task/${id}`)).toMatchObject({ status: 204 });
    expect(await org.call('GET', `/sobjects/Task/${id}`)).toMatchObject({
      status: 404,
      body: [{ errorCode: 'ENTITY_IS_DELETED' }],
    });
    const all = await org.call(
      'GET',
      `/queryAll?q=${encodeURIComponent(`SELECT IsDeleted FROM Task WHERE Id = '${id}'`)}`,
    );
    expect(all.body).toMatchObject({ totalSize: 1, records: [{ IsDeleted: true }] });
    expect(org.changes.count).toBeGreaterThanOrEqual(3);
  });

  it.each<[object: string, body: object, status: number, error: object]>([
    [
      'Contact',
      {},
      400,
      { errorCode: 'REQUIRED_FIELD_MISSING', message: 'Required fields are missing: [LastName]', fields: ['LastName'] },
    ],
    [
      'Contact',
      { LastName: 'x', Foo: 1 },
      400,
      { errorCode: 'INVALID_FIELD', message: `No such column 'Foo' on sobject of type Contact` },
    ],
    ['Contact', { LastName: 'x', Name: 'y' }, 400, { errorCode: 'INVALID_FIELD_FOR_INSERT_UPDATE', fields: ['Name'] }],
    ['Contact', { LastName: 'x', DoNotCall: 'yes' }, 400, { errorCode: 'JSON_PARSER_ERROR' }],
    ['Contact', { LastName: 'x', Phone: '1'.repeat(41) }, 400, { errorCode: 'STRING_TOO_LONG', fields: ['Phone'] }],
    ['Contact', { LastName: 'x', Email: 'nonsense' }, 400, { errorCode: 'INVALID_EMAIL_ADDRESS', fields: ['Email'] }],
    [
      'Contact',
      { LastName: 'x', AccountId: '003A00000000001IAA' },
      400,
      {
        errorCode: 'MALFORMED_ID',
        message: 'Account ID: id value of incorrect type: 003A00000000001IAA',
        fields: ['AccountId'],
      },
    ],
    ['Contact', { LastName: 'x', AccountId: '001A0000009zzzzMAA' }, 400, { errorCode: 'MALFORMED_ID' }],
    ['Event', { CallObject: 'x' }, 400, { errorCode: 'INVALID_FIELD' }],
    [
      'Task',
      { WhoId: demoRecords.queueLead.id, WhatId: demoRecords.person.id },
      400,
      { errorCode: 'FIELD_INTEGRITY_EXCEPTION' },
    ],
    ['PackageLicense', { Status: 'Active' }, 400, { errorCode: 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY' }],
    ['Nope__c', {}, 404, { errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }],
  ])('refuses to create a %s from %o', async (object, body, status, error) => {
    const answer = await org.call('POST', `/sobjects/${object}`, body);
    expect(answer.body[0]).toMatchObject(error);
    expect(answer.status).toBe(status);
  });

  it('answers ids of the wrong kind as Salesforce does', async () => {
    expect(await org.call('GET', `/sobjects/Account/${demoRecords.direct.id}`)).toMatchObject({
      status: 400,
      body: [
        {
          errorCode: 'MALFORMED_ID',
          message: `Account ID: id value of incorrect type: ${demoRecords.direct.id}`,
          fields: ['Id'],
        },
      ],
    });
    expect(await org.call('GET', '/sobjects/Contact/003A00000zzzzzz')).toMatchObject({
      status: 404,
      body: [{ errorCode: 'NOT_FOUND' }],
    });
  });

  it('upserts by external id: 201, then 200; 300 with URLs when several match; 404 for a field that is none', async () => {
    const path = '/sobjects/Task/Call_Key__c/call-77';
    const first = await org.call('PATCH', path, { Subject: 'Call' });
    expect(first).toMatchObject({ status: 201, body: { success: true, created: true } });
    const second = await org.call('PATCH', path, { Subject: 'Call again' });
    expect(second).toMatchObject({ status: 200, body: { id: first.body.id, created: false } });
    expect((await org.call('GET', path)).body).toMatchObject({ Subject: 'Call again', Call_Key__c: 'call-77' });
    expect(await org.call('POST', '/sobjects/Task', { Call_Key__c: 'CALL-77' })).toMatchObject({
      status: 400,
      body: [{ errorCode: 'DUPLICATE_VALUE' }],
    });
    org.org.records.upsert('Task', [{ Call_Key__c: 'call-77' }]);
    const several = await org.call('PATCH', path, { Subject: 'Which?' });
    expect(several.status).toBe(300);
    expect(several.body).toHaveLength(2);
    expect(await org.call('GET', path)).toMatchObject({ status: 300, body: several.body });
    expect(await org.call('GET', '/sobjects/Task/Subject/x')).toMatchObject({
      status: 404,
      body: [{ message: 'Provided external ID field does not exist or is not accessible: Subject' }],
    });
  });

  it('keeps a person account and its contact equal', async () => {
    const { person } = demoRecords;
    await org.call('PATCH', `/sobjects/Account/${person.id}`, { PersonMobilePhone: '+49 176 04069098' });
    const { body } = await org.query(
      `SELECT Id, IsPersonAccount, Name FROM Contact WHERE MobilePhone = '+49 176 04069098'`,
    );
    expect(body.records).toMatchObject([{ Id: person.contactId, IsPersonAccount: true, Name: 'Petra Einzeln' }]);
  });
});

describe('paging', () => {
  it('answers batches by nextRecordsUrl, as large as the header asks, and refuses a foreign locator', async () => {
    const answer = await org.app.inject({
      url: queryUrl('SELECT Id FROM Contact ORDER BY Id'),
      headers: { 'sforce-query-options': 'batchSize=400' },
    });
    const ids: string[] = [];
    let page = answer.json<{ totalSize: number; done: boolean; nextRecordsUrl: string; records: { Id: string }[] }>();
    expect(page).toMatchObject({
      totalSize: 1_000,
      done: false,
      nextRecordsUrl: like(/^\/services\/data\/v67\.0\/query\/01g\w{15}-400$/),
    });
    const locator = page.nextRecordsUrl;
    for (;;) {
      ids.push(...page.records.map((record) => record.Id));
      if (page.done) break;
      page = (
        await org.app.inject({ url: page.nextRecordsUrl, headers: { 'sforce-query-options': 'batchSize=400' } })
      ).json();
    }
    expect(new Set(ids).size).toBe(1_000);
    org.as('user@acme.example');
    expect(await org.call('GET', locator)).toMatchObject({
      status: 400,
      body: [{ errorCode: 'INVALID_QUERY_LOCATOR' }],
    });
  });
});

describe('composite', () => {
  it('answers each part, also when one fails, and hands values on by reference', async () => {
    const { status, body } = await org.call('POST', '/composite', {
      allOrNone: false,
      compositeRequest: [
        {
          method: 'GET',
          referenceId: 'contact',
          url: queryUrl(`SELECT Id, AccountId FROM Contact WHERE Phone IN ('${demoRecords.direct.phone}')`),
        },
        { method: 'GET', referenceId: 'wrong', url: queryUrl('SELECT Foo FROM Lead') },
        {
          method: 'GET',
          referenceId: 'account',
          url: `${base}/sobjects/Account/@{contact.records[0].AccountId}?fields=Name`,
        },
        {
          method: 'POST',
          referenceId: 'task',
          url: `${base}/sobjects/Task`,
          body: { Subject: 'Call', WhoId: '@{contact.records[0].Id}' },
        },
      ],
    });
    expect(status).toBe(200);
    expect(body.compositeResponse).toMatchObject([
      { httpStatusCode: 200, referenceId: 'contact', httpHeaders: {}, body: { totalSize: 1 } },
      { httpStatusCode: 400, referenceId: 'wrong', body: [{ errorCode: 'INVALID_FIELD' }] },
      { httpStatusCode: 200, referenceId: 'account', body: { Name: 'Morgenrot & Abendroth KG' } },
      {
        httpStatusCode: 201,
        referenceId: 'task',
        body: { success: true },
        httpHeaders: { Location: like(/\/Task\/00T/) },
      },
    ]);
  });

  it('undoes what it created when a part fails and all or none is asked', async () => {
    const { body } = await org.call('POST', '/composite', {
      allOrNone: true,
      compositeRequest: [
        { method: 'POST', referenceId: 'one', url: `${base}/sobjects/Contact`, body: { LastName: 'Undone' } },
        { method: 'POST', referenceId: 'two', url: `${base}/sobjects/Contact`, body: {} },
      ],
    });
    expect(body.compositeResponse).toMatchObject([
      { httpStatusCode: 400, body: [{ errorCode: 'PROCESSING_HALTED' }] },
      { httpStatusCode: 400, body: [{ errorCode: 'REQUIRED_FIELD_MISSING' }] },
    ]);
    expect((await org.query(`SELECT COUNT() FROM Contact WHERE LastName = 'Undone'`)).body.totalSize).toBe(0);
  });

  it('undoes what it changed and deleted, in every list and search, when a part fails and all or none is asked', async () => {
    org.org.policies.searchIndexDelayMs = 0;
    const contact = `${base}/sobjects/Contact`;
    const { id: kept } = (await org.call('POST', contact, { LastName: 'Kept', Phone: '030 777000' })).body;
    const { id: changed } = (await org.call('POST', contact, { LastName: 'Before', Phone: '030 777111' })).body;
    const person = (await org.call('POST', `${base}/sobjects/Account`, { LastName: 'Person', PersonHomePhone: '1' }))
      .body.id;
    const everything = () => ['Account', 'Contact'].map((object) => org.org.records.list(object));
    const stored = () => JSON.stringify(org.org.records.snapshot()).split(/[{}]/).sort();
    const [all, keptData] = [everything(), stored()];
    const before = (await org.call('GET', `${contact}/${changed}`)).body;
    org.clock.nowMs += 60_000;
    const { body } = await org.call('POST', '/composite', {
      allOrNone: true,
      compositeRequest: [
        { method: 'PATCH', referenceId: 'a', url: `${contact}/${changed}`, body: { LastName: 'After', Phone: '1' } },
        { method: 'DELETE', referenceId: 'b', url: `${contact}/${kept}` },
        { method: 'PATCH', referenceId: 'c', url: `${base}/sobjects/Account/${person}`, body: { LastName: 'Other' } },
        { method: 'DELETE', referenceId: 'd', url: `${base}/sobjects/Account/${person}` },
        { method: 'POST', referenceId: 'e', url: contact, body: {} },
      ],
    });
    expect(body.compositeResponse.map(({ httpStatusCode }) => httpStatusCode)).toEqual([400, 400, 400, 400, 400]);
    expect((await org.call('GET', `${contact}/${changed}`)).body).toEqual(before);
    expect(everything()).toEqual(all);
    expect(stored()).toEqual(keptData);
    for (const [phone, id] of [
      ['030777000', kept],
      ['030777111', changed],
    ]) {
      const { searchRecords } = (await org.search(`FIND {${String(phone)}} IN PHONE FIELDS RETURNING Contact(Id)`))
        .body;
      expect(searchRecords.map(({ Id }) => Id)).toEqual([id]);
    }
    expect((await org.query(`SELECT COUNT() FROM Contact WHERE LastName IN ('After', 'Other')`)).body.totalSize).toBe(
      0,
    );
    expect((await org.query(`SELECT COUNT() FROM Contact WHERE LastName = 'Person'`)).body.totalSize).toBe(1);
  });

  it('refuses more than 25 parts, more than five queries, and SOSL', async () => {
    const part = (index: number, url: string) => ({ method: 'GET', referenceId: `r${index}`, url });
    const send = (count: number, url: string) =>
      org.call('POST', '/composite', {
        compositeRequest: Array.from({ length: count }, (_, index) => part(index, url)),
      });
    expect(await send(26, `${base}/sobjects/Contact/${demoRecords.direct.id}`)).toMatchObject({ status: 400 });
    expect(await send(6, queryUrl('SELECT Id FROM Lead LIMIT 1'))).toMatchObject({ status: 400 });
    expect(await send(5, queryUrl('SELECT Id FROM Lead LIMIT 1'))).toMatchObject({ status: 200 });
    expect((await send(1, `${base}/search?q=x`)).body.compositeResponse[0].httpStatusCode).toBe(400);
  });

  it('answers batches and many records at once', async () => {
    const batch = await org.call('POST', '/composite/batch', {
      batchRequests: [
        { method: 'GET', url: 'v67.0/limits' },
        { method: 'GET', url: 'v67.0/sobjects/Nope__c/describe' },
      ],
    });
    expect(batch.body).toMatchObject({ hasErrors: true, results: [{ statusCode: 200 }, { statusCode: 404 }] });
    const none = await org.call('POST', '/composite/sobjects', {
      allOrNone: true,
      records: [{ attributes: { type: 'Contact' }, LastName: 'Nobody' }, { attributes: { type: 'Contact' } }],
    });
    expect(none.body).toMatchObject([
      { success: false, errors: [{ statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK' }] },
      { success: false, errors: [{ statusCode: 'REQUIRED_FIELD_MISSING' }] },
    ]);
    expect((await org.query(`SELECT COUNT() FROM Contact WHERE LastName = 'Nobody'`)).body.totalSize).toBe(0);
    const many = await org.call('POST', '/composite/sobjects', {
      records: [{ attributes: { type: 'Contact' }, LastName: 'Many' }, { attributes: { type: 'Contact' } }],
    });
    expect(many.body).toMatchObject([
      { success: true, errors: [] },
      { success: false, errors: [{ statusCode: 'REQUIRED_FIELD_MISSING', fields: ['LastName'] }] },
    ]);
  });
});

describe('describe, plans and limits', () => {
  it('describes objects and fields, and answers 304 to who has read it already', async () => {
    const { body, headers } = await org.call('GET', '/sobjects/Contact/describe');
    const field = (name: string) => body.fields.find((each) => each.name === name);
    expect(field('Phone')).toMatchObject({
      label: 'Business Phone',
      type: 'phone',
      length: 40,
      nillable: true,
      filterable: true,
      sortable: true,
      custom: false,
    });
    expect(field('Support_Line__c')).toMatchObject({ type: 'phone', custom: true, updateable: true });
    expect(field('AccountId')).toMatchObject({
      type: 'reference',
      relationshipName: 'Account',
      referenceTo: ['Account'],
    });
    expect(field('LastName')).toMatchObject({ nillable: false, createable: true });
    const again = await org.app.inject({
      url: `${base}/sobjects/Contact/describe`,
      headers: { 'if-modified-since': String(headers['last-modified']) },
    });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    const account = await org.call('GET', '/sobjects/Account/describe');
    expect(account.body.fields.find((each) => each.name === 'Customer_Number__c')).toMatchObject({
      externalId: true,
      idLookup: true,
    });
    expect(account.body.childRelationships).toContainEqual(
      including({ childSObject: 'Contact', field: 'AccountId', relationshipName: 'Contacts' }),
    );
    const list = await org.call('GET', '/sobjects');
    expect(list.body.sobjects).toContainEqual(including({ name: 'Support_Contract__c', custom: true }));
  });

  it('says that a filter on a phone field scans and one on an id does not', async () => {
    const explain = async (soql: string) =>
      (await org.call('GET', `/query?explain=${encodeURIComponent(soql)}`)).body.plans[0];
    expect(await explain(`SELECT Id FROM Contact WHERE Phone = '1'`)).toMatchObject({
      leadingOperationType: 'TableScan',
      sobjectType: 'Contact',
    });
    expect(await explain(`SELECT Id FROM Contact WHERE Id = '${demoRecords.direct.id}'`)).toMatchObject({
      leadingOperationType: 'Index',
      cardinality: 1,
    });
  });

  it('answers the calls that are left', async () => {
    expect((await org.call('GET', '/limits')).body.DailyApiRequests).toEqual({ Max: 15_000, Remaining: 14_982 });
  });
});
