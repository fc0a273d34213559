import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { expect } from 'vitest';
import { createAuthorizationActivities } from '../../activities/authorizations.ts';
import { createConnectionActivities } from '../../activities/connections.ts';
import { createCredentialsActivities } from '../../activities/credentials.ts';
import { createFailureInterceptor } from '../../activities/failure-interceptor.ts';
import { createSealer } from '../../src/crypto/sealer.ts';
import { secretTokens } from '../../src/crypto/tokens.ts';
import { createAlerts } from '../../src/database/alerts.ts';
import { createAccounts } from '../../src/database/accounts.ts';
import { createAudit } from '../../src/database/audit.ts';
import { createAuthorizations } from '../../src/database/authorizations.ts';
import { openDatabase } from '../../src/database/client.ts';
import { createConnections } from '../../src/database/connections.ts';
import { createCredentials } from '../../src/database/credentials.ts';
import { defaultIntervals, type ConnectionIntervals } from '../../src/domain/connection-life.ts';
import type { Connection } from '../../src/domain/connection.ts';
import { standInClientId, standInClientSecret, startStandIn } from '../../src/local/salesforce/server.ts';
import type { AlertEngine, RefreshLimits } from '../../src/ports.ts';
import { createSalesforceData } from '../../src/salesforce/data.ts';
import { createSalesforceHttp } from '../../src/salesforce/http.ts';
import { createSalesforceOAuth } from '../../src/salesforce/oauth.ts';
import { connectTemporal } from '../../src/temporal/client.ts';
import { createConnectionEngine } from '../../src/temporal/connection-engine.ts';
import { runWorker, takenOverSoon, type RunningWorker } from '../../src/temporal/worker.ts';
import { beginAuthorization } from '../../src/use-cases/begin-authorization.ts';
import { receiveAuthorizationCode } from '../../src/use-cases/receive-authorization-code.ts';
import { createLookAtToken } from '../../src/use-cases/watch-connection.ts';
import { connectionWorkflowId, taskQueues } from '../../workflows/names.ts';
import { createBrowser, decide, signIn } from '../unit/stand-in/oauth-browser.ts';
import { createTestDatabase } from './postgres.ts';
import { createTestNamespace } from './temporal.ts';

export const acme = '00DA0000000BhM2MAK';
export const globex = '00DB0000000CaT5MAK';
export const callback = 'http://localhost:3000/salesforce/callback';

/** Nothing by itself but what a test shortens: timers that fire in the middle of a test would make it say little. */
export const patientIntervals: ConnectionIntervals = {
  ...defaultIntervals,
  retryFirstMs: 100,
  retryMaxMs: 400,
  checkNowEveryMs: 0,
};

const clock = { now: () => Date.now() };

