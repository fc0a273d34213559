import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAlertActivities } from '../../activities/alerts.ts';
import { createFailureInterceptor } from '../../activities/failure-interceptor.ts';
import { requestSigner } from '../../src/crypto/request-signer.ts';
import { createSealer } from '../../src/crypto/sealer.ts';
import { secretTokens } from '../../src/crypto/tokens.ts';
import { createAlertTargets } from '../../src/database/alert-targets.ts';
import { createAlerts } from '../../src/database/alerts.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { readSignature } from '../../src/domain/request-signature.ts';
import type { AlertEngine, AlertTargets } from '../../src/ports.ts';
import { createSmtpMailer } from '../../src/mail/smtp.ts';
import { createAlertEngine } from '../../src/temporal/alert-engine.ts';
import { connectTemporal, type TemporalConnection } from '../../src/temporal/client.ts';
import { runWorker } from '../../src/temporal/worker.ts';
import { createWebhookSender } from '../../src/webhooks/webhook-sender.ts';
import { createAlertPresenter } from '../../web/presenters/alerts.ts';
import { createTexts } from '../../web/texts.ts';
import type { AlertSummary } from '../../workflows/alert.ts';
import { alertWorkflowId, taskQueues } from '../../workflows/names.ts';
import { createConnectedAccount } from '../support/connected-account.ts';
import { messagesTo, startInbox } from '../support/inbox.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createTestNamespace } from '../support/temporal.ts';

const cleanup = new AsyncDisposableStack();
let database: Database;
let temporal: TemporalConnection;
let engine: AlertEngine;
let targets: AlertTargets;
let inbox: string;
let hookUrl: string;
let hooked: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
let statuses: number[] = [];

