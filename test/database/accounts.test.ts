import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccounts } from '../../src/database/accounts.ts';
import { createAudit } from '../../src/database/audit.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { createOneTimeLinks } from '../../src/database/one-time-links.ts';
import { createSessions } from '../../src/database/sessions.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = openDatabase(test.url);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

const person = () => ({
  email: `${randomUUID()}@example.com`,
  passwordHash: 'hash',
  firstName: 'Ada',
  lastName: 'Example',
  company: undefined,
  timeZone: 'UTC',
});

describe('accounts', () => {
  it('finds a created account by e-mail and by id, unconfirmed until it is confirmed', async () => {
    const accounts = createAccounts(database.db);
    const created = await accounts.create(person());
    expect(created.confirmedAtMs).toBeUndefined();
    expect(await accounts.findByEmail(created.email)).toEqual(created);
    await accounts.confirm(created.id);
    expect((await accounts.findById(created.id))?.confirmedAtMs).toBeTypeOf('number');
  });

  it('refuses a second account with the same e-mail, naming no parameter', async () => {
    const accounts = createAccounts(database.db);
    const first = person();
    await accounts.create(first);
    await expect(accounts.create(first)).rejects.toMatchObject({ code: 'EMAIL_TAKEN' });
    await expect(accounts.create(first)).rejects.not.toThrow(first.email);
  });

  it('tells of a refused value without naming it, and not as if the database were away', async () => {
    const accounts = createAccounts(database.db);
    const failing = accounts.findById('not a uuid, but a secret');
    await expect(failing).rejects.toThrow('The database refused a value (22P02).');
    await expect(failing).rejects.not.toThrow('secret');
    await expect(failing).rejects.not.toHaveProperty('cause');
  });
});

describe('sessions', () => {
  it('finds a session until it expires or is removed', async () => {
    const { id } = await createAccounts(database.db).create(person());
    const sessions = createSessions(database.db);
    const expiresAtMs = Date.now() + 60_000;
    await sessions.create('live', id, expiresAtMs);
    await sessions.create('late', id, Date.now() - 1);
    expect(await sessions.find('live')).toEqual({ accountId: id, expiresAtMs });
    expect(await sessions.find('late')).toBeUndefined();
    await sessions.remove('live');
    expect(await sessions.find('live')).toBeUndefined();
  });
});

describe('one-time links', () => {
  it('works once, for its own purpose, and not after it expired', async () => {
    const { id } = await createAccounts(database.db).create(person());
    const links = createOneTimeLinks(database.db);
    await links.create({ tokenHash: 'a', purpose: 'confirm-email', accountId: id, expiresAtMs: Date.now() + 60_000 });
    await links.create({ tokenHash: 'b', purpose: 'confirm-email', accountId: id, expiresAtMs: Date.now() - 1 });
    const both = await Promise.all([links.use('a', 'confirm-email'), links.use('a', 'confirm-email')]);
    expect(both.filter((accountId) => accountId === id)).toHaveLength(1);
    expect(await links.use('b', 'confirm-email')).toBeUndefined();
  });
});

describe('audit', () => {
  it('lists the newest events of an account first', async () => {
    const accountId = randomUUID();
    const audit = createAudit(database.db);
    await audit.record({ accountId, actor: 'account', action: 'pbx.created', subject: '1' });
    await audit.record({ accountId, actor: 'system', action: 'pbx.changed', subject: '2', detail: { by: 'test' } });
    await audit.record({ accountId: randomUUID(), actor: 'account', action: 'pbx.created', subject: '3' });
    expect((await audit.list(accountId, 10)).map(({ action, detail }) => [action, detail])).toEqual([
      ['pbx.changed', { by: 'test' }],
      ['pbx.created', {}],
    ]);
  });
});
