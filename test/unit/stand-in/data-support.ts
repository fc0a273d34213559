import { expect } from 'vitest';
import fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { createRecords, dataRoutes } from '../../../src/local/salesforce/data/index.ts';
import { defaultPolicies } from '../../../src/local/salesforce/policies.ts';
import { orgDefinitions } from '../../../src/local/salesforce/users.ts';
import type { OauthTokenRow, Org, OrgRecords, User } from '../../../src/local/salesforce/types.ts';

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
  readonly body: AnswerBody;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Fields of records that tests read one by one; whole records are matched. */
export interface TestRecord {
  readonly Id: string;
  readonly Name: string;
  readonly LastName: string;
  readonly Title: string | null;
  readonly Phone: string;
  readonly Owner: unknown;
  readonly Contact: { readonly Phone: string };
  readonly Contacts: unknown;
  readonly Cases: unknown;
  readonly ContactPhone: string;
  readonly PermissionSetLicense: unknown;
  readonly PermissionsModifyAllData: unknown;
}

/** Lists that a test reads the first element of: it fails, rather than the types, when there is none. */
type Several<T> = readonly [T, ...T[]];

interface FieldOrObject {
  readonly name: string;
}

/** What the answers of all resources may have. Of an array of errors, the first. */
export interface AnswerBody {
  readonly 0: { readonly errorCode: string; readonly message: string };
  readonly id: string;
  readonly totalSize: number;
  readonly done: boolean;
  readonly records: Several<TestRecord>;
  readonly searchRecords: Several<TestRecord>;
  readonly compositeResponse: Several<{ readonly httpStatusCode: number }>;
  readonly fields: readonly FieldOrObject[];
  readonly sobjects: readonly FieldOrObject[];
  readonly childRelationships: readonly unknown[];
  readonly plans: Several<unknown>;
  readonly DailyApiRequests: unknown;
}

/** Matchers whose type is not `any`. */
export const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);
export const including = (part: object): unknown => expect.objectContaining(part);

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
    policies: { ...defaultPolicies(), searchIndexDelayMs: 60_000, apiUsed: 18 },
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
      body: (answer.body === '' ? undefined : JSON.parse(answer.body)) as AnswerBody,
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
