import { expect, it } from 'vitest';
import { observeUser } from '../../../src/use-cases/observe-user.ts';
import type { SalesforceFailure, SalesforceRecord, SalesforceResult } from '../../../src/ports.ts';

const issuedAtMs = Date.UTC(2026, 10, 23, 9, 0, 0);
const failure: SalesforceFailure = {
  kind: 'failure',
  cause: 'request-refused',
  answer: 'INVALID_TYPE',
  retryable: false,
};
type Rows = readonly SalesforceRecord[] | 'refused';

const result = (rows: Rows): SalesforceResult<readonly SalesforceRecord[]> =>
  rows === 'refused' ? { ok: false, failure } : { ok: true, value: rows, apiUsage: undefined };

function observe(given: { tokens?: Rows; packages?: Rows; all?: 'refused'; installed?: boolean; namespace?: string }) {
  const asked: string[] = [];
  const observed = observeUser(
    {
      data: {
        async queries(_session, soql) {
          asked.push(...soql.map((query) => (typeof query === 'string' ? query : query.soql)));
          if (given.all) return { ok: false, failure };
          const answers = [result(given.tokens ?? []), result(given.packages ?? [])];
          return { ok: true, value: answers.slice(0, soql.length), apiUsage: undefined };
        },
      },
      oauth: { isAppInstalled: async () => given.installed },
      licence: { namespace: given.namespace, permissionSetLicense: undefined },
    },
    { orgId: '00DA0000000BhM2MAK', instanceUrl: 'https://acme.my.salesforce.com', accessToken: 'a', version: 1 },
    { userId: "005'", issuedAtMs },
    AbortSignal.timeout(1_000),
  );
  return { observed, asked };
}

it('notices approvals, the app and the end of the licence', async () => {
  const grant = { AppName: 'Trunkline', LastUsedDate: '2026-11-23T09:00:01.000+0000' };
  const { observed, asked } = observe({
    tokens: [grant, grant],
    packages: [{ ExpirationDate: '2026-12-01T00:00:00.000+0000' }],
    installed: true,
    namespace: 'acd',
  });
  expect(await observed).toEqual({ grants: 2, appInstalled: true, licenceEndsAtMs: Date.UTC(2026, 11, 1) });
  expect(asked).toEqual([
    "SELECT AppName, LastUsedDate FROM OauthToken WHERE UserId = '005\\''",
    "SELECT ExpirationDate FROM PackageLicense WHERE NamespacePrefix = 'acd'",
  ]);
});

it('takes a licence without an end for one that never ends', async () => {
  expect(await observe({ packages: [{ ExpirationDate: null }], namespace: 'acd' }).observed).toEqual({
    licenceEndsAtMs: null,
  });
});

it.each([{ all: 'refused' } as const, { tokens: 'refused', packages: 'refused', namespace: 'acd' } as const])(
  'leaves out what this user may not read: %j',
  async (given) => {
    expect(await observe(given).observed).toEqual({});
  },
);

it('knows nothing of a licence that is not there', async () => {
  expect(await observe({ packages: [], namespace: 'acd' }).observed).toEqual({});
});

it('asks for no package where the licence is another one', async () => {
  const { observed, asked } = observe({});
  await observed;
  expect(asked).toHaveLength(1);
});
