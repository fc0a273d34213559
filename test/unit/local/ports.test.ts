import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { anyFreePorts, choosePorts, missingPublicUrl, namesOf } from '../../../src/local/ports.ts';
import { anotherAddress } from '../../support/network.ts';

const choose = (environment: Record<string, string>) =>
  choosePorts(loadConfig({ ...anyFreePorts, ...environment }).settings, true);

async function takenOn(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test.each(['PORT', 'METRICS_PORT', 'SALESFORCE_STAND_IN_PORT'])('%s is looked for where HOST says', async (name) => {
  const HOST = anotherAddress();
  const port = await takenOn(HOST);
  await expect(choose({ HOST, [name]: String(port) })).rejects.toThrow(`set ${name} to a free port`);
  await expect(choose({ [name]: String(port) })).resolves.toHaveProperty(name, port);
});

test.each(['POSTGRES_PORT', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT'])(
  '%s is looked for on this machine alone, whatever HOST says',
  async (name) => {
    const port = await takenOn('127.0.0.1');
    const HOST = anotherAddress();
    await expect(choose({ HOST, [name]: String(port) })).rejects.toThrow(`set ${name} to a free port`);
  },
);

test.each(['POSTGRES_PORT', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT', 'SALESFORCE_STAND_IN_PORT'])(
  'a taken %s is no matter where the part is somewhere else',
  async (name) => {
    const port = await takenOn('127.0.0.1');
    const elsewhere = { DATABASE_URL: 'postgres://db.example/trunkline', TEMPORAL_ADDRESS: 'temporal.example:7233' };
    const { settings } = loadConfig({ ...anyFreePorts, ...elsewhere, [name]: String(port) });
    await expect(choosePorts(settings, false)).resolves.toHaveProperty(name, port);
  },
);

test.each([
  ['127.0.0.1', 'http://localhost:3000', '127.0.0.1', '127.0.0.1'],
  ['127.0.0.1', 'https://acd.example', '127.0.0.1', '127.0.0.1'],
  ['10.0.0.5', 'http://localhost:3000', '10.0.0.5', '10.0.0.5'],
  ['0.0.0.0', 'http://10.0.0.5:3000', '10.0.0.5', '127.0.0.1'],
  ['0.0.0.0', 'http://localhost:3000', 'localhost', '127.0.0.1'],
  ['::', 'http://[fd00::5]:3000', '[fd00::5]', '127.0.0.1'],
  ['::1', 'http://localhost:3000', '[::1]', '[::1]'],
])('what listens on %s beside a portal on %s is called %s, and %s from here', (host, publicUrl, known, local) => {
  expect(namesOf(host, publicUrl)).toEqual({ public: known, local });
});

test.each([
  [
    '10.0.0.5',
    undefined,
    /^HOST is 10\.0\.0\.5, and .+ http:\/\/localhost:3000: set PUBLIC_URL .+ http:\/\/10\.0\.0\.5:3000\.$/,
  ],
  [
    '0.0.0.0',
    undefined,
    /^HOST is 0\.0\.0\.0, and .+ http:\/\/localhost:3000: set PUBLIC_URL .+ http:\/\/[^0].*:3000\.$/,
  ],
  ['0.0.0.0', 'http://10.0.0.5:3000', undefined],
  ['127.0.0.1', undefined, undefined],
])('of HOST %s with PUBLIC_URL %s is said %s', (HOST, PUBLIC_URL, sentence) => {
  const { settings } = loadConfig({ HOST, PUBLIC_URL });
  const said = missingPublicUrl(settings, settings);
  if (sentence === undefined) expect(said).toBeUndefined();
  else expect(said).toMatch(sentence);
});
