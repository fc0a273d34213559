import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { msToTs } from '@temporalio/common/lib/time.js';
import pino from 'pino';
import { expect } from 'vitest';
import { createAlertActivities } from '../../activities/alerts.ts';
import { createFailureInterceptor } from '../../activities/failure-interceptor.ts';
import { requestSigner } from '../../src/crypto/request-signer.ts';
import { createSealer } from '../../src/crypto/sealer.ts';
import { secretTokens } from '../../src/crypto/tokens.ts';
import { createAlertTargets } from '../../src/database/alert-targets.ts';
import { createAlerts } from '../../src/database/alerts.ts';
import { openDatabase } from '../../src/database/client.ts';
import type { AlertPatience, AlertTopic } from '../../src/domain/alerts.ts';
import { createSmtpMailer } from '../../src/mail/smtp.ts';
import { createAlertEngine } from '../../src/temporal/alert-engine.ts';
import { connectTemporal } from '../../src/temporal/client.ts';
import { runWorker } from '../../src/temporal/worker.ts';
import { createWebhookSender } from '../../src/webhooks/webhook-sender.ts';
import { createAlertPresenter } from '../../web/presenters/alerts.ts';
import { createTexts } from '../../web/texts.ts';
import type { AlertSummary } from '../../workflows/alert.ts';
import { alertWorkflowId, taskQueues } from '../../workflows/names.ts';
import { createConnectedAccount } from './connected-account.ts';
import { messagesTo, startInbox } from './inbox.ts';
import { createTestDatabase } from './postgres.ts';
import { createTestNamespace } from './temporal.ts';

/** The secret of every webhook here. */
export const hookSecret = 'secret of the hook';

export type AlertWorld = Awaited<ReturnType<typeof openAlertWorld>>;
type Connected = Awaited<ReturnType<typeof createConnectedAccount>>;

/** People who are told how connections stand: real workflows and database, mail that arrives, and a webhook that answers as a test likes. */
export async function openAlertWorld({ waitMs }: { readonly waitMs: number }) {
  const cleanup = new AsyncDisposableStack();
  const logger = pino({ level: 'silent' });
  const [testDatabase, namespace] = await Promise.all([createTestDatabase(), createTestNamespace()]);
  cleanup.defer(() => testDatabase.drop());
  const database = openDatabase(testDatabase.url);
  cleanup.defer(() => database.close());
  const inbox = await mkdtemp(join(tmpdir(), 'trunkline-test-'));
  cleanup.defer(() => rm(inbox, { recursive: true, force: true }));
  const smtp = await startInbox(inbox);
  cleanup.defer(() => smtp.close());

  /** What the webhook was sent, and what it answers next instead of 200. */
  const hooked: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
  const statuses: number[] = [];
  const hooks = createServer((request, response) => {
    void text(request).then((body) => {
      hooked.push({ path: request.url ?? '', headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(hooks, 'listening');
  cleanup.defer(() => void hooks.close());
  const hookUrl = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}`;

  const temporal = await connectTemporal(
    { TEMPORAL_ADDRESS: namespace.address, TEMPORAL_NAMESPACE: namespace.namespace },
    logger,
    AbortSignal.timeout(30_000),
  );
  cleanup.defer(() => temporal.connection.close());
  const webhooks = createWebhookSender({ allowPrivate: true });
  cleanup.defer(() => webhooks.close());
  const alerts = createAlerts(database.db);
  const targets = createAlertTargets(database.db, createSealer([{ id: 'test', key: randomBytes(32) }]));
  const engine = createAlertEngine(temporal.client, { waitMs });
  const worker = await runWorker(
    temporal,
    {
      taskQueue: taskQueues.connections,
      workflowBundle: namespace.workflowBundle,
      activities: createAlertActivities({
        alerts,
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

  const handle = ({ connectionId }: Pick<Connected, 'connectionId'>, occasion: string) =>
    temporal.client.workflow.getHandle(alertWorkflowId(connectionId, occasion));

  return {
    hookUrl,
    hooked,
    statuses,
    inbox,
    targets,

    /** An account with a webhook beside its own mail. */
    async connect(path = '/hook?team=phones') {
      const connected = await createConnectedAccount(database);
      const webhook = await targets.addWebhook({
        accountId: connected.account.id,
        address: hookUrl + path,
        secret: hookSecret,
      });
      if (!webhook) throw new Error('the webhook was not added');
      return { ...connected, webhook };
    },

    /** Has people told of how a connection stands. */
    tell: async (
      { connectionId, orgId, sinceMs }: Connected,
      occasion: string,
      topic: AlertTopic = 'state',
      patience: AlertPatience = 'usual',
    ) => engine.start({ connectionId, orgId, topic, sinceMs: await sinceMs(), occasion, patience }),
    resultOf: (connected: Pick<Connected, 'connectionId'>, occasion: string): Promise<AlertSummary> =>
      handle(connected, occasion).result() as Promise<AlertSummary>,
    history: (connected: Pick<Connected, 'connectionId'>, occasion: string) =>
      handle(connected, occasion).fetchHistory(),
    /** Waits until the webhook was sent something. */
    untilHooked: () => expect.poll(() => hooked.length, { timeout: 10_000 }).toBeGreaterThan(0),

    /** Deliveries that are under way have had their day. */
    async endDayOf({ connectionId }: Pick<Connected, 'connectionId'>, occasion: string): Promise<void> {
      await temporal.client.workflowService.updateActivityOptions({
        namespace: namespace.namespace,
        execution: { workflowId: alertWorkflowId(connectionId, occasion) },
        type: 'deliverAlert',
        activityOptions: { scheduleToCloseTimeout: msToTs('1 second') },
        updateMask: { paths: ['schedule_to_close_timeout'] },
      });
    },
    mailsTo: ({ account }: Pick<Connected, 'account'>) => messagesTo(inbox, account.email),

    close: () => cleanup.disposeAsync(),
  };
}
