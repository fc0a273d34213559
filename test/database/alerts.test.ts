import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSealer } from '../../src/crypto/sealer.ts';
import { createAlertTargets } from '../../src/database/alert-targets.ts';
import { createAlerts } from '../../src/database/alerts.ts';
import { createAudit } from '../../src/database/audit.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { createConnections } from '../../src/database/connections.ts';
import { alertsDue } from '../../src/domain/alerts.ts';
import type { ConnectionRecord } from '../../src/domain/connection-outcomes.ts';
import type { Alert, AlertEngine, Alerts, AlertTargets } from '../../src/ports.ts';
import { recordConnection } from '../../src/use-cases/keep-connection.ts';
import { createConnectedAccount } from '../support/connected-account.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let test: TestDatabase;
let database: Database;
let alerts: Alerts;
let targets: AlertTargets;
const sealer = createSealer([{ id: 'test', key: randomBytes(32) }]);
const clock = { now: () => Date.now() };

beforeAll(async () => {
  test = await createTestDatabase();
  database = openDatabase(test.url);
  alerts = createAlerts(database.db);
  targets = createAlertTargets(database.db, sealer);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

const decide = (connectionId: string, alertId: string = randomUUID()): Promise<Alert | undefined> =>
  alerts.decide(
    alertId,
    { connectionId, topic: 'state' },
    (connection, memory) => alertsDue(connection, memory, clock.now()).find(({ topic }) => topic === 'state')?.event,
  );

describe('targets', () => {
  it('begin with the account’s own mail, which follows the account and stays', async () => {
    const { account } = await createConnectedAccount(database);
    const [own, ...others] = await targets.list(account.id);
    expect(own).toMatchObject({ kind: 'account-mail', address: account.email, enabled: true, isConfirmed: true });
    expect(others).toEqual([]);
    await database.db.execute(sql`update accounts set email = ${`new-${account.email}`} where id = ${account.id}`);
    expect(await targets.list(account.id)).toMatchObject([{ id: own?.id, address: `new-${account.email}` }]);
    expect(await targets.remove(account.id, own?.id ?? '')).toBe(false);
    expect(await targets.setEnabled(account.id, own?.id ?? '', false)).toBe(true);
    expect(await targets.setEnabled(account.id, own?.id ?? '', false)).toBe(false);
    expect(await targets.list(account.id)).toMatchObject([{ enabled: false }]);
  });

  it('are each there once, and belong to one account', async () => {
    const [{ account }, other] = await Promise.all([
      createConnectedAccount(database),
      createConnectedAccount(database),
    ]);
    const address = 'https://hooks.example/';
    const added = await targets.addWebhook({ accountId: account.id, address, secret: 'one' });
    expect(await targets.addWebhook({ accountId: account.id, address, secret: 'two' })).toBeUndefined();
    expect(await targets.addWebhook({ accountId: other.account.id, address, secret: 'three' })).toBeDefined();
    const id = added?.id ?? '';
    expect(await targets.find(other.account.id, id)).toBeUndefined();
    expect(await targets.remove(other.account.id, id)).toBe(false);
    expect(await targets.setEnabled(other.account.id, id, false)).toBe(false);
    expect(await targets.webhookSecret(id)).toBe('one');
    expect(await targets.remove(account.id, id)).toBe(true);
    expect(await targets.find(account.id, id)).toBeUndefined();
  });

  it('keep the secret of a webhook sealed, for that webhook alone', async () => {
    const { account } = await createConnectedAccount(database);
    const add = (name: string) =>
      targets.addWebhook({ accountId: account.id, address: `https://${name}.example/`, secret: `secret of ${name}` });
    const [first, second] = [await add('first'), await add('second')];
    const dump = JSON.stringify(await database.db.execute(sql`select * from alert_targets`));
    expect(dump).not.toContain('secret of');
    await database.db.execute(
      sql`update alert_targets set secret_sealed = (select secret_sealed from alert_targets where id = ${first?.id}) where id = ${second?.id}`,
    );
    await expect(targets.webhookSecret(second?.id ?? '')).rejects.toMatchObject({ code: 'STORED_SECRET_UNREADABLE' });
  });

  it('of mail wait for their owner, whose link works once', async () => {
    const { account } = await createConnectedAccount(database);
    const hash = randomUUID();
    await targets.addMail({ accountId: account.id, address: 'eve@example.com', confirmTokenHash: hash });
    expect(await targets.findUnconfirmed(hash)).toMatchObject({ address: 'eve@example.com', isConfirmed: false });
    expect(await targets.confirm('another')).toBeUndefined();
    expect(await targets.confirm(hash)).toMatchObject({ address: 'eve@example.com', isConfirmed: true });
    expect(await targets.confirm(hash)).toBeUndefined();
    expect(await targets.findUnconfirmed(hash)).toBeUndefined();
  });
});

describe('a decision', () => {
  it('tells a break and its repair once each', async () => {
    const { connectionId, account, orgId, setState } = await createConnectedAccount(database);
    expect(await decide(connectionId)).toBeUndefined();
    await setState('broken', 'user-inactive');
    expect(await decide(connectionId)).toMatchObject({
      event: 'connection.broken',
      accountId: account.id,
      timeZone: 'Europe/Berlin',
      connection: { orgId, orgName: 'ACME', state: 'broken', cause: 'user-inactive' },
    });
    expect(await decide(connectionId)).toBeUndefined();
    await setState('active');
    expect(await decide(connectionId)).toMatchObject({ event: 'connection.repaired' });
    expect(await decide(connectionId)).toBeUndefined();
  });

  it('is the same when it is asked for again', async () => {
    const { connectionId, setState } = await createConnectedAccount(database);
    await setState('broken', 'token-revoked');
    const alertId = randomUUID();
    const first = await decide(connectionId, alertId);
    await setState('active');
    expect(await decide(connectionId, alertId)).toEqual(first);
  });

  it('is made by one of many that decide at once', async () => {
    const { connectionId, setState } = await createConnectedAccount(database);
    await setState('broken', 'token-revoked');
    // Connected all at once, or they would decide one after the other.
    const many = Array.from({ length: 8 });
    await Promise.all(many.map(() => database.sql`select pg_sleep(0.1)`));
    const decided = await Promise.all(many.map(() => decide(connectionId)));
    expect(decided.filter((alert) => alert !== undefined)).toHaveLength(1);
  });
});

describe('a delivery', () => {
  it('is over when it succeeded, and when the target knows something newer', async () => {
    const { connectionId, account, setState } = await createConnectedAccount(database);
    const [target] = await targets.list(account.id);
    const targetId = target?.id ?? '';
    await setState('broken', 'token-revoked');
    const broken = (await decide(connectionId))?.id ?? '';
    await alerts.noteDelivery(broken, targetId, { failure: 'answered-500' });
    expect(await targets.list(account.id)).toMatchObject([{ lastDelivery: { failure: 'answered-500' } }]);
    expect(await alerts.deliveryOf(broken, targetId)).toBe('pending');
    await setState('active');
    const repaired = (await decide(connectionId))?.id ?? '';
    expect(await alerts.deliveryOf(broken, targetId)).toBe('pending');
    await alerts.noteDelivery(repaired, targetId, { failure: undefined });
    expect(await alerts.deliveryOf(repaired, targetId)).toBe('delivered');
    expect(await alerts.deliveryOf(broken, targetId)).toBe('overtaken');
    expect((await targets.list(account.id))[0]?.lastDelivery?.failure).toBeUndefined();
  });
});

describe('a row that is written', () => {
  const open = async () => {
    const connected = await createConnectedAccount(database);
    const { connectionId, orgId } = connected;
    const started: Parameters<AlertEngine['start']>[0][] = [];
    const ports = {
      connections: createConnections(database.db, sealer),
      audit: createAudit(database.db),
      logger: pino({ level: 'silent' }),
      alerts,
      alertEngine: { start: async (alert: (typeof started)[number]) => void started.push(alert) },
      clock,
    };
    const write = (row: Partial<ConnectionRecord['row']>, rest: Partial<ConnectionRecord> = {}) =>
      recordConnection(ports, {
        orgId,
        connectionId,
        version: 1,
        row: {
          state: 'active',
          sinceMs: 1_000,
          cause: null,
          causeDetail: {},
          lastCheckedAtMs: clock.now(),
          lastRefreshedAtMs: clock.now(),
          nextRefreshAtMs: null,
          apiUsage: null,
          disconnecting: false,
          observed: {},
          ...row,
        },
        timeline: [],
        ...rest,
      });
    return { ...connected, audit: ports.audit, connections: ports.connections, started, write };
  };

  it('has people told of what they do not know, also after a repair that nobody told of', async () => {
    const { connectionId, orgId, setState, started, write } = await open();
    await write({});
    expect(started).toEqual([]);
    await write({ state: 'broken', cause: 'token-revoked', sinceMs: 2_000 });
    await write({ state: 'broken', cause: 'token-revoked', sinceMs: 2_000 });
    const broken = {
      connectionId,
      orgId,
      topic: 'state',
      sinceMs: 2_000,
      occasion: 'broken-for-good-2000',
      patience: 'usual',
    };
    expect(started.splice(0)).toEqual([broken, broken]);
    await decide(connectionId);
    await write({ state: 'broken', cause: 'token-revoked', sinceMs: 2_000 });
    expect(started).toEqual([]);
    await setState('active');
    await write({ sinceMs: 3_000, apiUsage: { used: 90, max: 100 } });
    expect(started.map(({ occasion }) => occasion)).toEqual([
      'repaired-3000',
      `api-calls-high-${new Date().toISOString().slice(0, 10)}`,
    ]);
  });

  it('has a timeline that says once what happened once, however often it is written', async () => {
    const { account, audit, connections, write } = await open();
    const knownAtMs = clock.now();
    const record = (atMs: number) =>
      write(
        { state: 'degraded', cause: 'refresh-uncertain', apiUsage: { used: 90, max: 100 } },
        { knownAtMs: atMs, timeline: ['connection.degraded', 'connection.degraded'] },
      );
    // The worker dies between the timeline and the row.
    const dying = vi.spyOn(connections, 'update').mockRejectedValueOnce(new Error('killed'));
    await expect(record(knownAtMs)).rejects.toThrow('killed');
    await record(knownAtMs);
    await record(knownAtMs);
    expect(dying).toHaveBeenCalledTimes(3);
    const actions = async () => (await audit.list(account.id, 10)).map(({ action }) => action).sort();
    expect(await actions()).toEqual(['connection.degraded', 'connection.degraded', 'connection.warned']);
    await record(knownAtMs + 1);
    expect(await actions()).toHaveLength(5);
  });

  it('has people told without waiting of a connection that keeps breaking', async () => {
    const { brokeBefore, started, write } = await open();
    const patienceFor = async (sinceMs: number) => {
      await write({ state: 'broken', cause: 'login-hours', sinceMs });
      return started.at(-1)?.patience;
    };
    await brokeBefore(20);
    await brokeBefore(11);
    await brokeBefore(1);
    expect(await patienceFor(1_000)).toBe('usual');
    await brokeBefore(0);
    expect(await patienceFor(2_000)).toBe('none');
  });
});
