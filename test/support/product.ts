import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { loadConfig } from '../../src/config.ts';
import { pbxTokenSigner } from '../../src/crypto/pbx-token-signer.ts';
import { createSealer } from '../../src/crypto/sealer.ts';
import { secretTokens } from '../../src/crypto/tokens.ts';
import { createAccounts } from '../../src/database/accounts.ts';
import { openDatabase } from '../../src/database/client.ts';
import { createCredentials } from '../../src/database/credentials.ts';
import { createLookups } from '../../src/database/lookups.ts';
import { createPbxs } from '../../src/database/pbxs.ts';
import { createSessions } from '../../src/database/sessions.ts';
import type { OrgId, PbxId } from '../../src/domain/ids.ts';
import { deadlineLimitsMs, defaultPbxLimits } from '../../src/domain/lookup.ts';
import type { Account } from '../../src/ports.ts';
import { createConnectionEngine } from '../../src/temporal/connection-engine.ts';
import { createPbxToken } from '../../src/use-cases/create-pbx-token.ts';
import { createPhoneSystem } from '../../src/use-cases/create-phone-system.ts';
import { startSession } from '../../src/use-cases/start-session.ts';
import type { JournalContent } from '../../src/local/salesforce/journal.ts';
import type { OrgChanges, OrgDescription } from '../../src/local/salesforce/control.ts';
import type { FaultRequest } from '../../src/local/salesforce/faults.ts';
import { launchBrowser } from './browser.ts';
import type { TestServices } from './global-setup.ts';
import { until } from './temporary-folder.ts';

export const connectButton = 'Click To Connect Salesforce';
export const refreshButton = 'Click To Refresh Salesforce Connection';

