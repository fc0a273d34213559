import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSalesforceHttp, type SalesforceHttp } from '../../../src/salesforce/http.ts';

const mebibyte = 1024 * 1024;
const json = { 'content-type': 'application/json' };

let answer: RequestListener;
let server: Server;
let sockets: Set<Socket>;
let http: SalesforceHttp;
let url: string;

beforeEach(async () => {
  sockets = new Set();
  server = createServer((request, response) => answer(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  http = createSalesforceHttp();
});
afterEach(async () => {
  await http.close();
  server.closeAllConnections();
  server.close();
});

const get = (signal = AbortSignal.timeout(5_000), maxAnswerBytes = mebibyte) =>
  http.send({ method: 'GET', url, headers: {}, maxAnswerBytes }, signal);

it('refuses an answer that says that it is too large before any of it comes, and ends its connection', async () => {
  answer = (_, response) => response.writeHead(200, { ...json, 'content-length': String(mebibyte + 1) }).flushHeaders();
  await expect(get()).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
  await expect.poll(() => sockets.size).toBe(0);
  await expect(get(AbortSignal.timeout(100), 2 * mebibyte)).rejects.toMatchObject({ name: 'TimeoutError' });
});

it('reads no more of an answer that does not say how large it is than the call takes', async () => {
  let poured = 0;
  const block = 'x'.repeat(65_536);
  function* endless() {
    for (;;) {
      poured += block.length;
      yield block;
    }
  }
  answer = (_, response) => {
    response.writeHead(200, json);
    pipeline(endless, response).catch(() => undefined);
  };
  await expect(get()).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
  await expect.poll(() => sockets.size).toBe(0);
  // What the two ends of a connection hold on the way counts too.
  expect(poured).toBeLessThan(8 * mebibyte);
});

it('takes from each call what it allows', async () => {
  answer = (_, response) => response.writeHead(200, json).end('x'.repeat(2 * mebibyte));
  await expect(get()).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
  expect((await get(undefined, 4 * mebibyte)).body).toHaveLength(2 * mebibyte);
});

it('hands over no large answer after the deadline, however many become whole at once', async () => {
  const body = JSON.stringify(Array.from({ length: 2_000 }, (_, number) => ({ number, text: 'x'.repeat(40) })));
  const calls = 30;
  const open: ServerResponse[] = [];
  answer = (_, response) => {
    response.writeHead(200, json).write(body.slice(0, -1), () => open.push(response));
  };
  const deadline = new AbortController();
  let deadlineAtMs = Infinity;
  let late = 0;
  const asking = Array.from({ length: calls }, async () => {
    JSON.parse((await get(deadline.signal)).body);
    if (performance.now() > deadlineAtMs) late += 1;
    // As long as parsing an answer as large as may be can take.
    const until = performance.now() + 20;
    while (performance.now() < until);
  });
  await expect.poll(() => open.length).toBe(calls);
  for (const response of open) response.end(body.slice(-1));
  deadlineAtMs = performance.now() + 100;
  setTimeout(() => deadline.abort(), 100);
  const ended = await Promise.allSettled(asking);
  expect(ended.some(({ status }) => status === 'rejected')).toBe(true);
  expect(late).toBeLessThanOrEqual(1);
});
