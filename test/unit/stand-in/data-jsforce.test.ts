import type { AddressInfo } from 'node:net';
import jsforce from 'jsforce';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { demoRecords } from '../../../src/local/salesforce/data/index.ts';
import { testOrg, type TestOrg } from './data-support.ts';

let org: TestOrg;
let connection: InstanceType<typeof jsforce.Connection>;

beforeAll(async () => {
  org = testOrg();
  await org.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = org.app.server.address() as AddressInfo;
  connection = new jsforce.Connection({
    instanceUrl: `http://127.0.0.1:${port}`,
    accessToken: 'token',
    version: '67.0',
  });
});

afterAll(async () => {
  await org.app.close();
});

it('queries, pages and searches', async () => {
  const found = await connection.query(
    `SELECT Id, Owner.Extension FROM Contact WHERE Phone = '${demoRecords.direct.phone}'`,
  );
  expect(found.records).toMatchObject([{ Id: demoRecords.direct.id, Owner: { Extension: '201' } }]);
  const all = await connection.query('SELECT Id FROM Contact', {
    autoFetch: true,
    maxFetch: 5_000,
    headers: { 'Sforce-Query-Options': 'batchSize=300' },
  });
  expect(all.records).toHaveLength(1_000);
  const { searchRecords } = await connection.search('FIND {752543312} IN PHONE FIELDS RETURNING Contact(Id, Name)');
  expect(searchRecords).toMatchObject([{ Id: demoRecords.otherNotation.id }]);
});

it('creates, retrieves, changes, upserts and deletes', async () => {
  const contact = connection.sobject('Contact');
  const created = await contact.create({ LastName: 'Clientele' });
  const { id } = created as { id: string };
  await contact.update({ Id: id, Title: 'Tester' });
  expect(await contact.retrieve(id)).toMatchObject({ Name: 'Clientele', Title: 'Tester' });
  const many = await contact.create([{ LastName: 'One' }, { LastName: 'Two' }], { allOrNone: false });
  expect(many).toMatchObject([{ success: true }, { success: true }]);
  expect(await connection.sobject('Task').upsert({ Call_Key__c: 'k-1', Subject: 'Call' }, 'Call_Key__c')).toMatchObject(
    { success: true },
  );
  await contact.destroy(id);
  await expect(contact.retrieve(id)).rejects.toMatchObject({ errorCode: 'ENTITY_IS_DELETED' });
});

it('describes, and names errors as Salesforce does', async () => {
  const described = await connection.describe('Contact');
  expect(described.fields.find((field) => field.name === 'Phone')?.type).toBe('phone');
  expect((await connection.describeGlobal()).sobjects.length).toBeGreaterThan(20);
  await expect(connection.query('SELECT Foo FROM Contact')).rejects.toMatchObject({ errorCode: 'INVALID_FIELD' });
});
