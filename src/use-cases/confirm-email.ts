import type { Accounts, Clock, OneTimeLinks, PasswordHasher, SecretTokens, Sessions } from '../ports.ts';
import { startSession, type StartedSession } from './start-session.ts';

export type ConfirmEmailOutcome =
  | { readonly kind: 'confirmed'; readonly accountId: string; readonly session: StartedSession }
  /** Used, too old, or never made. */
  | { readonly kind: 'link-invalid' }
  /** The link stays usable. */
  | { readonly kind: 'password-wrong' };

/**
 * Confirms an account and signs it in. The password is asked for here, because whoever reads the mail need not be who signed up:
 * without it a stranger's sign-up would be confirmed by the owner of the address.
 */
export async function confirmEmail(
  ports: {
    accounts: Accounts;
    links: OneTimeLinks;
    sessions: Sessions;
    passwords: PasswordHasher;
    tokens: SecretTokens;
    clock: Clock;
  },
  request: { token: string; password: string; formerSessionId: string | undefined },
): Promise<ConfirmEmailOutcome> {
  const { accounts, links, passwords, tokens } = ports;
  const linkHash = tokens.hash(request.token);
  const accountId = await links.find(linkHash, 'confirm-email');
  const account = accountId === undefined ? undefined : await accounts.findById(accountId);
  if (!account) return { kind: 'link-invalid' };
  if (!(await passwords.verify(account.passwordHash, request.password))) return { kind: 'password-wrong' };
  if ((await links.use(linkHash, 'confirm-email')) === undefined) return { kind: 'link-invalid' };
  await accounts.confirm(account.id);
  const session = await startSession(ports, { accountId: account.id, formerSessionId: request.formerSessionId });
  return { kind: 'confirmed', accountId: account.id, session };
}
