import { isActive } from '../domain/connection.ts';
import type { OrgId } from '../domain/ids.ts';
import type { Connections, PackageKeys } from '../ports.ts';

export const secretKeyLength = { min: 8, max: 500 } as const;

/** Stores the key that the package made, in place of the one before. Only an active connection has a package to agree with. */
export async function addSecretKey(
  { connections, packageKeys }: { connections: Pick<Connections, 'ofAccount'>; packageKeys: Pick<PackageKeys, 'put'> },
  { accountId, typed }: { accountId: string; typed: string },
): Promise<{ readonly kind: 'added'; readonly orgId: OrgId } | { readonly kind: 'not-active' | 'invalid' }> {
  const connection = await connections.ofAccount(accountId);
  if (!connection || !isActive(connection.state)) return { kind: 'not-active' };
  const key = typed.trim();
  if (key.length < secretKeyLength.min || key.length > secretKeyLength.max || /\s/.test(key))
    return { kind: 'invalid' };
  await packageKeys.put(connection.id, key);
  return { kind: 'added', orgId: connection.orgId };
}
