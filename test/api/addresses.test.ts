import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestPhoneApi, type TestPhoneApi } from '../support/phone-api.ts';
import { createTestPortal, publicUrl } from '../support/portal.ts';

let api: TestPhoneApi;
let app: FastifyInstance;

beforeEach(async () => {
  api = await createTestPhoneApi();
  ({ app } = await createTestPortal({ phoneApi: api.plugin }));
  await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  await app.close();
  await api.close();
});

/** Sends the target as it stands, which a client that parses URLs would not. */
async function ask(target: string, { method = 'GET', host = new URL(publicUrl).host } = {}) {
  const { port } = app.server.address() as AddressInfo;
  const asking = request({ port, host: '127.0.0.1', method, path: target, headers: { host } });
  asking.end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

const tooLong = 'x'.repeat(1_001);

describe('an address that cannot be read', () => {
  it.each([
    ['no hexadecimal digits', '/api/%ZZ', 400],
    ['half a character', '/acd/api/ExtNo/%C3', 400],
    ['one at the old prefix', '/acd/%ZZ', 400],
    ['one for proxies', '/health/%', 400],
    ['one too long', `/api/ExtNo/${tooLong}`, 414],
    ['one too long at the old prefix', `/acd/api/${tooLong}`, 414],
  ])('is told to a program as a problem: %s', async (_, target, status) => {
    const answer = await ask(target);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(answer.body)).toMatchObject({ status, code: 'REQUEST_INVALID' });
    expect(answer.status).toBe(status);
  });

  it('is told in one line to a phone system that reads text', async () => {
    for (const query of ['format=text', 'Format=TEXT&callerid=%ZZ']) {
      const answer = await ask(`/api/ExtNo/%ZZ?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'no-store',
      });
      expect(answer.body).toMatch(/^The address cannot be read: [^\n]+\n$/);
    }
  });

  it.each([
    ['no hexadecimal digits', '/%ZZ', 400],
    ['one too long', `/lookups/${tooLong}`, 414],
  ])('is told to a browser as a page: %s', async (_, target, status) => {
    const answer = await ask(target);
    expect([answer.status, answer.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
    expect(answer.body).toContain('<main');
  });
});

it('says in the form that is read that nothing is at an address of the phone API, and lets nobody keep it', async () => {
  const answer = await ask('/api/ExtNo?format=text');
  expect([answer.status, answer.body]).toEqual([404, 'There is nothing at this address.\n']);
  expect(answer.headers['cache-control']).toBe('no-store');
});

describe('a target in absolute form', () => {
  it('leads a browser that names another host to the same page here', async () => {
    const answer = await ask('http://other.example/sign-in?next=/lookups');
    expect([answer.status, answer.headers.location]).toEqual([307, `${publicUrl}/sign-in?next=/lookups`]);
    expect((await ask('http://other.example')).headers.location).toBe(`${publicUrl}/`);
    expect((await ask('*', { method: 'OPTIONS', host: 'other.example' })).headers.location).toBe(`${publicUrl}/`);
  });

  it('counts more than the header', async () => {
    expect((await ask(`${publicUrl}/sign-in`, { host: 'other.example' })).status).toBe(200);
  });

  it('is answered to a phone system', async () => {
    const token = await api.newToken();
    const answer = await ask(
      `http://proxy.example/api/ExtNo/${pbx.id}${orgId}?callerid=0752543312&format=text&token=${token}`,
    );
    expect([answer.status, answer.body]).toEqual([200, '201\n']);
  });
});
