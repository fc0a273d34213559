import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSealer } from '../../src/crypto/sealer.ts';
import { createAccountTokens } from '../../src/database/account-tokens.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { createPackageKeys } from '../../src/database/package-keys.ts';
import { createRequestNonces } from '../../src/database/request-nonces.ts';
import { createConnectedAccount } from '../support/connected-account.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let database: Database;
/** As another process has it. */
let elsewhere: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = openDatabase(test.url);
  elsewhere = openDatabase(test.url);
});
afterAll(async () => {
  await database.close();
  await elsewhere.close();
  await test.drop();
});

describe('nonces', () => {
  it('are new once for a signer, in whatever process', async () => {
    const here = createRequestNonces(database.db);
    const there = createRequestNonces(elsewhere.db);
    const nonce = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? here : there).remember('one', nonce)),
    );
    expect(answers.filter((isNew) => isNew)).toHaveLength(1);
    expect(await here.remember('another', nonce)).toBe(true);
  });

  it('are forgotten after ten minutes, and the table with them', async () => {
    const nonces = createRequestNonces(database.db);
    const age = (nonce: string, minutes: string) =>
      database.db.execute(sql`update request_nonces set seen_at = now() - ${minutes}::interval where nonce = ${nonce}`);
    await nonces.remember('one', 'young-nonce');
    await nonces.remember('one', 'aged-nonce');
    await age('young-nonce', '9 minutes 50 seconds');
    await age('aged-nonce', '10 minutes 1 second');
    expect(await nonces.remember('one', 'young-nonce')).toBe(false);
    const left = await database.db.execute(sql`select nonce from request_nonces where nonce like '%-nonce'`);
    expect(left.map(({ nonce }) => nonce)).toEqual(['young-nonce']);
    expect(await nonces.remember('one', 'aged-nonce')).toBe(true);
  });
});

describe('the package’s key', () => {
  const sealer = createSealer([{ id: 'test', key: randomBytes(32) }]);

  it('is stored sealed, replaced by the next, and found by its org until that is disconnected', async () => {
    const keys = createPackageKeys(database.db, sealer);
    const { connectionId, orgId, setState } = await createConnectedAccount(database);
    expect(await keys.addedAtMs(connectionId)).toBeUndefined();
    expect(await keys.secretOfOrg(orgId)).toBeUndefined();
    await keys.put(connectionId, 'first secret');
    await keys.put(connectionId, 'second secret');
    expect(await keys.secretOfOrg(orgId)).toBe('second secret');
    expect(await keys.addedAtMs(connectionId)).toBeTypeOf('number');
    expect(JSON.stringify(await database.db.execute(sql`select * from package_keys`))).not.toContain('second');
    await setState('disconnected');
    expect(await keys.secretOfOrg(orgId)).toBeUndefined();
  });
});

describe('account tokens', () => {
  it('open their account until they are revoked or expire, and remember when they were used', async () => {
    const tokens = createAccountTokens(database.db);
    const [{ account }, other] = await Promise.all([
      createConnectedAccount(database),
      createConnectedAccount(database),
    ]);
    const make = (tokenHash: string, expiresAtMs: number | undefined) =>
      tokens.create({ accountId: account.id, name: tokenHash, tokenHash, expiresAtMs });
    const lasting = await make('lasting', undefined);
    await make('ending', Date.now() + 60_000);
    await make('ended', Date.now() - 1);
    expect(lasting.lastUsedAtMs).toBeUndefined();
    expect(await tokens.use('lasting')).toBe(account.id);
    expect(await tokens.use('ending')).toBe(account.id);
    expect(await tokens.use('ended')).toBeUndefined();
    expect(await tokens.use('unknown')).toBeUndefined();
    expect((await tokens.list(account.id)).map(({ name, lastUsedAtMs }) => [name, lastUsedAtMs !== undefined])).toEqual(
      [
        ['lasting', true],
        ['ending', true],
        ['ended', false],
      ],
    );
    expect(await tokens.revoke(other.account.id, lasting.id)).toBe(false);
    expect(await tokens.use('lasting')).toBe(account.id);
    expect(await tokens.revoke(account.id, lasting.id)).toBe(true);
    expect(await tokens.revoke(account.id, lasting.id)).toBe(false);
    expect(await tokens.use('lasting')).toBeUndefined();
  });
});
