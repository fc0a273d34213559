import type { AccountToken, AccountTokens, Clock, SecretTokens } from '../ports.ts';

const dayMs = 24 * 3_600_000;

/** Recognised by people and by programs that look for secrets in the wrong places. */
export const accountTokenPrefix = 'tla_';

/** Makes a token; what it is shown with is told here and nowhere else. */
export async function createAccountToken(
  ports: { accountTokens: Pick<AccountTokens, 'create'>; tokens: Pick<SecretTokens, 'create' | 'hash'>; clock: Clock },
  { accountId, name, lifeDays }: { accountId: string; name: string; lifeDays: number | undefined },
): Promise<{ readonly token: AccountToken; readonly secret: string }> {
  const { accountTokens, tokens, clock } = ports;
  const secret = accountTokenPrefix + tokens.create();
  const token = await accountTokens.create({
    accountId,
    name,
    tokenHash: tokens.hash(secret),
    expiresAtMs: lifeDays === undefined ? undefined : clock.now() + lifeDays * dayMs,
  });
  return { token, secret };
}
