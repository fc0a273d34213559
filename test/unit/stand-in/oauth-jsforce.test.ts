import { Connection, OAuth2 } from 'jsforce';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { standInClientId, standInClientSecret, startStandIn } from '../../../src/local/salesforce/server.ts';
import type { StandIn } from '../../../src/local/salesforce/server.ts';
import { acme, adminId, callback, createBrowser, decide, signIn } from './oauth-browser.ts';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn({ port: 0 });
});
afterAll(() => standIn.close());

/** Another client than ours, as it comes: its web flow, its refresh, its identity, its records. */
async function connectWithJsforce(): Promise<Connection> {
  const oauth2 = new OAuth2({
    loginUrl: standIn.url,
    clientId: standInClientId,
    clientSecret: standInClientSecret,
    redirectUri: callback,
    useVerifier: true,
  });
  const browser = createBrowser(standIn.url);
  const login = await browser.go(oauth2.getAuthorizationUrl({ scope: 'api refresh_token id', prompt: 'consent' }));
  const { url } = await decide(browser, await signIn(browser, login), 'save');
  const connection = new Connection({ oauth2, version: '67.0' });
  await connection.authorize(url.searchParams.get('code') ?? '');
  return connection;
}

it('lets jsforce log in by the web flow, query, create and ask for its identity', async () => {
  const connection = await connectWithJsforce();
  expect(connection.instanceUrl).toBe(standIn.orgUrl(acme));
  expect(connection.userInfo).toMatchObject({ id: adminId, organizationId: acme });
  expect(await connection.identity()).toMatchObject({ username: 'admin@acme.example', organization_id: acme });
  const { records } = await connection.query(`SELECT Id FROM User WHERE Id = '${adminId}'`);
  expect(records.map(({ Id }) => Id)).toEqual([adminId]);
  const created = await connection.sobject('Task').create({ Subject: 'A call' });
  expect(created.success).toBe(true);
  expect(connection.limitInfo.apiUsage).toMatchObject({ limit: 15_000 });
});

it('lets jsforce refresh by itself when the session has ended, and log out', async () => {
  standIn.control.changeOrg(acme, { policies: { rotation: false } });
  const connection = await connectWithJsforce();
  const former = connection.accessToken;
  await standIn.control.addFault({ fault: 'expire-access', org: acme });
  const { records } = await connection.query(`SELECT Id FROM User WHERE Id = '${adminId}'`);
  expect(records).toHaveLength(1);
  expect(connection.accessToken).not.toBe(former);
  await connection.logout(true);
  expect(standIn.control.describeOrg(acme).grants).toBe(1);
});
