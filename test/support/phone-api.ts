import Fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify';
import { randomBytes } from 'node:crypto';
import { pbxTokenReader } from '../../src/crypto/pbx-jwt.ts';
import { secretTokens } from '../../src/crypto/tokens.ts';
import { pbxTokenSigner } from '../../src/crypto/pbx-token-signer.ts';
import { requestSigner } from '../../src/crypto/request-signer.ts';
import { isSameOrg } from '../../src/domain/answer.ts';
import type { DialingRules } from '../../src/domain/dialing-rules.ts';
import type { ReadNumber } from '../../src/phone-numbers/read-number.ts';
import type { AuditEvent, Credentials } from '../../src/ports.ts';
import { createAskLookup } from '../../src/use-cases/ask-lookup.ts';
import { createAskSalesforce } from '../../src/use-cases/ask-salesforce.ts';
import { createAuthenticateAccount } from '../../src/use-cases/authenticate-account.ts';
import { createConfigurePbx } from '../../src/use-cases/configure-pbx.ts';
import { createFailureLimiter } from '../../src/use-cases/failure-limiter.ts';
import { createOrgGate } from '../../src/use-cases/org-gate.ts';
import { createPbxLimiter } from '../../src/use-cases/pbx-limiter.ts';
import { signPackageAnswer } from '../../src/use-cases/sign-package-answer.ts';
import { verifyPackageRequest } from '../../src/use-cases/verify-package-request.ts';
import { createAuthenticatePbx } from '../../src/use-cases/authenticate-pbx.ts';
import type { FindRecord } from '../../src/use-cases/find-record.ts';
import { createLookupCalls, type LookupCalls } from '../../src/use-cases/lookup-calls.ts';
import { createPhoneApi } from '../../web/routes/phone-api/index.ts';
import { createTexts } from '../../web/texts.ts';
import { lookupWorkflowId } from '../../workflows/names.ts';
import { createFakeAccountTokens } from './fakes/alerts.ts';
import {
  accountId,
  connection,
  createFakeLookupEngine,
  createFakeLookupMetrics,
  createFakeLookupRuns,
  credentials,
  lookup,
  pbx,
  type FakeLookupEngine,
  type FakeLookupRuns,
} from './fakes/lookups.ts';
import { createFakeLookupDefinitions, createFakePbxs } from './fakes/phone-systems.ts';
import { createFakePhoneDirectory, type FakePhoneDirectory } from './fakes/phone-directory.ts';

export interface TestPhoneApi {
  readonly app: FastifyInstance;
  /** The same, for an application that has more than the phone API. */
  readonly plugin: FastifyPluginAsync;
  readonly directory: FakePhoneDirectory;
  readonly engine: FakeLookupEngine;
  readonly runs: FakeLookupRuns;
  readonly calls: LookupCalls;
  readonly counts: Readonly<Record<string, number>>;
  readonly accountTokens: ReturnType<typeof createFakeAccountTokens>;
  readonly pbxs: ReturnType<typeof createFakePbxs>;
  readonly lookups: ReturnType<typeof createFakeLookupDefinitions>;
  readonly audited: AuditEvent[];
  readonly rejected: { orgId: string; version: number }[];
  /** Answers for Salesforce. */
  findRecord: FindRecord;
  newToken(overrides?: { id?: string; pbxId?: string; secret?: Uint8Array; expiresAtMs?: number }): Promise<string>;
  close(): Promise<void>;
}

/** What the Salesforce package signs with. */
export const packageSecret = 'a secret that the package made';

/** Enough of reading for tests of what comes after it. */
export const readNumber = (sent: string): ReadNumber => {
  if (sent === '' || /^(anonymous|restricted)$/i.test(sent)) return { kind: 'withheld' };
  if (!/^\+?[\d ]{5,}$/.test(sent)) return { kind: 'invalid' };
  const national = sent.replaceAll(' ', '').replace(/^(\+49|0)/, '');
  return { kind: 'number', e164: `+49${national}`, countryCode: '49', national, country: 'DE' };
};

