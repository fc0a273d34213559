import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config.ts';
import { createSealer } from './crypto/sealer.ts';
import { secretTokens } from './crypto/tokens.ts';
import { requestSigner } from './crypto/request-signer.ts';
import { createAccountTokens } from './database/account-tokens.ts';
import { createAccounts } from './database/accounts.ts';
import { createAlertTargets } from './database/alert-targets.ts';
import { createAlerts } from './database/alerts.ts';
import { createAudit } from './database/audit.ts';
import { createAuthorizations } from './database/authorizations.ts';
import { openChangeFeed } from './database/changes.ts';
import { openDatabase } from './database/client.ts';
import { createConnections } from './database/connections.ts';
import { createCredentials } from './database/credentials.ts';
import { createLookupRunLog } from './database/lookup-run-log.ts';
import { createLookupRunRetention } from './database/lookup-run-retention.ts';
import { createDialingRuleSets } from './database/dialing-rule-sets.ts';
import { createExtensions } from './database/extensions.ts';
import { createLookupRuns } from './database/lookup-runs.ts';
import { createLookups } from './database/lookups.ts';
import { createOneTimeLinks } from './database/one-time-links.ts';
import { createPackageKeys } from './database/package-keys.ts';
import { createPbxs } from './database/pbxs.ts';
import { createRequestNonces } from './database/request-nonces.ts';
import { createSessions } from './database/sessions.ts';
import { AppError } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Clock } from './ports.ts';
import { createOrgSchema } from './salesforce/org-schema.ts';
import { createOrgUsers } from './salesforce/org-users.ts';
import { createSalesforceData } from './salesforce/data.ts';
import { createSalesforceHttp } from './salesforce/http.ts';
import { createSalesforceOAuth } from './salesforce/oauth.ts';
import { createAlertEngine } from './temporal/alert-engine.ts';
import { createConnectionEngine } from './temporal/connection-engine.ts';
import type { TemporalClient } from './temporal/lazy-client.ts';
import { createExtensionBook } from './use-cases/extension-book.ts';
import { hideDemoAccount } from './use-cases/hide-demo-account.ts';
import { createLookupDefinitions } from './use-cases/lookup-definitions.ts';
import { createAskOrg } from './use-cases/org-access.ts';
import { createLookAtToken } from './use-cases/watch-connection.ts';
import { createWebhookSender } from './webhooks/webhook-sender.ts';

export type Dependencies = Awaited<ReturnType<typeof openDependencies>>;

export const systemClock: Clock = { now: () => Date.now() };

/**
 * Opens what all processes need, in order, and leaves the closing to `cleanup`, which does it in reverse, also when a later step
 * fails. Waits for PostgreSQL until it answers or `signal` ends the waiting; `openTemporal` decides whether to wait for Temporal too.
 */
export async function openDependencies<Temporal extends TemporalClient>(
  config: Config,
  logger: Logger,
  cleanup: AsyncDisposableStack,
  signal: AbortSignal,
  openTemporal: (environment: Config['temporalEnvironment'], logger: Logger, signal: AbortSignal) => Promise<Temporal>,
) {
  const { settings } = config;
  if (settings.DATABASE_URL === undefined) {
    throw new AppError('CONFIGURATION_INVALID', 'DATABASE_URL is missing: set it to the PostgreSQL database.');
  }
  const sealer = createSealer(config.keys);
  const database = openDatabase(settings.DATABASE_URL);
  cleanup.defer(() => database.close());
  await untilAnswering('PostgreSQL', () => database.sql`select 1 from audit_events limit 1`, logger, signal);
  const changes = await openChangeFeed(database.sql);
  cleanup.defer(() => changes.close());

  const http = createSalesforceHttp();
  cleanup.defer(() => http.close());
  const oauth = createSalesforceOAuth({
    clientId: settings.SALESFORCE_CLIENT_ID ?? '',
    clientSecret: settings.SALESFORCE_CLIENT_SECRET ?? '',
    redirectUri: `${config.publicUrl}/salesforce/callback`,
    standIn: settings.SALESFORCE_STAND_IN_URL,
  });
  cleanup.defer(() => oauth.close());
  const webhooks = createWebhookSender({ allowPrivate: settings.WEBHOOK_ALLOW_PRIVATE });
  cleanup.defer(() => webhooks.close());

  const temporal = await openTemporal(config.temporalEnvironment, logger, signal);
  cleanup.defer(() => temporal.connection.close());

  const { db } = database;
  const credentials = createCredentials(db, sealer);
  const lookAtToken = createLookAtToken({
    credentials,
    oauth,
    clock: systemClock,
    everyMs: settings.CONNECTION_WATCH_EVERY_MS,
  });
  const engine = createConnectionEngine(temporal.client, {
    lookAtToken,
    // Only for haste: without it the connection finds out all the same.
    announce: () => void changes.announce({ kind: 'connection-asked' }).catch(() => undefined),
  });
  const data = createSalesforceData({ http, apiVersion: settings.SALESFORCE_API_VERSION });
  const connections = createConnections(db, sealer);
  const lookups = createLookups(db);
  const extensions = createExtensions(db);
  const askOrg = createAskOrg({ connections, credentials, engine });
  return {
    database,
    changes,
    sealer,
    clock: systemClock,
    oauth,
    data,
    temporal,
    engine,
    accounts: config.usesStandIn ? createAccounts(db) : hideDemoAccount(createAccounts(db)),
    sessions: createSessions(db),
    links: createOneTimeLinks(db),
    audit: createAudit(db),
    authorizations: createAuthorizations(db, sealer),
    connections,
    credentials,
    pbxs: createPbxs(db, sealer),
    lookups,
    lookupDefinitions: createLookupDefinitions({
      lookups,
      schema: createOrgSchema({ data, clock: systemClock }),
      askOrg,
      tokens: secretTokens,
      clock: systemClock,
    }),
    dialingRuleSets: createDialingRuleSets(db),
    extensions,
    extensionBook: createExtensionBook({ extensions, users: createOrgUsers(data), askOrg }),
    lookupRuns: createLookupRuns(db, sealer),
    lookupRunLog: createLookupRunLog(db, sealer),
    retention: createLookupRunRetention(db),
    alerts: createAlerts(db),
    alertTargets: createAlertTargets(db, sealer),
    alertEngine: createAlertEngine(temporal.client, { waitMs: settings.ALERT_WAIT_MS }),
    webhooks,
    requestSigner,
    nonces: createRequestNonces(db),
    packageKeys: createPackageKeys(db, sealer),
    accountTokens: createAccountTokens(db),
  };
}

async function untilAnswering(
  name: string,
  ask: () => PromiseLike<unknown>,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    signal.throwIfAborted();
    try {
      await ask();
      return;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
      logger.warn({ code, retryInMs: waitMs }, `${name} does not answer yet`);
      await sleep(waitMs, undefined, { signal });
    }
  }
}
