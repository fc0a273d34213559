import { randomBytes } from 'node:crypto';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { pbxTokenSigner } from '../../src/crypto/pbx-token-signer.ts';
import { requestSigner } from '../../src/crypto/request-signer.ts';
import { createSealer } from '../../src/crypto/sealer.ts';
import { secretTokens } from '../../src/crypto/tokens.ts';
import { createLogger } from '../../src/logger.ts';
import { defaultDialingRules } from '../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../src/phone-numbers/read-number.ts';
import { createRecordSearch } from '../../src/salesforce/record-search.ts';
import { unaskedData } from '../../src/salesforce/unasked-data.ts';
import type { Account } from '../../src/ports.ts';
import { buildApp } from '../../web/app.ts';
import type { AppOptions } from '../../web/options.ts';
import { createFakeAccounts, createFakeAudit, createFakeOneTimeLinks, createFakeSessions } from './fakes/accounts.ts';
import {
  createFakeAccountTokens,
  createFakeAlertTargets,
  createFakePackageKeys,
  createFakeWebhooks,
} from './fakes/alerts.ts';
import {
  createFakeAuthorizations,
  createFakeConnectionEngine,
  createFakeConnections,
  fakeOAuth,
} from './fakes/connections.ts';
import { createFakeDialingRuleSets } from './fakes/dialing-rules.ts';
import type { AskSalesforce } from '../../src/use-cases/ask-salesforce.ts';
import { createExplainRun } from '../../src/use-cases/explain-run.ts';
import { createExtensionBook } from '../../src/use-cases/extension-book.ts';
import { createFindRecord } from '../../src/use-cases/find-record.ts';
import { createLookupDefinitions } from '../../src/use-cases/lookup-definitions.ts';
import { createTryLookup } from '../../src/use-cases/try-lookup.ts';
import { createFakeOrg } from './fakes/org.ts';
import { createFakePhoneDirectory } from './fakes/phone-directory.ts';
import { createFakeExtensions } from './fakes/extensions.ts';
import { createFakeLookupRunLog, createFakeRetention } from './fakes/lookup-run-log.ts';
import { createFakeLookupRuns } from './fakes/lookups.ts';
import { createFakeLookupDefinitions, createFakePbxs } from './fakes/phone-systems.ts';
import { createFakeChangeFeed, createFakeClock, createFakeMailer, fakePasswords } from './fakes/world.ts';

export const publicUrl = 'http://localhost:3000';
export const password = 'correct horse battery';

export type TestPortal = Awaited<ReturnType<typeof createTestPortal>>;

