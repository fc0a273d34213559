import type { FastifyPluginAsync } from 'fastify';
import type { Logger } from '../src/logger.ts';
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
  LookupRuns,
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

/** What the portal needs of the world. */
export interface PortalServices {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly links: OneTimeLinks;
  readonly audit: Audit;
  readonly authorizations: Pick<Authorizations, 'create' | 'findByState' | 'latestOf' | 'receiveCode' | 'end'>;
  readonly connections: Pick<Connections, 'ofAccount'>;
  readonly oauth: Pick<SalesforceOAuth, 'authorizeUrl'>;
  readonly engine: Pick<ConnectionEngine, 'startAuthorization' | 'checkNow' | 'watching'>;
  readonly pbxs: Pbxs;
  readonly lookups: Pick<Lookups, 'create'>;
  readonly lookupRuns: Pick<LookupRuns, 'listOfPbx'>;
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
  readonly health: Health;
  readonly services: PortalServices;
  /** Everything under `/api` and `/acd/api`. */
  readonly phoneApi: FastifyPluginAsync;
  /** How often an open page hears that its server is there. */
  readonly heartbeatEveryMs?: number;
}
