import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secretTokens } from '../../src/crypto/tokens.ts';
import { accountTokenPrefix } from '../../src/use-cases/create-account-token.ts';
import { accountId, connection, orgId } from '../support/fakes/lookups.ts';
import { createTestPhoneApi, type TestPhoneApi } from '../support/phone-api.ts';

let api: TestPhoneApi;
let token: string;
const newToken = async (owner: string, expiresAtMs?: number) => {
  const secret = accountTokenPrefix + secretTokens.create();
  const tokenHash = secretTokens.hash(secret);
  await api.accountTokens.create({ accountId: owner, name: 'Monitoring', tokenHash, expiresAtMs });
  return secret;
};
beforeEach(async () => {
  api = await createTestPhoneApi();
  token = await newToken(accountId);
});
afterEach(() => api.close());

const ask = (path: string, bearer: string | undefined = token) =>
  api.app.inject({ url: path, headers: bearer === '' ? {} : { authorization: `Bearer ${bearer}` } });

describe('the status of a connection', () => {
  it('is what its page says', async () => {
    api.directory.setConnection({
      ...connection,
      state: 'broken',
      cause: 'user-inactive',
      lastCheckedAtMs: 1_700_000_100_000,
      apiUsed: 90,
      apiMax: 100,
    });
    const answer = await ask(`/api/connections/${orgId}/status`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({
      orgId,
      status: 'Inactive',
      state: 'broken',
      since: '2023-11-14T22:13:20.000Z',
      summary: 'The Salesforce user is deactivated',
      reason: 'user-inactive',
      explanation: 'The Salesforce user is deactivated. admin@acme.example is not active in Salesforce any more.',
      nextStep: expect.stringContaining('Activate the user again') as unknown,
      setup: 'Setup → Users → Users → Edit → Active',
      warnings: [],
      lastChecked: '2023-11-14T22:15:00.000Z',
      lastRefreshed: null,
      nextRefresh: null,
      apiCalls: { used: 90, max: 100 },
    });
  });

  it('names early warnings while it is active', async () => {
    api.directory.setConnection({ ...connection, apiUsed: 90, apiMax: 100 });
    expect((await ask(`/api/connections/${orgId}/status`)).json()).toMatchObject({
      status: 'Active',
      reason: null,
      nextStep: null,
      warnings: [{ warning: 'api-calls-high', explanation: expect.stringContaining('80 %') as unknown }],
    });
  });

  it('says what to do also when it is disconnected', async () => {
    api.directory.setConnection({ ...connection, state: 'disconnected' });
    expect((await ask(`/api/connections/${orgId}/status`)).json()).toMatchObject({
      status: 'Inactive',
      reason: null,
      explanation: expect.stringContaining('Salesforce was disconnected in Trunkline.') as unknown,
      nextStep: expect.stringContaining('Click To Connect Salesforce') as unknown,
    });
  });

  it.each([orgId.toLowerCase(), orgId.slice(0, 15)])(
    'is found by %s, under both prefixes, with and without the slash',
    async (id) => {
      for (const path of [`/api/connections/${id}/status`, `/acd/api/connections/${id}/status/`]) {
        expect((await ask(path)).statusCode).toBe(200);
      }
    },
  );

  it('is the same 404 for an org of others, an unknown one and no connection at all', async () => {
    const stranger = await newToken('33333333-3333-4333-8333-333333333333');
    const answers = [
      await ask(`/api/connections/${orgId}/status`, stranger),
      await ask('/api/connections/00DB0000000CaT5MAK/status'),
      await ask('/api/connections/nonsense/status'),
      await ask(`/api/connections/${orgId.slice(0, 14)}/status`),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([404, 404, 404, 404]);
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  });

  it('needs an account token that is valid', async () => {
    const revoked = await newToken(accountId);
    await api.accountTokens.revoke(accountId, api.accountTokens.all.at(-1)?.id ?? '');
    const expired = await newToken(accountId, Date.now() - 1);
    for (const bearer of ['', 'tla_unknown', 'nonsense', revoked, expired, await api.newToken()]) {
      const answer = await ask(`/api/connections/${orgId}/status`, bearer);
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([401, 'ACCOUNT_TOKEN_INVALID']);
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
    expect((await ask(`/api/connections/${orgId}/status?token=${token}`, '')).statusCode).toBe(401);
  });

  it('has its use remembered', async () => {
    expect(api.accountTokens.all[0]?.lastUsedAtMs).toBeUndefined();
    await ask(`/api/connections/${orgId}/status`);
    expect(api.accountTokens.all[0]?.lastUsedAtMs).toBeDefined();
  });

  it('opens nothing that is a phone system’s', async () => {
    expect((await ask('/api/health/47EC1B-B70D69-818AE6')).statusCode).toBe(401);
  });

  it('is described in the OpenAPI document', async () => {
    const document = (await ask('/api/openapi.json')).json<{
      paths: Record<string, { get?: { security?: unknown; responses?: object } }>;
    }>();
    const { get } = document.paths['/api/connections/{orgId}/status'] ?? {};
    expect(get?.security).toEqual([{ accountToken: [] }]);
    expect(Object.keys(get?.responses ?? {})).toEqual(['200', '400', '401', '404', '500', '503']);
  });
});
