import { describe, expect, it } from 'vitest';
import { requestSigner } from '../../../src/crypto/request-signer.ts';
import { canonicalRequest } from '../../../src/domain/request-signature.ts';
import type { PackageKeys, RequestNonces } from '../../../src/ports.ts';
import { verifyPackageRequest } from '../../../src/use-cases/verify-package-request.ts';

const secret = 'a key that Salesforce made';
const nowMs = Date.UTC(2026, 10, 23, 9, 0, 0);
const orgId = '00DA0000000BhM2MAK';
const request = { method: 'PUT', path: '/api/PBXConf/x?a=1&b=2', body: '{"name":"Köln"}' };
const headersOf = (overrides: Partial<{ at: number; nonce: string; secret: string }> = {}) =>
  requestSigner.sign(request, overrides.secret ?? secret, {
    nowMs: overrides.at ?? nowMs,
    nonce: overrides.nonce ?? 'nonce-0001',
  });

function ports(known: string | undefined = secret) {
  const seen = new Set<string>();
  const nonces: RequestNonces = {
    async remember(signer, nonce) {
      const isFresh = !seen.has(`${signer} ${nonce}`);
      seen.add(`${signer} ${nonce}`);
      return isFresh;
    },
  };
  const packageKeys: Pick<PackageKeys, 'secretOfOrg'> = { secretOfOrg: async () => known };
  return { packageKeys, nonces, seen, signer: requestSigner, clock: { now: () => nowMs } };
}

describe('a signature', () => {
  it('is the HMAC-SHA256 of method, path with query, hash of the body, timestamp and nonce', () => {
    // Made with openssl: printf '%s\n%s\n%s\n%s\n%s' POST '/x?y=1' <sha256 of {}> 1700000000 abcdefgh | openssl dgst -sha256 -hmac key
    const headers = requestSigner.sign({ method: 'post', path: '/x?y=1', body: '{}' }, 'key', {
      nowMs: 1_700_000_000_999,
      nonce: 'abcdefgh',
    });
    expect(headers).toEqual({
      'x-trunkline-timestamp': '1700000000',
      'x-trunkline-nonce': 'abcdefgh',
      'x-trunkline-signature': 'v1=4299b391e2d4d635e8619069ff169983049c890f257224095257a21d0a059548',
    });
    expect(
      canonicalRequest({ method: 'post', path: '/x', bodyHash: 'AB', timestamp: '1', nonce: 'n' }).split('\n'),
    ).toEqual(['POST', '/x', 'ab', '1', 'n']);
  });
});

describe('a request of the package', () => {
  it('is believed once', async () => {
    const world = ports();
    expect(await verifyPackageRequest(world, { ...request, orgId, headers: headersOf() })).toBe('valid');
    expect(await verifyPackageRequest(world, { ...request, orgId, headers: headersOf() })).toBe('replayed');
    expect(await verifyPackageRequest(world, { ...request, orgId, headers: headersOf({ nonce: 'nonce-0002' }) })).toBe(
      'valid',
    );
  });

  it.each([
    ['five minutes old', -300_000, 'valid'],
    ['five minutes and a second old', -301_000, 'outside-window'],
    ['five minutes ahead', 300_000, 'valid'],
    ['five minutes and a second ahead', 301_000, 'outside-window'],
  ])('that is %s: %s ms: %s', async (_, offsetMs, verdict) => {
    const headers = headersOf({ at: nowMs + offsetMs });
    expect(await verifyPackageRequest(ports(), { ...request, orgId, headers })).toBe(verdict);
  });

  it.each([
    ['another method', { method: 'POST' }],
    ['another path', { path: '/api/PBXConf/y?a=1&b=2' }],
    ['another query', { path: '/api/PBXConf/x?a=1&b=3' }],
    ['another body', { body: '{"name":"Bonn"}' }],
  ])('with %s is refused, and uses no nonce up', async (_, change) => {
    const world = ports();
    const changed = { ...request, ...change, orgId, headers: headersOf() };
    expect(await verifyPackageRequest(world, changed)).toBe('wrong-signature');
    expect(world.seen.size).toBe(0);
  });

  it.each([
    ['no headers', {}, 'unsigned'],
    ['no nonce', { 'x-trunkline-nonce': undefined }, 'malformed'],
    ['a nonce that is too short', { 'x-trunkline-nonce': 'short' }, 'malformed'],
    ['two signatures', { 'x-trunkline-signature': ['v1=a', 'v1=b'] }, 'malformed'],
    ['another version of signature', { 'x-trunkline-signature': `v2=${'0'.repeat(64)}` }, 'malformed'],
    ['a timestamp that is no number', { 'x-trunkline-timestamp': 'now' }, 'malformed'],
    ['another timestamp', { 'x-trunkline-timestamp': String(nowMs / 1_000 + 1) }, 'wrong-signature'],
    ['another nonce', { 'x-trunkline-nonce': 'nonce-0009' }, 'wrong-signature'],
  ])('with %s is refused', async (_, change, verdict) => {
    const headers = Object.keys(change).length === 0 ? {} : { ...headersOf(), ...change };
    expect(await verifyPackageRequest(ports(), { ...request, orgId, headers })).toBe(verdict);
  });

  it('is refused with another key, and without one', async () => {
    const headers = headersOf({ secret: 'another key' });
    expect(await verifyPackageRequest(ports(), { ...request, orgId, headers })).toBe('wrong-signature');
    const without: Pick<PackageKeys, 'secretOfOrg'> = { secretOfOrg: async () => undefined };
    expect(
      await verifyPackageRequest({ ...ports(), packageKeys: without }, { ...request, orgId, headers: headersOf() }),
    ).toBe('no-key');
  });
});
