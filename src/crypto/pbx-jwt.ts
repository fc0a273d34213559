import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { PbxId } from '../domain/ids.ts';
import { madeOnce } from '../made-once.ts';
import type { PbxTokenReader } from '../ports.ts';

/** A longer text is no token of ours and is not worth hashing. */
const longestToken = 2_048;

/** Preparing a key takes longer than hashing with it. */
const keyOf = madeOnce((secret: Uint8Array) => createSecretKey(secret));

/** What the phone systems of this process present, again and again: read, and verified once with each secret. */
const tokensKnown = new Map<string, PresentedToken>();
const maxTokensKnown = 10_000;

type PresentedToken = NonNullable<ReturnType<PbxTokenReader['read']>>;

/**
 * Reads the HS256 JWT of a phone system (`iss` `ACDPt`, `aud` its PBX id). Synchronous by intention: a lookup must not queue behind
 * password hashes in Node's thread pool, where the Web Crypto API that `jose` uses would put it.
 */
export const pbxTokenReader: PbxTokenReader = {
  read(token) {
    const known = tokensKnown.get(token);
    if (known !== undefined) return known;
    const [encodedHeader, encodedClaims, signature, ...rest] = token.length > longestToken ? [] : token.split('.');
    if (!encodedHeader || !encodedClaims || signature === undefined || rest.length > 0) return undefined;
    if (parse(encodedHeader)?.['alg'] !== 'HS256') return undefined;
    const claims = parse(encodedClaims);
    if (claims?.['iss'] !== 'ACDPt') return undefined;
    const { aud, jti, exp } = claims;
    if (typeof aud !== 'string' || (jti !== undefined && typeof jti !== 'string')) return undefined;
    if (exp !== undefined && typeof exp !== 'number') return undefined;
    let signedWith: Uint8Array | undefined;
    const presented: PresentedToken = {
      id: jti,
      pbxId: aud satisfies PbxId,
      expiresAtMs: exp === undefined ? undefined : exp * 1_000,
      isSignedWith(secret) {
        if (secret === signedWith) return true;
        const expected = createHmac('sha256', keyOf(secret)).update(`${encodedHeader}.${encodedClaims}`).digest();
        const given = Buffer.from(signature, 'base64url');
        if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
        // Only a good one is remembered, or a flood of wrong ones would drive the good ones out.
        signedWith = secret;
        if (tokensKnown.size === maxTokensKnown) tokensKnown.clear();
        tokensKnown.set(token, presented);
        return true;
      },
    };
    return presented;
  },
};

function parse(encoded: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
