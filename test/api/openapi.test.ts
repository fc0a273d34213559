import { Validator } from '@seriousme/openapi-schema-validator';
import * as fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secretTokens } from '../../src/crypto/tokens.ts';
import { answerFormats, answerReasons, type Finding } from '../../src/domain/lookup.ts';
import { accountTokenPrefix } from '../../src/use-cases/create-account-token.ts';
import { accountId, lookup, pbx } from '../support/fakes/lookups.ts';
import {
  anyAsk,
  holdToDocument,
  operationsOf,
  rightAsk,
  toRequest,
  type Ask,
  type Credentials,
  type OpenApiDocument,
} from '../support/openapi-client.ts';
import { createTestPhoneApi, type TestPhoneApi } from '../support/phone-api.ts';
import { createTestPortal } from '../support/portal.ts';

let api: TestPhoneApi;
let app: FastifyInstance;
let document: OpenApiDocument;
let credentials: Credentials;
/** The statuses that each operation was answered with. */
let seen: Set<string>;

beforeEach(async () => {
  api = await createTestPhoneApi();
  ({ app } = await createTestPortal({ phoneApi: api.plugin }));
  document = (await app.inject('/api/openapi.json')).json<OpenApiDocument>();
  const dataLookupId = 'DDDDDD-DDDDDD-DDDDDD';
  api.directory.lookups.set(dataLookupId, { ...lookup, id: dataLookupId, kind: 'data' });
  const token = await api.newToken();
  const accountToken = accountTokenPrefix + secretTokens.create();
  await api.accountTokens.create({
    accountId,
    name: 'A program',
    tokenHash: secretTokens.hash(accountToken),
    expiresAtMs: undefined,
  });
  credentials = {
    bearer: (request) => ({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } }),
    query: (request) => ({
      ...request,
      url: `${request.url}${request.url.includes('?') ? '&' : '?'}token=${token}`,
    }),
    accountToken: (request) => ({
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${accountToken}` },
    }),
  };
  seen = new Set();
});
afterEach(async () => {
  await app.close();
  await api.close();
});

const findings: fc.Arbitrary<Finding> = fc.record(
  {
    reason: fc.constantFrom(...answerReasons.filter((reason) => reason !== 'deadline')),
    matches: fc.nat(20),
    extension: fc.string({ unit: 'binary', maxLength: 10 }),
    fields: fc.dictionary(
      fc.constantFrom('FirstName', 'Account_Name', 'x1'),
      fc.string({ unit: 'binary', maxLength: 20 }),
    ),
  },
  { requiredKeys: ['reason', 'matches'] },
);

/** Sets the phone system and Salesforce as they are to be, asks, and holds the answer to the document. */
async function ask(
  asked: Ask,
  world: { finding: Finding; format: (typeof answerFormats)[number]; isMiss404: boolean },
) {
  const known = api.directory.pbxs.get(pbx.id);
  if (!known) throw new Error('the phone system is gone');
  api.directory.pbxs.set(pbx.id, {
    ...known,
    pbx: {
      ...pbx,
      answerFormat: world.format,
      notFoundOnMiss: world.isMiss404,
      fallbackExtension: undefined,
      defaultDataLookupId: 'DDDDDD-DDDDDD-DDDDDD',
      limits: { perSecond: 10_000, burst: 10_000, inFlight: 10_000 },
    },
  });
  api.findRecord = async () => ({ ok: true, finding: world.finding, apiUsage: undefined });
  const answer = await app.inject(toRequest(asked, credentials));
  holdToDocument(asked, answer);
  seen.add(`${asked.operation.operationId} ${String(answer.statusCode)}`);
  return answer;
}

const worlds = fc.record({
  finding: findings,
  format: fc.constantFrom(...answerFormats),
  isMiss404: fc.boolean(),
});

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1 to a validator that knows nothing of us', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate({ ...document });
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(validator.version).toBe('3.1');
  });

  it('names every operation once', () => {
    const names = operationsOf(document).map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(8);
  });
});

describe('a client that knows only the document', () => {
  it('is answered as described, whatever it asks', async () => {
    const asks = fc.oneof(...operationsOf(document).map((operation) => anyAsk(operation, credentials)));
    await fc.assert(
      fc.asyncProperty(asks, worlds, async (asked, world) => {
        await ask(asked, world);
      }),
      { numRuns: 1_500 },
    );
    const statuses = new Set([...seen].map((key) => key.split(' ')[1]));
    expect([...statuses]).toEqual(expect.arrayContaining(['200', '400', '401', '404', '405', '415', '429']));
  });

  it('is never told that its request is wrong when it keeps to the document', async () => {
    const asks = fc
      .oneof(...operationsOf(document).map((operation) => rightAsk(operation, credentials)))
      .filter(({ operation, query, body }) => {
        const isLookup = operation.parameters?.some(({ name }) => name === 'callerid') === true;
        // What the description asks for in words.
        const sent = new Set([...query.map(([name]) => name), ...(body?.text.match(/\w+id/g) ?? [])]);
        return !isLookup || ['callerid', 'calledid', 'ivrid'].some((name) => sent.has(name));
      });
    await fc.assert(
      fc.asyncProperty(asks, worlds, async (asked, world) => {
        const { statusCode, body } = await ask(asked, world);
        expect([200, 404, 409], body).toContain(statusCode);
      }),
      { numRuns: 600 },
    );
    for (const { operationId } of operationsOf(document)) expect(seen).toContain(`${operationId} 200`);
  });
});