/** The stand-in's control endpoints. */
export function createStandInControl(standInUrl: string) {
  const call = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(`${standInUrl}/__control/${path}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`the stand-in refused ${path}: ${await response.text()}`);
    return response;
  };
  const tell = async (method: string, path: string, body?: object): Promise<void> => {
    await call(method, path, body);
  };
  return {
    fault: (fault: FaultRequest) => tell('POST', 'faults', fault),
    clearFaults: () => tell('DELETE', 'faults'),
    change: (orgId: OrgId, changes: OrgChanges) => tell('POST', `org/${orgId}`, changes),
    describe: async (orgId: OrgId) => (await (await call('GET', `org/${orgId}`)).json()) as OrgDescription,
    journal: async () => (await (await call('GET', 'journal')).json()) as JournalContent,
    clearJournal: () => tell('DELETE', 'journal'),
  };
}

/** The running product seen from all sides: by browsers, by its database, by Temporal and by the stand-in's journal. */
export async function openProduct(product: Omit<TestServices['product'], 'inbox'>) {
  const cleanup = new AsyncDisposableStack();
  const { settings, keys } = loadConfig({ ...product.environment });
  const database = openDatabase(settings.DATABASE_URL ?? '', { maxConnections: 2 });
  cleanup.defer(() => database.close());
  const connection = await Connection.connect({ address: product.temporal.address });
  cleanup.defer(() => connection.close());
  const temporal = new Client({ connection, namespace: product.temporal.namespace });
  const engine = createConnectionEngine(temporal, {
    lookAtToken: async () => undefined,
    announce: () => undefined,
  });
  const { db } = database;
  const accounts = createAccounts(db);
  const sealer = createSealer(keys);
  const pbxs = createPbxs(db, sealer);
  const clock = { now: () => Date.now() };
  let browser: Promise<Browser> | undefined;
  const standIn = createStandInControl(product.standInUrl);

  return {
    ...product,
    database,
    temporal,
    engine,
    standIn,
    credentials: createCredentials(db, sealer),
    pbxs,

    /** Somebody who may sign in. */
    async newAccount(): Promise<Account> {
      const account = await accounts.create({
        email: `${randomBytes(6).toString('hex')}@example.org`,
        passwordHash: 'none',
        firstName: 'Ada',
        lastName: 'Admin',
        company: undefined,
        timeZone: 'Europe/Berlin',
      });
      await accounts.confirm(account.id);
      return account;
    },

    /** A browser of its own: nothing in it, or signed in as an account. */
    async newBrowser(account?: Account, options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> {
      browser ??= launchBrowser().then((launched) => {
        cleanup.defer(() => launched.close());
        return launched;
      });
      const context = await (await browser).newContext(options);
      context.setDefaultTimeout(15_000);
      if (account) {
        const ports = { sessions: createSessions(db), tokens: secretTokens, clock };
        const { sessionId } = await startSession(ports, { accountId: account.id, formerSessionId: undefined });
        await context.addCookies([{ name: 'trunkline-session', value: sessionId, url: product.url }]);
      }
      return context;
    },

    /** From the connection page through the login and Allow pages of Salesforce, and back; Salesforce asks each user once. */
    async authorize(page: Page, username: string, choice: 'Allow' | 'Deny' = 'Allow'): Promise<void> {
      // Salesforce remembers who logged in last.
      await page.context().clearCookies({ domain: new URL(product.standInUrl).hostname });
      await page.goto(`${product.url}/salesforce-connection`);
      await page.getByRole('button', { name: /^Click To/ }).click();
      await logIn(page, username);
      const decision = page.getByRole('button', { name: choice });
      const title = page.getByRole('heading', { name: 'Salesforce connection' });
      await decision.or(title).waitFor();
      if (await decision.isVisible()) await decision.click();
      await page.waitForURL(`${product.url}/salesforce-connection`);
    },

    /** A phone system in Germany with a token. */
    async newPhoneSystem(account: Account, deadlineMs: number = deadlineLimitsMs.default) {
      const { id } = await createPhoneSystem(
        { pbxs, lookups: createLookups(db), tokens: secretTokens },
        {
          accountId: account.id,
          settings: {
            name: 'Main site',
            country: 'DE',
            fallbackExtension: '100',
            deadlineMs,
            answerFormat: 'text',
            notFoundOnMiss: false,
            limits: defaultPbxLimits,
          },
        },
      );
      const { jwt } = await createPbxToken(
        { pbxs, signer: pbxTokenSigner, tokens: secretTokens, clock },
        { pbxId: id, name: 'Test' },
      );
      const headers = { authorization: `Bearer ${jwt}` };
      await until('the server knows the phone system', async () => {
        const { status } = await fetch(`${product.url}/api/health/${id}`, { headers });
        return status === 200;
      });
      return { id, jwt };
    },

    /** Asks as a phone system does. */
    async ask(
      { id, jwt }: { readonly id: PbxId; readonly jwt: string },
      orgId: string,
      callerId: string,
      url = product.url,
    ) {
      const response = await fetch(`${url}/api/ExtNo/${id}${orgId}/?callerid=${encodeURIComponent(callerId)}`, {
        headers: { authorization: `Bearer ${jwt}` },
      });
      return {
        status: response.status,
        body: await response.text(),
        reason: response.headers.get('x-trunkline-reason'),
        runId: response.headers.get('x-trunkline-run') ?? '',
      };
    },

    /**
     * Waits for the turn of this test file to use an org, which only one account at a time can connect; the turn ends with `close`.
     * Whatever another file left connected is disconnected first.
     */
    async takeOrg(orgId: OrgId): Promise<void> {
      const turn = await database.sql.reserve();
      cleanup.defer(() => turn.release());
      await turn`set statement_timeout = 0`;
      await turn`select pg_advisory_lock(hashtext(${orgId}))`;
      cleanup.defer(async () => {
        await turn`select pg_advisory_unlock(hashtext(${orgId}))`;
      });
      await this.freeOrg(orgId);
    },

    /** Disconnects whoever holds the org, so that the next one may connect it. */
    freeOrg: (orgId: OrgId): Promise<void> => engine.disconnect(orgId),

    close: () => cleanup.disposeAsync(),
  };
}

export type OpenProduct = Awaited<ReturnType<typeof openProduct>>;

/** The stand-in's login page. */
export async function logIn(page: Page, username: string): Promise<void> {
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill('stand-in');
  await page.getByRole('button', { name: 'Log In' }).click();
}

/** The page's status, whose first word is Active or Inactive. */
export const statusOf = (page: Page) => page.getByRole('status');

export async function waitForStatus(page: Page, word: 'Active' | 'Inactive', timeout = 15_000): Promise<void> {
  try {
    await statusOf(page)
      .filter({ hasText: new RegExp(`^\\s*${word}`) })
      .waitFor({ timeout });
  } catch (cause) {
    const said = await page.getByRole('main').innerText({ timeout: 1_000 });
    throw new Error(`${page.url()} did not become ${word} within ${timeout} ms; it says: ${said}`, { cause });
  }
}

/** Notes in the page when its status first begins with a word; the function answered waits for that moment, a wall-clock time. */
export async function noteStatus(page: Page, word: 'Active' | 'Inactive'): Promise<() => Promise<number>> {
  await page.evaluate(`void (() => {
    globalThis.noted = new Promise((resolve) => {
      const look = () => {
        const status = document.querySelector('[role=status]').textContent.trim();
        if (status.startsWith('${word}')) resolve(Date.now());
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
      look();
    });
  })()`);
  return () => page.evaluate<number>('globalThis.noted');
}
