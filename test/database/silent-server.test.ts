import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createAccounts } from '../../src/database/accounts.ts';
import { guarded, guardedPatiently, openDatabase, type Database } from '../../src/database/client.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let way: Awaited<ReturnType<typeof openWay>>;
let database: Database;
/** Not by the way. */
let direct: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  way = await openWay(new URL(test.url));
  database = openDatabase(way.url, { maxConnections: 2 });
  direct = openDatabase(test.url, { maxConnections: 1 });
});
afterAll(async () => {
  way.thaw();
  await Promise.all([database.close(), direct.close()]);
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

describe('a server that hangs up without a word in the middle of a transaction', () => {
  it.each([
    ['a transaction', () => database.db.transaction((tx) => tx.execute(sql`select pg_sleep(60)`))],
    [
      'a transaction within one',
      () => database.db.transaction((tx) => tx.transaction((inner) => inner.execute(sql`select pg_sleep(60)`))),
    ],
  ])('has %s fail, and nothing else', async (_name, transact) => {
    await guarded(() => database.db.execute(sql`select 3`));
    const failed = expect(guarded(transact)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await vi.waitUntil(isAsleep);
    way.hangUp();
    await failed;
    // What the library would write to the connection, it writes in the next turn of the event loop.
    await nextTurn();
    for (let ask = 0; ask < 4; ask++) {
      await expect(guarded(() => database.db.execute(sql`select 3`))).resolves.toHaveLength(1);
    }
  });

  it('has a transaction that fails for another reason rolled back', async () => {
    const refused = database.db.transaction(async (tx) => {
      await tx.execute(sql`create table left_over (id int)`);
      await tx.execute(sql`select 1 / 0`);
    });
    await expect(refused).rejects.toThrow();
    await expect(database.db.execute(sql`select to_regclass('left_over') as it`)).resolves.toEqual([{ it: null }]);
  });

  const isAsleep = async () => {
    const rows =
      await direct.sql`select 1 from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'`;
    return rows.length > 0;
  };
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
    hangUp: () => {
      for (const [near, far] of pairs) {
        near.end();
        far.destroy();
      }
    },
    close: async () => {
      for (const pair of pairs) for (const end of pair) end.destroy();
      way.close();
      await once(way, 'close');
    },
  };
}
