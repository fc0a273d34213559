import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../src/use-cases/public-address.ts';
import { createWebhookSender } from '../../../src/webhooks/webhook-sender.ts';

let received: {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}[];
let answer: (response: ServerResponse) => void;
let port: number;
const receive: RequestListener = (request, response) => {
  void text(request).then((body) => {
    const { method, url, headers } = request;
    received.push({ method, url, headers, body });
    answer(response);
  });
};
const server = createServer(receive);

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  received = [];
  answer = (response) => void response.writeHead(204).end();
});

/** Names of a test that lead to these addresses, one after the other. */
function sender(
  options: {
    allowPrivate?: boolean;
    addresses?: readonly (readonly string[])[];
    limitMs?: number;
    certificateAuthority?: string;
  } = {},
) {
  const resolved: string[] = [];
  const answers = [...(options.addresses ?? [])];
  const webhooks = createWebhookSender({
    allowPrivate: options.allowPrivate ?? true,
    limitMs: options.limitMs ?? 5_000,
    ...(options.certificateAuthority === undefined ? {} : { certificateAuthority: options.certificateAuthority }),
    lookup(hostname, _options, callback) {
      resolved.push(hostname);
      const addresses = answers.shift();
      if (!addresses) callback(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), []);
      else
        callback(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
    },
  });
  return { webhooks, resolved };
}
const message = (url: string) => ({ url, body: '{"event":"test"}', headers: { 'x-trunkline-nonce': 'abcdefgh' } });

describe('an address', () => {
  it.each(['1.1.1.1', '8.8.8.8', '2606:4700:4700::1111', '2a00:1450:4001:81b::200e', '::ffff:8.8.8.8'])(
    '%s is public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::a00:1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
  ])('%s is none', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('a webhook', () => {
  it('gets a POST with JSON and the headers, by name and by address', async () => {
    const { webhooks, resolved } = sender({ addresses: [['127.0.0.1']] });
    expect(await webhooks.send(message(`http://hooks.example:${port}/a/b?c=d`))).toBeUndefined();
    expect(await webhooks.send(message(`http://127.0.0.1:${port}/`))).toBeUndefined();
    expect(resolved).toEqual(['hooks.example']);
    expect(received).toMatchObject([
      {
        method: 'POST',
        url: '/a/b?c=d',
        body: '{"event":"test"}',
        headers: { 'content-type': 'application/json; charset=utf-8', 'x-trunkline-nonce': 'abcdefgh' },
      },
      { url: '/' },
    ]);
  });

  it.each([
    ['http://127.0.0.1', []],
    ['https://127.0.0.1', []],
    ['https://[::1]', []],
    ['https://[::ffff:7f00:1]', []],
    ['https://2130706433', []],
    ['https://0x7f.1', []],
    ['https://169.254.169.254', []],
    ['https://user:word@hooks.example', [['1.1.1.1']]],
    ['https://hooks.example', [['127.0.0.1']]],
    ['https://hooks.example', [['1.1.1.1', '10.0.0.1']]],
    ['https://hooks.example', [['::ffff:127.0.0.1']]],
    ['ftp://hooks.example', [['1.1.1.1']]],
    ['not an address', []],
  ])('at %s (%j) gets nothing while private networks are not allowed', async (origin, addresses) => {
    const { webhooks } = sender({ allowPrivate: false, addresses });
    const url = origin.startsWith('h') ? `${origin}:${port}/` : origin;
    expect(await webhooks.send(message(url))).toBe('address-not-allowed');
    expect(received).toEqual([]);
  });

  it('is resolved once, so that the address that was checked is the one that is connected to', async () => {
    const { webhooks, resolved } = sender({ addresses: [['127.0.0.1'], ['192.0.2.1']] });
    expect(await webhooks.send(message(`http://hooks.example:${port}/`))).toBeUndefined();
    expect(resolved).toEqual(['hooks.example']);
  });

  it('is not followed elsewhere', async () => {
    const { webhooks } = sender();
    answer = (response) => void response.writeHead(307, { location: `http://127.0.0.1:${port}/elsewhere` }).end();
    expect(await webhooks.send(message(`http://127.0.0.1:${port}/`))).toBe('answered-307');
    expect(received.map(({ url }) => url)).toEqual(['/']);
  });

  it('has failed with any other status, told by its number', async () => {
    const { webhooks } = sender();
    answer = (response) => void response.writeHead(500).end('no');
    expect(await webhooks.send(message(`http://127.0.0.1:${port}/`))).toBe('answered-500');
  });

  it('has failed when it does not answer in time', async () => {
    const { webhooks } = sender({ limitMs: 200 });
    answer = () => undefined;
    expect(await webhooks.send(message(`http://127.0.0.1:${port}/`))).toBe('no-answer');
  });

  it('was taken when its answer never ends', async () => {
    const { webhooks } = sender({ limitMs: 500 });
    answer = (response) => void response.writeHead(200).write('and then');
    expect(await webhooks.send(message(`http://127.0.0.1:${port}/`))).toBeUndefined();
  });

  it('has failed when its name is unknown, and when nobody listens', async () => {
    const { webhooks } = sender();
    expect(await webhooks.send(message('http://nowhere.example/'))).toBe('host-unknown');
    expect(await webhooks.send(message('http://127.0.0.1:1/'))).toBe('unreachable');
  });
});

describe('over https, a webhook', () => {
  let certificate: string;
  let securePort: number;
  const cleanup = new AsyncDisposableStack();
  beforeAll(async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'hooks.example' }], {
      keyType: 'ec',
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: 'hooks.example' }] },
      ],
    });
    certificate = cert;
    const secure = createSecureServer({ cert, key }, receive).listen(0, '127.0.0.1');
    await once(secure, 'listening');
    securePort = (secure.address() as AddressInfo).port;
    cleanup.defer(() => {
      secure.closeAllConnections();
      secure.close();
    });
  });
  afterAll(() => cleanup.disposeAsync());

  it('gets the message at the name that its certificate has', async () => {
    const { webhooks } = sender({ addresses: [['127.0.0.1']], certificateAuthority: certificate });
    expect(await webhooks.send(message(`https://hooks.example:${securePort}/a`))).toBeUndefined();
    expect(received).toMatchObject([{ method: 'POST', url: '/a', body: '{"event":"test"}' }]);
  });

  it('gets nothing when its certificate is of nobody who is believed, or has another name', async () => {
    const { webhooks } = sender({ addresses: [['127.0.0.1']] });
    expect(await webhooks.send(message(`https://hooks.example:${securePort}/`))).toBe('certificate-refused');
    const { webhooks: believing } = sender({ addresses: [['127.0.0.1']], certificateAuthority: certificate });
    expect(await believing.send(message(`https://others.example:${securePort}/`))).toBe('certificate-refused');
    expect(received).toEqual([]);
  });
});