/** Everything between the callback and Salesforce for real: database, Temporal, worker and the stand-in. */
export async function openConnectionWorld(settings: { limits?: RefreshLimits } = {}) {
  const cleanup = new AsyncDisposableStack();
  const logger = pino({ level: 'fatal' });
  const [testDatabase, namespace, standIn] = await Promise.all([
    createTestDatabase(),
    createTestNamespace(),
    startStandIn({ port: 0 }),
  ]);
  cleanup.defer(() => standIn.close());
  cleanup.defer(() => testDatabase.drop());
  const database = openDatabase(testDatabase.url);
  cleanup.defer(() => database.close());
  const { db } = database;
  const sealer = createSealer([{ id: 'test', key: randomBytes(32) }]);
  const accounts = createAccounts(db);
  const audit = createAudit(db);
  const authorizations = createAuthorizations(db, sealer);
  const connections = createConnections(db, sealer);
  const credentials = createCredentials(db, sealer);
  const http = createSalesforceHttp();
  cleanup.defer(() => http.close());
  const data = createSalesforceData({ http, apiVersion: '67.0' });
  const oauth = createSalesforceOAuth({
    clientId: standInClientId,
    clientSecret: standInClientSecret,
    redirectUri: callback,
    standIn: standIn.url,
  });
  cleanup.defer(() => oauth.close());
  const temporal = await connectTemporal(
    { TEMPORAL_ADDRESS: namespace.address, TEMPORAL_NAMESPACE: namespace.namespace },
    logger,
    AbortSignal.timeout(30_000),
  );
  cleanup.defer(() => temporal.connection.close());
  const lookAtToken = createLookAtToken({ credentials, oauth, clock, everyMs: 0 });
  const engine = createConnectionEngine(temporal.client, { lookAtToken, announce: () => undefined });

  /** What people were to be told of. */
  const alertsAskedFor: Parameters<AlertEngine['start']>[0][] = [];
  const alertEngine: AlertEngine = { start: async (alert) => void alertsAskedFor.push(alert) };
  /** What a test may replace; activities look at it with every call. */
  const parts = {
    authorizations,
    connections,
    credentials,
    data,
    oauth,
    audit,
    alerts: createAlerts(db),
    alertEngine,
    clock,
    engine,
    sealer,
    tokens: secretTokens,
    licence: { namespace: 'trunkline' as string | undefined, permissionSetLicense: undefined as string | undefined },
    limits: settings.limits ?? { callMs: 5_000, takeOverMs: 3_000 },
    intervals: patientIntervals,
    requiresRotation: true,
    logger,
  };

  const workers = new Set<RunningWorker>();
  const startWorker = async (): Promise<RunningWorker> => {
    const worker = await runWorker(
      temporal,
      {
        taskQueue: taskQueues.connections,
        workflowBundle: namespace.workflowBundle,
        activities: {
          ...createAuthorizationActivities(parts),
          ...createConnectionActivities(parts),
          ...createCredentialsActivities(parts),
        },
        ...takenOverSoon,
        interceptors: { activity: [() => ({ inbound: createFailureInterceptor(logger) })] },
      },
      logger,
      () => undefined,
    );
    workers.add(worker);
    return worker;
  };
  cleanup.defer(async () => {
    await Promise.all([...workers].map((worker) => worker.close()));
  });

  const account = async (): Promise<string> =>
    (
      await accounts.create({
        email: `${randomBytes(6).toString('hex')}@example.org`,
        passwordHash: 'none',
        firstName: 'Ada',
        lastName: 'Admin',
        company: undefined,
        timeZone: 'Europe/Berlin',
      })
    ).id;

  return {
    standIn,
    database,
    namespace,
    temporal,
    engine,
    parts,
    authorizations,
    connections,
    credentials,
    audit,
    alertsAskedFor,
    startWorker,
    account,

    /** As the administrator does it: click, log in, allow, come back. Answers with the attempt's id. */
    async authorize(accountId: string, username = 'admin@acme.example'): Promise<string> {
      const begun = await beginAuthorization(
        { authorizations, oauth, tokens: secretTokens, clock },
        { accountId, choice: 'production', myDomain: '', standIn: standIn.url },
      );
      if (begun.kind !== 'begun') throw new Error('the attempt did not begin');
      const browser = createBrowser(standIn.url);
      const afterLogin = await signIn(browser, await browser.go(begun.url), username);
      const back = afterLogin.page === undefined ? afterLogin.url : (await decide(browser, afterLogin, 'save')).url;
      await receiveAuthorizationCode(
        { authorizations, engine, audit, tokens: secretTokens, clock },
        {
          state: back.searchParams.get('state') ?? '',
          code: back.searchParams.get('code') ?? undefined,
          error: back.searchParams.get('error') ?? undefined,
          errorDescription: back.searchParams.get('error_description') ?? undefined,
        },
        () => begun.browserToken,
      );
      return begun.authorizationId;
    },

    /** Waits for the end of an attempt. */
    async outcome(authorizationId: string) {
      await expect
        .poll(async () => (await authorizations.find(authorizationId))?.status, { timeout: 20_000, interval: 20 })
        .toMatch(/succeeded|refused/);
      const found = await authorizations.find(authorizationId);
      if (!found) throw new Error('the attempt is gone');
      return found;
    },

    /** Connects ACME for a new account and waits until the first check has passed. */
    async connect(username?: string): Promise<{ accountId: string; connection: Connection }> {
      const accountId = await account();
      const attempt = await this.outcome(await this.authorize(accountId, username));
      if (attempt.status !== 'succeeded') throw new Error(`refused: ${String(attempt.reason)}`);
      await expect
        .poll(async () => (await connections.ofAccount(accountId))?.nextRefreshAtMs, { timeout: 10_000, interval: 20 })
        .toBeDefined();
      const connection = await connections.ofAccount(accountId);
      if (!connection) throw new Error('there is no connection');
      return { accountId, connection };
    },

    /** Polls the row until it looks like this. */
    async row(accountId: string, expected: Partial<Connection>, timeout = 10_000): Promise<Connection> {
      await expect
        .poll(async () => connections.ofAccount(accountId), { timeout, interval: 10 })
        .toMatchObject(expected);
      const connection = await connections.ofAccount(accountId);
      if (!connection) throw new Error('there is no connection');
      return connection;
    },

    /** Requests to the stand-in's token endpoint that carried a refresh token; a code has no grant yet. */
    refreshes: () =>
      standIn.control
        .journal()
        .entries.filter((entry) => entry.path === '/services/oauth2/token' && entry.grant !== null),

    history: (orgId: string) => temporal.client.workflow.getHandle(connectionWorkflowId(orgId)).fetchHistory(),

    close: () => cleanup.disposeAsync(),
  };
}

export type ConnectionWorld = Awaited<ReturnType<typeof openConnectionWorld>>;
