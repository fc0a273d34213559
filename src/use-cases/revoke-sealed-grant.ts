import type { OrgId } from '../domain/ids.ts';
import { AppError } from '../errors.ts';
import type { CredentialsStore, FormerGrant, SalesforceOAuth, Sealer } from '../ports.ts';

const context = (orgId: OrgId): string => `disconnected:${orgId}`;

/**
 * What has to be revoked after a disconnect, sealed: the workflow keeps it while the row is erased, so that a crash between the two
 * loses nothing. Null when the credentials are others, gone, or cannot be opened: nobody can revoke what nobody can read.
 */
export async function sealGrant(
  { credentials, sealer }: { credentials: Pick<CredentialsStore, 'read'>; sealer: Sealer },
  orgId: OrgId,
  version: number,
): Promise<string | null> {
  const current = await credentials.read(orgId).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'STORED_SECRET_UNREADABLE') return undefined;
    throw error;
  });
  if (current?.version !== version) return null;
  const { loginHost, refreshToken } = current;
  return sealer.seal(JSON.stringify({ loginHost, refreshToken } satisfies FormerGrant), context(orgId));
}

export async function revokeSealedGrant(
  { oauth, sealer }: { oauth: Pick<SalesforceOAuth, 'revoke'>; sealer: Sealer },
  orgId: OrgId,
  sealed: string,
): Promise<void> {
  const { loginHost, refreshToken } = JSON.parse(sealer.open(sealed, context(orgId))) as FormerGrant;
  await oauth.revoke(loginHost, refreshToken);
}
