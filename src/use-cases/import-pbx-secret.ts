import type { Pbx } from '../domain/lookup.ts';
import type { Pbxs } from '../ports.ts';

/** How a secret is written where it comes from. */
export const secretEncodings = ['text', 'base64', 'hex'] as const;
export type SecretEncoding = (typeof secretEncodings)[number];

/** In bytes. A shorter one could be guessed from a single token (RFC 7518 asks for 32; what was issued elsewhere may have less). */
export const importedSecretLength = { min: 16, max: 1_000 } as const;

/** From now on the phone system accepts tokens without `jti` that are signed with this secret, in place of the one before. */
export async function importPbxSecret(
  { pbxs }: { pbxs: Pick<Pbxs, 'setImportedSecret'> },
  { pbx, typed, encoding }: { pbx: Pick<Pbx, 'id' | 'accountId'>; typed: string; encoding: SecretEncoding },
): Promise<'imported' | 'invalid'> {
  const secret = readSecret(typed.trim(), encoding);
  if (!secret || secret.length < importedSecretLength.min || secret.length > importedSecretLength.max) return 'invalid';
  await pbxs.setImportedSecret(pbx, secret);
  return 'imported';
}

function readSecret(text: string, encoding: SecretEncoding): Uint8Array | undefined {
  switch (encoding) {
    case 'text':
      return new TextEncoder().encode(text);
    case 'base64':
      return /^[\w+/-]+={0,2}$/.test(text) ? Uint8Array.from(Buffer.from(text, 'base64')) : undefined;
    case 'hex':
      return /^(?:[\da-f]{2})+$/i.test(text) ? Uint8Array.from(Buffer.from(text, 'hex')) : undefined;
  }
}
