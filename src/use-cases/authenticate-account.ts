import { AppError } from '../errors.ts';
import type { AccountTokens, SecretTokens } from '../ports.ts';
import { accountTokenPrefix } from './create-account-token.ts';

/** The id of the account that a token belongs to. Throws `ACCOUNT_TOKEN_INVALID`. */
export type AuthenticateAccount = (token: string | undefined) => Promise<string>;

export function createAuthenticateAccount({
  accountTokens,
  tokens,
}: {
  accountTokens: Pick<AccountTokens, 'use'>;
  tokens: Pick<SecretTokens, 'hash'>;
}): AuthenticateAccount {
  return async (token) => {
    const isOurs = token?.startsWith(accountTokenPrefix) === true;
    const accountId = isOurs ? await accountTokens.use(tokens.hash(token)) : undefined;
    if (accountId === undefined) {
      throw new AppError(
        'ACCOUNT_TOKEN_INVALID',
        'The account token is missing, mistyped, revoked or expired: make a new one in the settings.',
      );
    }
    return accountId;
  };
}
