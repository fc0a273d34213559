import { beforeEach, expect, it } from 'vitest';
import { warningsOf } from '../../../src/domain/early-warnings.ts';
import { missingOf } from '../../../src/domain/user-rights.ts';
import type { SalesforceSession } from '../../../src/ports.ts';
import { createSalesforceData } from '../../../src/salesforce/data.ts';
import { observeUser } from '../../../src/use-cases/observe-user.ts';
import { readUser } from '../../../src/use-cases/read-user.ts';
import { testNow, testOrg, type TestOrg } from '../stand-in/data-support.ts';

/* A permission-set licence as what the connecting user needs, asked of the stand-in's data API. */

const day = 24 * 3_600_000;
const licence = { namespace: undefined, permissionSetLicense: 'Acd_Agent' };
const session: SalesforceSession = {
  orgId: '00DA0000000BhM2MAK',
  instanceUrl: 'http://localhost',
  accessToken: 'token',
  version: 1,
};
const signal = new AbortController().signal;

let org: TestOrg;
let userId: string;
beforeEach(() => {
  org = testOrg();
  const [user] = org.org.users;
  if (!user) throw new Error('The org has no users');
  user.licences = ['Salesforce', 'Acd_Agent'];
  userId = user.id;
});
const ends = (status: 'Active' | 'Disabled', expiresOn: string | null) => {
  org.org.policies.permissionSetLicenses = { Acd_Agent: { status, expiresOn } };
};

const data = () =>
  createSalesforceData({
    apiVersion: '67.0',
    http: {
      async send({ method, url, headers, body }) {
        const answer = await org.app.inject({
          method,
          url: url.replace(session.instanceUrl, ''),
          headers,
          ...(body === undefined ? {} : { payload: body }),
        });
        return { statusCode: answer.statusCode, headers: { 'content-type': 'application/json' }, body: answer.body };
      },
      close: async () => undefined,
    },
  });
const missing = async () => {
  const read = await readUser(data(), licence, session, userId, signal);
  if (read.kind === 'failed') throw new Error(read.failure.answer);
  return missingOf(read.facts, licence)?.cause;
};
const observed = (of: Parameters<typeof observeUser>[0]['licence'] = licence) =>
  observeUser(
    { data: data(), oauth: { isAppInstalled: async () => undefined }, licence: of },
    session,
    { userId, issuedAtMs: testNow },
    signal,
  );
const warnings = async (of?: typeof licence) =>
  warningsOf({ state: 'active', cause: undefined, lastRefreshedAtMs: testNow, observed: await observed(of) }, testNow);

it('is enough while it lasts', async () => {
  expect(await missing()).toBeUndefined();
  expect(await observed()).toEqual({ licenceEndsAtMs: null });
  expect(await warnings()).toEqual([]);
});

it('is told before it ends', async () => {
  ends('Active', new Date(testNow + 31 * day).toISOString().slice(0, 10));
  expect(await warnings()).toEqual([]);
  ends('Active', new Date(testNow + 12 * day).toISOString().slice(0, 10));
  expect(await missing()).toBeUndefined();
  expect(await warnings()).toEqual(['licence-expiring']);
});

it('is missing once it has ended, although it stays assigned', async () => {
  ends('Disabled', new Date(testNow - day).toISOString().slice(0, 10));
  expect(await missing()).toBe('acd-licence-missing');
});

it('is no matter where the package’s licence never ends', async () => {
  ends('Active', new Date(testNow + day).toISOString().slice(0, 10));
  expect(await observed({ ...licence, namespace: 'trunkline' })).toEqual({ licenceEndsAtMs: null });
});

it('says nothing of a user who does not have it', async () => {
  const [user] = org.org.users;
  if (user) user.licences = ['Salesforce'];
  ends('Active', new Date(testNow + day).toISOString().slice(0, 10));
  expect(await missing()).toBe('acd-licence-missing');
  expect(await observed()).toEqual({});
});
