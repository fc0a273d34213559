import { tripletId } from '../domain/ids.ts';
import type { Pbx } from '../domain/lookup.ts';
import { defaultExtensionSteps, type PbxSettings } from '../domain/pbx-settings.ts';
import type { Lookups, Pbxs, SecretTokens } from '../ports.ts';

/** Makes a phone system with an id, a signing secret and a default extension lookup of its own. */
export async function createPhoneSystem(
  { pbxs, lookups, tokens }: { pbxs: Pbxs; lookups: Pick<Lookups, 'create'>; tokens: SecretTokens },
  { accountId, settings }: { accountId: string; settings: PbxSettings },
): Promise<Pbx> {
  const lookup = await lookups.create({
    id: tripletId(tokens.bytes(9)),
    accountId,
    kind: 'extension',
    name: settings.name,
    steps: defaultExtensionSteps,
    fallbackExtension: undefined,
  });
  const pbx = { id: tripletId(tokens.bytes(9)), accountId, defaultExtensionLookupId: lookup.id, ...settings };
  return pbxs.create(pbx, tokens.bytes(32));
}
