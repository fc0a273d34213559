import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openFrontDoor, type FrontDoor } from '../../src/front-door.ts';
import { tellClientErrors } from '../../web/plugins/client-errors.ts';
import { orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestPhoneApi, type TestPhoneApi } from '../support/phone-api.ts';

const path = `/api/ExtNo/${pbx.id}${orgId}/`;

let api: TestPhoneApi;
let frontDoor: FrontDoor;
beforeEach(async () => {
  api = await createTestPhoneApi();
  await api.app.ready();
  frontDoor = await openFrontDoor('127.0.0.1', 0, tellClientErrors);
  frontDoor.handOver((request, response) => {
    api.app.routing(request, response);
  });
});
afterEach(async () => {
  await frontDoor.close();
  await api.close();
});

/** Everything that is answered until the server ends the connection; `end`: no more will come from us. */
async function send(sent: string, { port = frontDoor.port, end = false } = {}): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.write(sent);
  if (end) socket.end();
  const answered = await text(socket);
  socket.destroy();
  return answered;
}

function expectProblem(answered: string, status: number, title: string): void {
  const [head = '', body = ''] = answered.split('\r\n\r\n');
  const [first, ...headers] = head.split('\r\n');
  expect(first).toBe(`HTTP/1.1 ${String(status)} ${title}`);
  expect(headers).toEqual([
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${String(body.length)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ]);
  expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', title, status, code: 'REQUEST_INVALID' });
}

it('tells of an address or headers that are too long', async () => {
  const long = 'x'.repeat(20_000);
  const url = `GET ${path}?callerid=${long} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const header = `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Long: ${long}\r\n\r\n`;
  for (const sent of [url, header]) expectProblem(await send(sent), 431, 'Request Header Fields Too Large');
});

it.each([
  ['no HTTP', 'hello\r\n\r\n'],
  ['a header that is none', `GET ${path} HTTP/1.1\r\nHost x\r\n\r\n`],
  ['a length that is none', `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: long\r\n\r\n`],
  ['a chunk that is none', `POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nlong\r\n`],
  ['headers cut short', `GET ${path} HTTP/1.1\r\nHost: x\r\n`],
  [
    'a body cut short',
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"callerid":`,
  ],
])('tells of %s', async (_, sent) => {
  expectProblem(await send(sent, { end: true }), 400, 'Bad Request');
});

it('tells of it on a connection that has been answered before', async () => {
  const ask = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const socket = connect({ port: frontDoor.port, host: '127.0.0.1' });
  socket.write(ask);
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 401 /);
  socket.write('hello\r\n\r\n');
  expectProblem(await text(socket), 400, 'Bad Request');
});

async function serve(listener: RequestListener, options: object = {}): Promise<{ server: Server; port: number }> {
  const server = createServer(options, listener);
  tellClientErrors(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

it('tells of a request that does not arrive in time', async () => {
  const { server, port } = await serve(() => undefined, { headersTimeout: 50, connectionsCheckingInterval: 20 });
  expectProblem(await send('GET / HTTP/1.1\r\nHost: x\r\n', { port }), 408, 'Request Timeout');
  server.close();
});

it('adds nothing to an answer that is under way', async () => {
  const { server, port } = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('half');
  });
  const answered = await send('GET / HTTP/1.1\r\nHost: x\r\n\r\nhello\r\n\r\n', { port }).catch(String);
  expect(answered).not.toContain('problem');
  server.close();
});
