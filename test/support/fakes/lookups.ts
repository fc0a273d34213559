import type { Connection } from '../../../src/domain/connection.ts';
import type { DialingRules } from '../../../src/domain/dialing-rules.ts';
import { newStep } from '../../../src/domain/lookup-step.ts';
import {
  defaultPbxLimits,
  type AskedLookup,
  type LookupDefinition,
  type LookupRun,
  type Pbx,
} from '../../../src/domain/lookup.ts';
import type {
  Credentials,
  ExtensionMap,
  FoundRecord,
  LookupEngine,
  LookupMetrics,
  LookupRuns,
  LookupStartOutcome,
} from '../../../src/ports.ts';

export const accountId = '11111111-1111-4111-8111-111111111111';
export const orgId = '00DA0000000BhM2MAK';

export const lookup: LookupDefinition = {
  id: '12C153-CD55ED-2CB7C5',
  accountId,
  kind: 'extension',
  name: 'Owner of the caller',
  steps: [newStep('Contact', ['Phone'])],
  fallbacks: {},
  fallbackExtension: undefined,
  problems: [],
  checkedAtMs: undefined,
  version: 1,
};

/** A contact of which only the id matters. */
export const foundContact = (id: string): FoundRecord => ({ object: 'Contact', id, values: {}, rank: [], users: {} });

export const pbx: Pbx = {
  id: '47EC1B-B70D69-818AE6',
  accountId,
  name: 'Head office',
  country: 'DE',
  fallbackExtension: '100',
  deadlineMs: 1_500,
  answerFormat: 'text',
  notFoundOnMiss: false,
  defaultExtensionLookupId: lookup.id,
  defaultDataLookupId: undefined,
  defaultIvrLookupId: undefined,
  dialingRulesId: undefined,
  limits: defaultPbxLimits,
  version: 1,
};

export const connection: Connection = {
  id: '22222222-2222-4222-8222-222222222222',
  accountId,
  orgId,
  state: 'active',
  sinceMs: 1_700_000_000_000,
  cause: undefined,
  causeDetail: {},
  orgName: 'ACME',
  isSandbox: false,
  userId: '005A0000000AbCdIAK',
  username: 'admin@acme.example',
  connectedAtMs: 1_700_000_000_000,
  lastCheckedAtMs: undefined,
  lastRefreshedAtMs: undefined,
  nextRefreshAtMs: undefined,
  apiUsed: undefined,
  apiMax: undefined,
  disconnecting: false,
  observed: {},
  revision: 1,
};

export const credentials: Credentials = {
  orgId,
  version: 1,
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  instanceUrl: 'https://acme.my.salesforce.com',
  identityUrl: `https://login.salesforce.com/id/${orgId}/005A0000000AbCdIAK`,
  loginHost: 'https://login.salesforce.com',
  issuedAtMs: 1_700_000_000_000,
  refreshStartedAtMs: undefined,
  refreshAttempt: undefined,
};

export const rules: DialingRules = {
  country: 'DE',
  countryCode: '49',
  longDistancePrefix: '0',
  internationalPrefix: '00',
  dialInternationalPrefix: false,
  outsidePrefixes: '',
  addPrefix: '',
  keepLongDistancePrefix: false,
  areaCode: '',
  internalLength: 4,
  truncateAt: '@;',
  ddiDigits: 3,
};

/** Nobody's extension is mapped. */
export const noExtensions: ExtensionMap = { ofUser: () => undefined };

export interface FakeLookupEngine extends LookupEngine {
  readonly starts: AskedLookup[];
  outcome: Promise<LookupStartOutcome>;
}

export function createFakeLookupEngine(): FakeLookupEngine {
  const fake: FakeLookupEngine = {
    starts: [],
    outcome: Promise.resolve('started'),
    start(asked) {
      fake.starts.push(asked);
      return fake.outcome;
    },
  };
  return fake;
}

export interface FakeLookupRuns extends LookupRuns {
  readonly recorded: LookupRun[];
  /** How often writing was tried. */
  attempts: number;
  /** Thrown by the next writings. */
  failure: Error | undefined;
}

export function createFakeLookupRuns(): FakeLookupRuns {
  const fake: FakeLookupRuns = {
    recorded: [],
    attempts: 0,
    failure: undefined,
    async record(run) {
      fake.attempts += 1;
      if (fake.failure) throw fake.failure;
      fake.recorded.push(run);
    },
  };
  return fake;
}

export function createFakeLookupMetrics(): LookupMetrics & { readonly counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  return {
    counts,
    answered: (reason) => count(reason),
    repeated: () => count('repeated'),
    started: (eager) => count(eager ? 'eager' : 'polled'),
    startFailed: () => count('start-failed'),
    unrecorded: () => count('unrecorded'),
    waiting: () => undefined,
  };
}
