import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { SecretTokens } from '../ports.ts';

/** 256 random bits for a session id, a link or a state. */
export const randomToken = (): string => randomBytes(32).toString('base64url');

/** How such a token is stored: it has enough randomness of its own to need no salt. */
export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** PKCE: the S256 challenge of a verifier (RFC 7636). */
export const codeChallenge = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

export const secretTokens: SecretTokens = {
  create: randomToken,
  hash: tokenHash,
  codeChallenge,
  bytes: (count) => randomBytes(count),
  uuid: () => randomUUID(),
};
