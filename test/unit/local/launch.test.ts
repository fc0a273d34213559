import { expect, onTestFinished, test } from 'vitest';
import { launchStandIn } from '../../../src/local/launch.ts';
import { freePort } from '../../../src/local/network.ts';
import { standInClientId } from '../../../src/local/salesforce/policies.ts';
import { anotherAddress } from '../../support/network.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('the stand-in gets its address, the callback of the portal and the version of the API', async () => {
  const [host, port] = [anotherAddress(), await freePort()];
  const service = await launchStandIn({
    host,
    names: { public: 'salesforce.example', local: host },
    port,
    callbackUrl: 'http://portal.example/salesforce/callback',
    apiVersion: '68.0',
    dataDir: await temporaryFolder(),
    records: undefined,
    signal: new AbortController().signal,
  });
  onTestFinished(() => service.stop());

  const get = (path: string) => fetch(`http://${host}:${port}${path}`, { redirect: 'manual' });
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow(); // not on every address
  expect(await (await get('/.well-known/openid-configuration')).json()).toHaveProperty(
    'issuer',
    `http://salesforce.example:${port}`,
  );
  const versions = (await (await get('/services/data/')).json()) as { version: string }[];
  expect(versions.at(-1)?.version).toBe('68.0');
  const authorize = (callback: string) =>
    get(
      `/services/oauth2/authorize?${new URLSearchParams({
        response_type: 'code',
        client_id: standInClientId,
        redirect_uri: callback,
      }).toString()}`,
    );
  const leadsTo = async (callback: string) => (await authorize(callback)).headers.get('location');
  expect(await leadsTo('http://portal.example/salesforce/callback')).toMatch(/^\/\?ec=302&startURL=/);
  expect(await leadsTo('http://elsewhere.example/salesforce/callback')).toContain('redirect_uri_mismatch');
});
