import type { PbxId } from '../domain/ids.ts';
import type { Clock, PbxTokenSigner, Pbxs, SecretTokens } from '../ports.ts';

/** Makes a token for a phone system. `jwt` is shown once and stored nowhere. */
export async function createPbxToken(
  { pbxs, tokens, signer, clock }: { pbxs: Pbxs; tokens: SecretTokens; signer: PbxTokenSigner; clock: Clock },
  { pbxId, name }: { pbxId: PbxId; name: string },
): Promise<{ id: string; jwt: string }> {
  const token = { id: tokens.uuid(), pbxId, expiresAtMs: undefined };
  const jwt = await signer.sign({ ...token, issuedAtMs: clock.now() }, await pbxs.signingSecret(pbxId));
  await pbxs.createToken({ ...token, name });
  return { id: token.id, jwt };
}
