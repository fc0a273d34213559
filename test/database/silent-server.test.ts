import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccounts } from '../../src/database/accounts.ts';
import { guarded, guardedPatiently, openDatabase, type Database } from '../../src/database/client.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let way: Awaited<ReturnType<typeof openWay>>;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  way = await openWay(new URL(test.url));
  database = openDatabase(way.url, { maxConnections: 2 });
});
afterAll(async () => {
  way.thaw();
  await database.close();
  await way.close();
  await test.drop();
});

describe('a database that takes what it is sent and says nothing', () => {
  it('is told as away within the limit, and answers again once it speaks', async () => {
    const ask = () => database.db.execute(sql`select 1`);
    await guarded(ask);
    way.freeze();
    const startedAtMs = performance.now();
    await expect(guarded(ask, 200)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(performance.now() - startedAtMs).toBeLessThan(1_200);
    way.thaw();
    await expect(guarded(ask)).resolves.toHaveLength(1);
  });

  it('keeps no page longer than five seconds', async () => {
    const accounts = createAccounts(database.db);
    await accounts.findById(randomUUID());
    way.freeze();
    const startedAtMs = performance.now();
    await expect(accounts.findById(randomUUID())).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(performance.now() - startedAtMs).toBeLessThan(6_000);
    way.thaw();
  }, 15_000);

  it('is waited for by what must not be left half known', async () => {
    way.freeze();
    const asked = guardedPatiently(() => database.db.execute(sql`select 2`));
    await expect(guarded(() => asked, 100)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    way.thaw();
    await expect(asked).resolves.toHaveLength(1);
  });
});

it('ends the transaction of a process that vanished, later than any statement', async () => {
  const [{ locks, patience } = { locks: 0, patience: 0 }] = await database.sql<{ locks: number; patience: number }[]>`
    select extract(epoch from current_setting('idle_in_transaction_session_timeout')::interval)::int as locks,
           extract(epoch from current_setting('statement_timeout')::interval)::int as patience`;
  expect(locks).toBeGreaterThan(patience);
  expect(locks).toBeLessThanOrEqual(2 * patience);
});

/** A way to the server on which everything can stand still, as before a stopped process or behind a dead router. */
async function openWay(server: URL) {
  const pairs = new Set<readonly [Socket, Socket]>();
  let isFrozen = false;
  const way: Server = createServer((near) => {
    const far = connect(Number(server.port), server.hostname);
    const pair = [near, far] as const;
    pairs.add(pair);
    near.pipe(far).pipe(near);
    for (const end of pair) {
      end.on('error', () => undefined);
      end.on('close', () => {
        pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
    if (isFrozen) far.cork();
  }).listen(0, '127.0.0.1');
  await once(way, 'listening');
  const url = new URL(server);
  url.port = String((way.address() as AddressInfo).port);
  return {
    url: url.href,
    freeze: () => {
      isFrozen = true;
      for (const [, far] of pairs) far.cork();
    },
    thaw: () => {
      isFrozen = false;
      for (const [, far] of pairs) far.uncork();
    },
    close: async () => {
      for (const pair of pairs) for (const end of pair) end.destroy();
      way.close();
      await once(way, 'close');
    },
  };
}
