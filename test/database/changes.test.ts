import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { notifyChange, openChangeFeed } from '../../src/database/changes.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import type { Change } from '../../src/ports.ts';
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

const change: Change = { kind: 'credentials', orgId: '00DA0000000BhM2MAK', version: 3 };
const tell = () => {
  const { channel, payload } = notifyChange(change);
  return database.sql`select pg_notify(${channel}, ${payload})`;
};

it('tells every subscriber of a change, and a former one no more', async () => {
  const feed = await openChangeFeed(database.sql);
  const heard: Change[] = [];
  const leave = feed.subscribe((one) => heard.push(one));
  await tell();
  await vi.waitFor(() => expect(heard).toEqual([change]));
  leave();
  const next = vi.fn();
  feed.subscribe(next);
  await tell();
  await vi.waitFor(() => expect(next).toHaveBeenCalledWith(change));
  expect(heard).toHaveLength(1);
  await feed.close();
});

it('asks to reload when the listening connection was lost, and hears changes again', async () => {
  const feed = await openChangeFeed(database.sql);
  const listener = vi.fn();
  const reload = vi.fn();
  feed.subscribe(listener, reload);
  await database.sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()`;
  await vi.waitFor(() => expect(reload).toHaveBeenCalledTimes(1), { timeout: 10_000 });
  await tell();
  await vi.waitFor(() => expect(listener).toHaveBeenCalledWith(change), { timeout: 5_000 });
  await feed.close();
});