/** The phone API over fakes of everything that it needs, connected, with one phone system; Salesforce finds extension 201. */
export async function createTestPhoneApi({
  read = readNumber,
}: { read?: (sent: string, rules: DialingRules) => ReadNumber } = {}): Promise<TestPhoneApi> {
  const directory = createFakePhoneDirectory();
  const signingSecret = randomBytes(32);
  directory.pbxs.set(pbx.id, { pbx, signingSecret });
  directory.lookups.set(lookup.id, lookup);
  directory.setConnection(connection);
  directory.setCredentials(credentials);
  const engine = createFakeLookupEngine();
  const runs = createFakeLookupRuns();
  const metrics = createFakeLookupMetrics();
  const rejected: TestPhoneApi['rejected'] = [];
  const clock = { now: () => Date.now() };
  const accountTokens = createFakeAccountTokens(clock.now);
  const authenticateAccount = createAuthenticateAccount({ accountTokens, tokens: secretTokens });
  const pbxs = createFakePbxs(clock.now);
  await pbxs.create(pbx, signingSecret);
  const lookups = createFakeLookupDefinitions();
  lookups.byId.set(lookup.id, lookup);
  const audited: AuditEvent[] = [];
  const used = new Set<string>();
  const nonces = { remember: async (_signer: string, nonce: string) => used.size < used.add(nonce).size };
  const packageKeys = { secretOfOrg: async () => packageSecret };
  const app = Fastify();
  const calls = createLookupCalls({
    askSalesforce: createAskSalesforce({
      directory,
      findRecord: (request) => api.findRecord(request),
      gate: createOrgGate(clock),
      engine: {
        tokenRejected: async (org, version) => void rejected.push({ orgId: org, version }),
        checkNow: async () => undefined,
      },
      logger: app.log,
    }),
    engine,
    runs,
    clock,
    marginMs: () => 20,
    metrics,
    logger: app.log,
  });
  const plugin = createPhoneApi({
    authenticatePbx: createAuthenticatePbx({
      directory,
      reader: pbxTokenReader,
      failures: createFailureLimiter(clock),
      clock,
    }),
    askLookup: createAskLookup({ directory, calls, limiter: createPbxLimiter(clock), readNumber: read }),
    configurePbx: createConfigurePbx({
      pbxs,
      lookups,
      connections: {
        ofAccount: async (account) => directory.connection(account),
        ofOrgInUrl: async (named) => (isSameOrg(named, connection.orgId) ? connection : undefined),
      },
      authenticateAccount,
      verifySignature: (request) =>
        verifyPackageRequest({ packageKeys, signer: requestSigner, nonces, clock }, request),
      signAnswer: (request, body) => signPackageAnswer({ packageKeys, signer: requestSigner, clock }, request, body),
      audit: { record: async (event) => void audited.push(event) },
    }),
    accountApi: {
      authenticateAccount,
      connections: { ofAccount: async (account) => directory.connection(account) },
      texts: createTexts(),
    },
    directory,
    clock,
    workflowIdOf: lookupWorkflowId,
    publicUrl: 'http://localhost:3000',
  });
  const api: TestPhoneApi = {
    app,
    plugin,
    directory,
    engine,
    runs,
    calls,
    counts: metrics.counts,
    rejected,
    accountTokens,
    pbxs,
    lookups,
    audited,
    findRecord: async () => ({ ok: true, finding: matched('201'), apiUsage: undefined }),
    async newToken({ id = crypto.randomUUID(), pbxId = pbx.id, secret = signingSecret, expiresAtMs } = {}) {
      const token = {
        id,
        pbxId,
        name: 'Kamailio',
        allowedAddresses: [],
        createdAtMs: 0,
        lastUsedAtMs: undefined,
        revokedAtMs: undefined,
      };
      directory.tokens.set(id, { ...token, expiresAtMs });
      return pbxTokenSigner.sign({ id, pbxId, issuedAtMs: Date.now(), expiresAtMs }, secret);
    },
    async close() {
      await app.close();
      await calls.close();
    },
  };
  await app.register(plugin);
  return api;
}

export const matched = (extension: string) => ({
  reason: 'matched' as const,
  matches: 1,
  extension,
  recordId: '003A0000000AbCdIAK',
  object: 'Contact',
});

export const version = (number: number): Credentials => ({
  ...credentials,
  version: number,
  accessToken: `access-${number}`,
});

export { accountId };