beforeAll(async () => {
  const logger = pino({ level: 'silent' });
  const [testDatabase, namespace] = await Promise.all([createTestDatabase(), createTestNamespace()]);
  cleanup.defer(() => testDatabase.drop());
  database = openDatabase(testDatabase.url);
  cleanup.defer(() => database.close());
  inbox = await mkdtemp(join(tmpdir(), 'trunkline-test-'));
  cleanup.defer(() => rm(inbox, { recursive: true, force: true }));
  const smtp = await startInbox(inbox);
  cleanup.defer(() => smtp.close());
  const hooks = createServer((request, response) => {
    void text(request).then((body) => {
      hooked.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(hooks, 'listening');
  cleanup.defer(() => void hooks.close());
  hookUrl = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}`;
  temporal = await connectTemporal(
    { TEMPORAL_ADDRESS: namespace.address, TEMPORAL_NAMESPACE: namespace.namespace },
    logger,
    AbortSignal.timeout(30_000),
  );
  cleanup.defer(() => temporal.connection.close());
  const webhooks = createWebhookSender({ allowPrivate: true });
  cleanup.defer(() => webhooks.close());
  targets = createAlertTargets(database.db, createSealer([{ id: 'test', key: randomBytes(32) }]));
  engine = createAlertEngine(temporal.client, { waitMs: 1_500 });
  const worker = await runWorker(
    temporal,
    {
      taskQueue: taskQueues.connections,
      workflowBundle: namespace.workflowBundle,
      activities: createAlertActivities({
        alerts: createAlerts(database.db),
        alertTargets: targets,
        mailer: createSmtpMailer({ url: smtp.url, from: 'Trunkline <trunkline@example.com>' }),
        webhooks,
        requestSigner,
        tokens: secretTokens,
        clock: { now: () => Date.now() },
        presentAlert: createAlertPresenter(createTexts(), 'https://trunkline.example').alert,
      }),
      interceptors: { activity: [() => ({ inbound: createFailureInterceptor(logger) })] },
    },
    logger,
    () => undefined,
  );
  cleanup.defer(() => worker.close());
});
afterAll(() => cleanup.disposeAsync());
beforeEach(() => {
  hooked = [];
  statuses = [];
});

type Connected = Awaited<ReturnType<typeof createConnectedAccount>>;
const tell = ({ connectionId, orgId }: Connected, occasion: string) =>
  engine.start({ connectionId, orgId, topic: 'state', occasion });
const resultOf = ({ connectionId }: Connected, occasion: string): Promise<AlertSummary> =>
  temporal.client.workflow.getHandle(alertWorkflowId(connectionId, occasion)).result() as Promise<AlertSummary>;
const mailsTo = ({ account }: Connected) => messagesTo(inbox, account.email);

/** With a webhook beside the account's own mail. */
async function connect(path = '/hook?team=phones') {
  const connected = await createConnectedAccount(database);
  const added = await targets.addWebhook({
    accountId: connected.account.id,
    address: hookUrl + path,
    secret: 'secret of the hook',
  });
  if (!added) throw new Error('the webhook was not added');
  return { ...connected, webhook: added };
}

describe('a break', () => {
  it('is told in the words of the page, by mail and by a signed webhook; so is its repair', async () => {
    const connected = await connect();
    await connected.setState('broken', 'user-inactive');
    await tell(connected, 'broken-1');
    expect(await resultOf(connected, 'broken-1')).toEqual({ event: 'connection.broken', targets: 2, delivered: 2 });
    const [mail] = await mailsTo(connected);
    expect(mail).toContain('Subject: Salesforce connection Inactive: The Salesforce user is deactivated');
    expect(mail).toContain(`ACME (${connected.orgId}) is Inactive since`);
    expect(mail).toContain('admin@acme.example is not active in Salesforce any more.');
    expect(mail).toContain('What to do: Activate the user again');
    expect(mail).toContain('https://trunkline.example/salesforce-connection');

    const [hook] = hooked;
    expect(hook?.path).toBe('/hook?team=phones');
    expect(JSON.parse(hook?.body ?? '')).toEqual({
      event: 'connection.broken',
      orgId: connected.orgId,
      state: 'broken',
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
      reason: 'user-inactive',
      explanation: expect.stringContaining('The Salesforce user is deactivated.') as unknown,
      nextStep: expect.stringContaining('Activate the user again') as unknown,
    });
    const reading = readSignature(hook?.headers ?? {});
    if (reading.kind !== 'signed') throw new Error(reading.kind);
    const request = { method: 'POST', path: '/hook?team=phones', body: hook?.body ?? '' };
    expect(requestSigner.isSignedWith(request, reading.signature, 'secret of the hook')).toBe(true);
    expect(requestSigner.isSignedWith(request, reading.signature, 'another secret')).toBe(false);

    await connected.setState('active');
    await tell(connected, 'repaired-2');
    expect(await resultOf(connected, 'repaired-2')).toMatchObject({ event: 'connection.repaired', delivered: 2 });
    expect((await mailsTo(connected)).some((each) => each.includes('Salesforce connection Active again'))).toBe(true);
    expect(JSON.parse(hooked[1]?.body ?? '')).toMatchObject({
      event: 'connection.repaired',
      state: 'active',
      reason: null,
      nextStep: null,
    });
  });

  it('that is over before it is told is not told', async () => {
    const connected = await connect();
    await connected.setState('broken', 'token-revoked');
    await tell(connected, 'broken-1');
    await connected.setState('active');
    expect(await resultOf(connected, 'broken-1')).toEqual({ event: null, targets: 0, delivered: 0 });
    expect(await mailsTo(connected)).toEqual([]);
    expect(hooked).toEqual([]);
  });

  it('that flaps is told once, as it stands last', async () => {
    const connected = await connect();
    const occasions: string[] = [];
    for (let flap = 0; flap < 5; flap += 1) {
      await connected.setState('broken', flap === 4 ? 'api-disabled' : 'token-revoked');
      occasions.push(`broken-${flap}`);
      await tell(connected, `broken-${flap}`);
      if (flap < 4) await connected.setState('active');
    }
    const results = await Promise.all(occasions.map((occasion) => resultOf(connected, occasion)));
    expect(results.filter(({ event }) => event !== null)).toEqual([
      { event: 'connection.broken', targets: 2, delivered: 2 },
    ]);
    expect(await mailsTo(connected)).toHaveLength(1);
    expect(hooked.map(({ body }) => (JSON.parse(body) as { reason: string }).reason)).toEqual(['api-disabled']);
  });

  it('that is heard of many times is told once', async () => {
    const connected = await connect();
    await connected.setState('broken', 'token-revoked');
    await Promise.all(Array.from({ length: 5 }, () => tell(connected, 'broken-1')));
    expect(await resultOf(connected, 'broken-1')).toMatchObject({ delivered: 2 });
    await tell(connected, 'broken-1');
    expect(await resultOf(connected, 'broken-1')).toMatchObject({ event: null });
    expect(await mailsTo(connected)).toHaveLength(1);
  });
});

describe('a target', () => {
  it('is told again and again until it takes the message, and does not keep others waiting', async () => {
    const connected = await connect();
    statuses = [503];
    await connected.setState('broken', 'token-revoked');
    await tell(connected, 'broken-1');
    await expect.poll(() => mailsTo(connected).then(({ length }) => length), { timeout: 10_000 }).toBe(1);
    expect(await resultOf(connected, 'broken-1')).toMatchObject({ targets: 2, delivered: 2 });
    expect(hooked).toHaveLength(2);
    const nonces = hooked.map(({ headers }) => headers['x-trunkline-nonce']);
    expect(new Set(nonces).size).toBe(2);
    expect(await mailsTo(connected)).toHaveLength(1);
  });

  it('that is switched off or not confirmed is not told', async () => {
    const connected = await connect();
    const accountId = connected.account.id;
    await targets.addMail({ accountId, address: 'stranger@example.com', confirmTokenHash: connected.connectionId });
    await targets.setEnabled(accountId, connected.webhook.id, false);
    await connected.setState('broken', 'token-revoked');
    await tell(connected, 'broken-1');
    expect(await resultOf(connected, 'broken-1')).toMatchObject({ targets: 1, delivered: 1 });
    expect(hooked).toEqual([]);
    expect(await messagesTo(inbox, 'stranger@example.com')).toEqual([]);
  });
});

it('tells an early warning once a day', async () => {
  const connected = await connect();
  await connected.setApiCalls(81, 100);
  const warn = async (occasion: string) => {
    const { connectionId, orgId } = connected;
    await engine.start({ connectionId, orgId, topic: 'api-calls-high', occasion });
    return resultOf(connected, occasion);
  };
  expect(await warn('day-1')).toMatchObject({ event: 'connection.warning', delivered: 2 });
  expect(await warn('day-2')).toMatchObject({ event: null });
  expect(JSON.parse(hooked[0]?.body ?? '')).toMatchObject({
    event: 'connection.warning',
    state: 'active',
    reason: 'api-calls-high',
  });
});

it('keeps names, addresses and secrets out of history', async () => {
  const connected = await connect('/hook?password=open-sesame');
  statuses = [500];
  await connected.setState('broken', 'user-inactive');
  await tell(connected, 'broken-1');
  await resultOf(connected, 'broken-1');
  const handle = temporal.client.workflow.getHandle(alertWorkflowId(connected.connectionId, 'broken-1'));
  const dump = decoded(await handle.fetchHistory());
  for (const secret of [connected.account.email, 'admin@acme.example', 'open-sesame', hookUrl, 'secret of the hook']) {
    expect(dump.includes(secret), secret).toBe(false);
  }
  expect(dump).toContain(connected.orgId);
});

/** A history as text, with its payloads, which stand in it encoded. */
const decoded = (history: unknown): string =>
  JSON.stringify(history).replace(/"data":"([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
    Buffer.from(data, 'base64').toString(),
  );
