import type { PbxId } from '../domain/ids.ts';
import type { Clock, PbxTokenSigner, Pbxs, SecretTokens } from '../ports.ts';

/** What a token is to be. */
export interface PbxTokenSettings {
  readonly name: string;
  /** Undefined: valid until it is revoked. */
  readonly expiresAtMs?: number | undefined;
  /** Addresses and networks (CIDR) that it may be used from; empty: everywhere. */
  readonly allowedAddresses?: readonly string[];
}

/** Makes a token for a phone system. `jwt` is shown once and stored nowhere. */
export async function createPbxToken(
  { pbxs, tokens, signer, clock }: { pbxs: Pbxs; tokens: SecretTokens; signer: PbxTokenSigner; clock: Clock },
  { pbxId, name, expiresAtMs, allowedAddresses = [] }: PbxTokenSettings & { pbxId: PbxId },
): Promise<{ id: string; jwt: string }> {
  const token = { id: tokens.uuid(), pbxId, expiresAtMs };
  const jwt = await signer.sign({ ...token, issuedAtMs: clock.now() }, await pbxs.signingSecret(pbxId));
  await pbxs.createToken({ ...token, name, allowedAddresses });
  return { id: token.id, jwt };
}
