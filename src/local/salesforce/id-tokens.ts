import { createHash, generateKeyPair, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { SignJWT, exportJWK } from 'jose';
import type { Frame } from './frame.ts';
import { standInClientId } from './policies.ts';
import { identityUrl } from './token.ts';
import type { Org, User } from './types.ts';

const lifeSeconds = 120;

/** Signs id tokens with a key that is made at the first need and lives as long as the process. */
export function createIdTokens() {
  const kid = randomUUID();
  let pair: ReturnType<typeof makePair> | undefined;
  const makePair = () => promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const keys = () => (pair ??= makePair());

  return {
    async sign(claims: {
      frame: Frame;
      org: Org;
      user: User;
      accessToken: string;
      nonce: string | undefined;
    }): Promise<string> {
      const { frame, org, user, accessToken, nonce } = claims;
      const nowSeconds = Math.floor(frame.clock() / 1000);
      const accessHash = createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
      return new SignJWT({
        at_hash: accessHash,
        preferred_username: user.username,
        name: `${user.firstName} ${user.lastName}`,
        email: user.email,
        organization_id: org.id,
        user_id: user.id,
        ...(nonce === undefined ? {} : { nonce }),
      })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid })
        .setIssuer(frame.loginUrl())
        .setSubject(identityUrl(frame, org.id, user.id))
        .setAudience(standInClientId)
        .setIssuedAt(nowSeconds)
        .setExpirationTime(nowSeconds + lifeSeconds)
        .sign((await keys()).privateKey);
    },
    async jwks(): Promise<{ keys: unknown[] }> {
      return { keys: [{ ...(await exportJWK((await keys()).publicKey)), kid, alg: 'RS256', use: 'sig' }] };
    },
  };
}

export type IdTokens = ReturnType<typeof createIdTokens>;
