import fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { createRecords, dataRoutes } from '../../../src/local/salesforce/data/index.ts';
import { orgDefinitions } from '../../../src/local/salesforce/users.ts';
import type { OauthTokenRow, Org, OrgRecords, Policies, User } from '../../../src/local/salesforce/types.ts';

/** The moment at which tests take place, unless they move it. */
export const testNow = Date.UTC(2026, 6, 15, 10, 20, 30);

export interface TestOrg {
  readonly org: Org;
  readonly app: FastifyInstance;
  readonly clock: { nowMs: number };
  /** How often the org said that it changed. */
  readonly changes: { count: number };
  /** The user in whose name calls are made. */
  as(username: string): void;
  call(method: NonNullable<InjectOptions['method']>, path: string, body?: object): Promise<TestAnswer>;
  query(soql: string): Promise<TestAnswer>;
  search(sosl: string): Promise<TestAnswer>;
}

export interface TestAnswer {
  readonly status: number;
  // Answers of many shapes are looked into by many tests.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  readonly headers: Readonly<Record<string, unknown>>;
}

const policies = (): Policies => ({
  rotation: false,
  accessTokenLifeMs: 7_200_000,
  latencyMs: 0,
  searchIndexDelayMs: 60_000,
  apiLimit: 15_000,
  apiUsed: 18,
  apiEnabled: true,
  apiLimitEnforced: false,
  app: 'ok',
  appInstalled: true,
  requirePkce: false,
  requireSecretForRefresh: true,
  callbackUrls: [],
  clientSecret: 'secret',
  scopes: [],
  refreshTokenIdleMs: 1,
  refreshTokenPolicy: 'until-revoked',
  ipRestricted: false,
  loginHoursClosed: false,
  highAssurance: false,
  orgStatus: 'active',
  loginRateExceeded: false,
  sameAccessToken: false,
  packageLicense: { namespace: 'trunkline', status: 'Active', allowed: 10, expiresOn: null },
});

/** An org without its OAuth half: whoever calls is the user chosen by `as`, at first the administrator. */
export function testOrg(
  options: { contacts?: number; snapshot?: unknown; tokens?: readonly OauthTokenRow[]; which?: number } = {},
): TestOrg {
  const definition = orgDefinitions[options.which ?? 0];
  if (definition === undefined) throw new Error('There is no such org');
  const clock = { nowMs: testNow };
  const changes = { count: 0 };
  const facts = {
    ...definition,
    users: definition.users(),
    policies: policies(),
    oauthTokens: () => options.tokens ?? [],
  };
  const records: OrgRecords = createRecords({
    org: facts,
    clock: () => clock.nowMs,
    contacts: options.contacts,
    snapshot: options.snapshot,
    onChange: () => changes.count++,
  });
  const org: Org = { ...facts, records };
  let caller: User | undefined = facts.users[0];
  const app = fastify();
  void app.register(dataRoutes, {
    prefix: '/services/data',
    clock: () => clock.nowMs,
    apiVersion: '67.0',
    callerOf: () => {
      if (caller === undefined) throw new Error('There is no such user');
      return { org, user: caller, token: 'token', baseUrl: 'http://localhost', identityUrl: 'http://localhost/id' };
    },
  });
  const call: TestOrg['call'] = async (method, path, body) => {
    const url = path.startsWith('/services') ? path : `/services/data/v67.0${path}`;
    const answer = await app.inject({ method, url, ...(body === undefined ? {} : { payload: body }) });
    return {
      status: answer.statusCode,
      body: answer.body === '' ? undefined : JSON.parse(answer.body),
      headers: answer.headers,
    };
  };
  return {
    org,
    app,
    clock,
    changes,
    as: (username) => {
      caller = facts.users.find((user) => user.username === username);
    },
    call,
    query: async (soql) => call('GET', `/query?q=${encodeURIComponent(soql)}`),
    search: async (sosl) => call('GET', `/search?q=${encodeURIComponent(sosl)}`),
  };
}
