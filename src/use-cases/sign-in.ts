import { readEmail } from '../domain/account-rules.ts';
import type { Accounts, Clock, PasswordHasher, SecretTokens, Sessions } from '../ports.ts';
import { startSession, type StartedSession } from './start-session.ts';

export type SignInOutcome =
  | { readonly kind: 'signed-in'; readonly accountId: string; readonly session: StartedSession }
  /** Wrong address or wrong password: nobody learns which. */
  | { readonly kind: 'refused' }
  /** Said only to who knows the password. */
  | { readonly kind: 'not-confirmed'; readonly email: string };

export async function signIn(
  ports: { accounts: Accounts; sessions: Sessions; passwords: PasswordHasher; tokens: SecretTokens; clock: Clock },
  request: { email: string; password: string; formerSessionId: string | undefined },
): Promise<SignInOutcome> {
  const { accounts, passwords } = ports;
  const email = readEmail(request.email);
  const account = email === undefined ? undefined : await accounts.findByEmail(email);
  if (!account) {
    // As long as a check takes, so that the time does not tell whether the account exists.
    await passwords.hash(request.password);
    return { kind: 'refused' };
  }
  if (!(await passwords.verify(account.passwordHash, request.password))) return { kind: 'refused' };
  if (account.confirmedAtMs === undefined) return { kind: 'not-confirmed', email: account.email };
  const session = await startSession(ports, { accountId: account.id, formerSessionId: request.formerSessionId });
  return { kind: 'signed-in', accountId: account.id, session };
}