/** The portal over fakes of everything that it needs. */
export async function createTestPortal(overrides: Partial<AppOptions> = {}, clock = createFakeClock()) {
  const accounts = createFakeAccounts();
  const pbxs = createFakePbxs(clock.now);
  const lookupRuns = createFakeLookupRuns();
  const lookups = createFakeLookupDefinitions();
  const extensions = createFakeExtensions();
  const { org, schema, users, askOrg } = createFakeOrg();
  const salesforce: { ask: AskSalesforce } = { ask: async () => ({ reason: 'no-match', matches: 0 }) };
  const fakes = {
    clock,
    accounts,
    alertTargets: createFakeAlertTargets(async (accountId) => (await accounts.findById(accountId))?.email ?? ''),
    accountTokens: createFakeAccountTokens(clock.now),
    packageKeys: createFakePackageKeys(clock.now),
    webhooks: createFakeWebhooks(),
    sessions: createFakeSessions(),
    links: createFakeOneTimeLinks(clock.now),
    audit: createFakeAudit(clock.now),
    authorizations: createFakeAuthorizations(),
    connections: createFakeConnections(),
    engine: createFakeConnectionEngine(),
    pbxs,
    lookups,
    lookupDefinitions: createLookupDefinitions({ lookups, schema, askOrg, tokens: secretTokens, clock }),
    extensionBook: createExtensionBook({ extensions, users, askOrg }),
    /** What the pages for lookups and extensions see of Salesforce. */
    org,
    /** What the test box is told. */
    salesforce,
    tryLookup: createTryLookup({
      directory: createFakePhoneDirectory(),
      askSalesforce: (request, signal) => salesforce.ask(request, signal),
      readNumber,
      runs: lookupRuns,
      tokens: secretTokens,
      clock,
    }),
    explainRun: createExplainRun({ findRecord: createFindRecord(createRecordSearch(unaskedData)), readNumber }),
    dialingRuleSets: createFakeDialingRuleSets(pbxs),
    extensions,
    lookupRuns,
    lookupRunLog: createFakeLookupRunLog(lookupRuns.recorded),
    retention: createFakeRetention(),
    changes: createFakeChangeFeed(),
    mailer: createFakeMailer(),
  };
  const logLines: string[] = [];
  const { host } = new URL(overrides.publicUrl ?? publicUrl);
  const app = await buildApp({
    publicUrl,
    trustProxy: undefined,
    logger: createLogger('info', 'test', { write: (line) => void logLines.push(line) }),
    standIn: undefined,
    countries: ['DE', 'FR', 'US'],
    exampleCallerId: '+493023125000',
    allowPrivateWebhooks: false,
    checkNowEveryMs: 10_000,
    numbers: { read: readNumber, rulesOfCountry: defaultDialingRules },
    executionUrl: (runId) => `http://localhost:8233/namespaces/default/workflows/lookup-${runId}`,
    health: { ready: () => true, parts: () => ({ postgres: 'ok', temporal: 'ok' }) },
    phoneApi: async () => undefined,
    ...overrides,
    services: {
      ...fakes,
      oauth: fakeOAuth,
      passwords: fakePasswords,
      tokens: secretTokens,
      signer: pbxTokenSigner,
      requestSigner,
      sealer: createSealer([{ id: 'test', key: randomBytes(32) }]),
    },
  });

  /** An account that may sign in. */
  async function newAccount(changes: Partial<Account> = {}): Promise<Account> {
    const account = await fakes.accounts.create({
      email: 'ada@acme.example',
      passwordHash: await fakePasswords.hash(password),
      firstName: 'Ada',
      lastName: 'Admin',
      company: 'ACME',
      timeZone: 'Europe/Berlin',
      ...changes,
    });
    await fakes.accounts.confirm(account.id);
    return account;
  }

  /** A browser with that account signed in. */
  async function newSignedInBrowser(account?: Account): Promise<Browser> {
    const { email } = account ?? (await newAccount());
    const browser = new Browser(app, host);
    await browser.get('/sign-in');
    await browser.post('/sign-in', { email, password });
    return browser;
  }

  return { ...fakes, app, logLines, newAccount, newSignedInBrowser, newBrowser: () => new Browser(app, host) };
}

/** As much of a browser as forms need: it keeps cookies, and sends the token of the page it saw last. */
export class Browser {
  readonly cookies = new Map<string, string>();
  #csrf = '';
  readonly #host: string;
  readonly #app: { inject(options: InjectOptions): Promise<LightMyRequestResponse> };

  constructor(app: { inject(options: InjectOptions): Promise<LightMyRequestResponse> }, host: string) {
    this.#app = app;
    this.#host = host;
  }

  get(url: string): Promise<LightMyRequestResponse> {
    return this.#send({ method: 'GET', url });
  }

  post(url: string, fields: Readonly<Record<string, string>> = {}): Promise<LightMyRequestResponse> {
    return this.send(url, new URLSearchParams(fields));
  }

  /** A form whose fields may have several values. */
  send(url: string, fields: URLSearchParams): Promise<LightMyRequestResponse> {
    return this.#send({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams([['_csrf', this.#csrf], ...fields]).toString(),
    });
  }

  async #send(options: InjectOptions): Promise<LightMyRequestResponse> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await this.#app.inject({
      ...options,
      headers: { host: this.#host, ...options.headers, ...(cookie === '' ? {} : { cookie }) },
    });
    for (const { name, value, maxAge, expires } of response.cookies) {
      if (value === '' || maxAge === 0 || expires?.getTime() === 0) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    this.#csrf = /name="_csrf" value="([^"]+)"/.exec(response.body)?.[1] ?? this.#csrf;
    return response;
  }
}

/** What a person reads of a page: without tags, with single spaces. */
export const textOf = (html: string): string =>
  html
    .replace(/<(script|style|head)\b.*?<\/\1>/gs, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&amp;', '&')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replace(/\s+/g, ' ')
    .trim();
