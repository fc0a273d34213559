import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAddresses } from '../../src/use-cases/allowed-addresses.ts';
import type { FindRecordOutcome } from '../../src/use-cases/find-record.ts';
import { orgId, pbx } from '../support/fakes/lookups.ts';
import { createTestPhoneApi, matched, type TestPhoneApi } from '../support/phone-api.ts';

let api: TestPhoneApi;
let token: string;
beforeEach(async () => {
  api = await createTestPhoneApi();
  token = await api.newToken();
});
afterEach(() => api.close());

const ask = (number: string, bearer = token, remoteAddress = '192.0.2.7') =>
  api.app.inject({
    url: `/api/ExtNo/${pbx.id}${orgId}/?callerid=${number}`,
    headers: { authorization: `Bearer ${bearer}` },
    remoteAddress,
  });

function setPbx(changes: Partial<typeof pbx>, importedSecret?: Uint8Array): void {
  const signingSecret = api.directory.pbxs.get(pbx.id)?.signingSecret ?? randomBytes(32);
  api.directory.pbxs.set(pbx.id, {
    signingSecret,
    pbx: { ...pbx, ...changes },
    ...(importedSecret && { importedSecret }),
  });
}

describe('the limits of a phone system', () => {
  it('refuse with Retry-After what is beyond the burst, and fill up again', async () => {
    setPbx({ limits: { perSecond: 20, burst: 2, inFlight: 200 } });
    // At once: on a slow machine, one after the other would be within the rate.
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => ask(`07525433${String(index).padStart(2, '0')}&format=json`)),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 200).length).toBeGreaterThanOrEqual(2);
    const refused = answers.find(({ statusCode }) => statusCode !== 200);
    expect(refused?.headers['retry-after']).toBe('1');
    expect(refused?.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429 });
    await expect.poll(async () => (await ask('0752543305')).statusCode, { interval: 100 }).toBe(200);
  });

  it('refuse what is beyond the questions in flight, until one is answered', async () => {
    setPbx({ limits: { perSecond: 100, burst: 100, inFlight: 1 } });
    const { promise, resolve } = Promise.withResolvers<FindRecordOutcome>();
    api.findRecord = () => promise;
    const first = ask('0752543301');
    await expect.poll(() => api.calls.size).toBe(1);
    expect((await ask('0752543302')).statusCode).toBe(429);
    resolve({ ok: true, finding: matched('201'), apiUsage: undefined });
    expect((await first).statusCode).toBe(200);
    expect((await ask('0752543303')).statusCode).toBe(200);
  });
});

describe('a token', () => {
  it('that is wrong too often from one address is told to slow down there, while the right one is still taken', async () => {
    const wrong = await api.newToken({ secret: randomBytes(32) });
    const statuses = new Set<number>();
    for (let n = 0; n < 20; n += 1) statuses.add((await ask('0752543312', wrong)).statusCode);
    expect([...statuses]).toEqual([401]);
    const refused = await ask('0752543312', wrong);
    expect(refused.statusCode).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await ask('0752543312', wrong, '192.0.2.8')).statusCode).toBe(401);
    expect((await ask('0752543312')).statusCode).toBe(200);
  });

  it('may be bound to addresses and networks', async () => {
    for (const [id, issued] of api.directory.tokens) {
      api.directory.tokens.set(id, { ...issued, allowedAddresses: ['198.51.100.0/24', '2001:db8::/32', '192.0.2.9'] });
    }
    for (const [address, status] of [
      ['198.51.100.77', 200],
      ['::ffff:198.51.100.78', 200],
      ['2001:db8::1', 200],
      ['192.0.2.9', 200],
      ['192.0.2.7', 403],
      ['2001:db9::1', 403],
    ] as const) {
      expect([address, (await ask('0752543312', token, address)).statusCode]).toEqual([address, status]);
    }
    expect(readAddresses(' 10.0.0.0/8, 2001:db8::1\n192.0.2.1 ')).toEqual(['10.0.0.0/8', '2001:db8::1', '192.0.2.1']);
    for (const wrong of ['10.0.0.0/33', 'example.org', '10.1', '1']) expect(readAddresses(wrong)).toBeUndefined();
  });

  it('from elsewhere, without jti, is good where its secret was imported, and only there', async () => {
    const secret = randomBytes(32);
    const old = await new SignJWT()
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer('ACDPt')
      .setAudience(pbx.id)
      .sign(secret);
    expect((await ask('0752543312', old)).statusCode).toBe(401);
    setPbx({}, secret);
    expect((await ask('0752543312', old)).statusCode).toBe(200);
    expect((await ask('0752543312')).statusCode).toBe(200);
    setPbx({}, randomBytes(32));
    expect((await ask('0752543312', old)).statusCode).toBe(401);
    const ownWithoutId = await new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('ACDPt')
      .setAudience(pbx.id)
      .sign(api.directory.pbxs.get(pbx.id)?.signingSecret ?? secret);
    expect((await ask('0752543312', ownWithoutId)).statusCode).toBe(401);
  });
});
