import type { FastifyPluginAsync } from 'fastify';
import type { DialingRules } from '../src/domain/dialing-rules.ts';
import type { Logger } from '../src/logger.ts';
import type { ReadNumber } from '../src/phone-numbers/read-number.ts';
import type {
  Accounts,
  AccountTokens,
  AlertTargets,
  Audit,
  Authorizations,
  ChangeFeed,
  Clock,
  ConnectionEngine,
  Connections,
  DialingRuleSets,
  Extensions,
  LookupRunLog,
  LookupRunRetention,
  Lookups,
  Mailer,
  OneTimeLinks,
  PackageKeys,
  PasswordHasher,
  Pbxs,
  PbxTokenSigner,
  RequestSigner,
  SalesforceOAuth,
  Sealer,
  SecretTokens,
  Sessions,
  WebhookSender,
} from '../src/ports.ts';

import type { ExplainRun } from '../src/use-cases/explain-run.ts';
import type { ExtensionBook } from '../src/use-cases/extension-book.ts';
import type { LookupDefinitions } from '../src/use-cases/lookup-definitions.ts';
import type { TryLookup } from '../src/use-cases/try-lookup.ts';

/** What the portal needs of the world. */
export interface PortalServices {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly links: OneTimeLinks;
  readonly audit: Audit;
  readonly authorizations: Pick<Authorizations, 'create' | 'findByState' | 'latestOf' | 'receiveCode' | 'end'>;
  readonly connections: Pick<Connections, 'ofAccount' | 'instanceUrl'>;
  readonly oauth: Pick<SalesforceOAuth, 'authorizeUrl'>;
  readonly engine: Pick<ConnectionEngine, 'startAuthorization' | 'checkNow' | 'disconnect' | 'watching'>;
  readonly pbxs: Pbxs;
  readonly lookups: Lookups;
  readonly dialingRuleSets: DialingRuleSets;
  readonly extensions: Extensions;
  readonly lookupDefinitions: LookupDefinitions;
  readonly extensionBook: ExtensionBook;
  readonly tryLookup: TryLookup;
  readonly lookupRunLog: LookupRunLog;
  readonly explainRun: ExplainRun;
  readonly retention: Pick<LookupRunRetention, 'daysOf' | 'setDays'>;
  readonly alertTargets: AlertTargets;
  readonly webhooks: WebhookSender;
  readonly requestSigner: Pick<RequestSigner, 'sign'>;
  readonly accountTokens: AccountTokens;
  readonly packageKeys: Pick<PackageKeys, 'put' | 'addedAtMs'>;
  readonly changes: ChangeFeed;
  readonly passwords: PasswordHasher;
  readonly tokens: SecretTokens;
  readonly signer: PbxTokenSigner;
  readonly sealer: Sealer;
  readonly mailer: Mailer;
  readonly clock: Clock;
}

/** How numbers are read. */
export interface NumberReading {
  /** What a phone system signals. */
  read(text: string, rules: DialingRules): ReadNumber;
  /** The rules of a phone system that signals numbers as the country's network does. */
  rulesOfCountry(country: string): DialingRules;
}

/** Whether this process is able to answer. */
export interface Health {
  /** False until start-up has finished once, and during shutdown. */
  ready(): boolean;
  /** The parts by name, as they are at the moment. */
  parts(): Readonly<Record<string, 'ok' | 'away'>>;
}

export interface AppOptions {
  /** Origin that browsers and Salesforce use. */
  readonly publicUrl: string;
  /** Addresses (CIDR, comma-separated) of proxies whose `X-Forwarded-*` headers are believed. */
  readonly trustProxy: string | undefined;
  readonly logger: Logger;
  /** Origin of the stand-in for Salesforce, where it is used. */
  readonly standIn: { readonly url: string } | undefined;
  /** ISO 3166-1 alpha-2 codes of the countries whose numbers can be read. */
  readonly countries: readonly string[];
  /** E.164; stands in the ready-made `curl` lines. */
  readonly exampleCallerId: string;
  /** Whether webhooks may lead into private networks. */
  readonly allowPrivateWebhooks: boolean;
  /** A page that is opened asks for a check unless the last one is younger. */
  readonly checkNowEveryMs: number;
  readonly health: Health;
  readonly numbers: NumberReading;
  /** Where the operator looks at the execution of a lookup run; undefined where no address is known. */
  readonly executionUrl: (runId: string) => string | undefined;
  readonly services: PortalServices;
  /** Everything under `/api` and `/acd/api`. */
  readonly phoneApi: FastifyPluginAsync;
  /** How often an open page hears that its server is there. */
  readonly heartbeatEveryMs?: number;
}
