import { expect, it } from 'vitest';
import type { CheckDepth } from '../../../src/domain/connection-life.ts';
import type { Introspection, SalesforceFailure } from '../../../src/ports.ts';
import { checkConnection } from '../../../src/use-cases/check-connection.ts';
import { credentials } from '../../support/fakes/lookups.ts';

const refused: SalesforceFailure = { kind: 'token', cause: 'org-gone', answer: 'HTTP 302', retryable: false };
const away: SalesforceFailure = { kind: 'failure', cause: 'salesforce-error', answer: 'HTTP 503', retryable: true };
const unasked: Introspection = { kind: 'failed', cause: 'salesforce-error', answer: 'HTTP 503' };
const active: Introspection = { kind: 'answered', active: true, expiresAtMs: 1_000 };

type Queries = Parameters<typeof checkConnection>[0]['data']['queries'];
const queriesFail: Queries = async () => ({ ok: false, failure: away });
const silent: Queries = (_session, _soql, signal) =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ ok: false, failure: { ...away, cause: 'salesforce-slow' } }));
  });

/** A check of a session that ends with this failure, if any, maybe only when it is asked again, while introspection says that. */
function check(
  failure: SalesforceFailure | undefined,
  introspection: Introspection,
  { depth, queries, passes = 0 }: { depth: CheckDepth; queries: Queries; passes?: number } = {
    depth: 'session',
    queries: queriesFail,
  },
) {
  let asked = 0;
  return checkConnection(
    {
      credentials: { read: async () => credentials },
      data: {
        query: async () =>
          failure && asked++ >= passes ? { ok: false, failure } : { ok: true, value: [], apiUsage: undefined },
        queries,
      },
      oauth: { introspect: async () => introspection, isAppInstalled: async () => true },
      licence: { namespace: undefined, permissionSetLicense: undefined },
      limitsMs: { session: 100, rights: 60_000 },
    },
    { orgId: credentials.orgId, version: credentials.version, depth },
  );
}

it.each([
  ['active', active, { isTokenActive: true }],
  ['inactive', { ...active, active: false }, { isTokenActive: false }],
  ['nothing', unasked, {}],
] as const)('tells of a refusal what introspection says of the token: %s', async (_says, introspection, said) => {
  expect(await check(refused, introspection)).toEqual({
    kind: 'refused',
    version: credentials.version,
    cause: 'org-gone',
    detail: { answer: 'HTTP 302' },
    ...said,
  });
});

it('takes trouble at Salesforce for no refusal, whatever introspection says', async () => {
  expect(await check(away, { ...active, active: false })).toMatchObject({ kind: 'failed', cause: 'salesforce-error' });
});

it.each([
  ['at once', 0],
  ['only after a while', 2],
])('does not wait for rights that are not told, once a simple call fails: %s', async (_when, passes) => {
  expect(await check(away, unasked, { depth: 'rights', queries: silent, passes })).toMatchObject({
    kind: 'failed',
    cause: 'salesforce-error',
  });
});
