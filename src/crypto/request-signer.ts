import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalRequest, signatureHeaders, type CanonicalParts } from '../domain/request-signature.ts';
import type { RequestSigner, SignableRequest } from '../ports.ts';

const sha256 = (body: string | Uint8Array): string => createHash('sha256').update(body).digest('hex');

function macOf(request: SignableRequest, sent: Pick<CanonicalParts, 'timestamp' | 'nonce'>, secret: string): Buffer {
  const { method, path, body } = request;
  const { timestamp, nonce } = sent;
  const canonical = canonicalRequest({ method, path, bodyHash: sha256(body), timestamp, nonce });
  return createHmac('sha256', secret).update(canonical).digest();
}

export const requestSigner: RequestSigner = {
  sign(request, secret, { nowMs, nonce }) {
    const timestamp = String(Math.floor(nowMs / 1_000));
    return {
      [signatureHeaders.timestamp]: timestamp,
      [signatureHeaders.nonce]: nonce,
      [signatureHeaders.signature]: `v1=${macOf(request, { timestamp, nonce }, secret).toString('hex')}`,
    };
  },
  isSignedWith(request, signature, secret) {
    const given = Buffer.from(signature.mac, 'hex');
    const expected = macOf(request, signature, secret);
    return given.length === expected.length && timingSafeEqual(given, expected);
  },
};
