import { readEmail } from '../domain/account-rules.ts';
import type { Accounts } from '../ports.ts';
import { sendConfirmation, type ConfirmationPorts } from './send-confirmation.ts';

/** Mails a new link to an account that waits for its confirmation; to nobody otherwise, and the caller cannot tell. */
export async function resendConfirmation(
  ports: ConfirmationPorts & { accounts: Accounts },
  typedEmail: string,
): Promise<{ accountId: string | undefined }> {
  const email = readEmail(typedEmail);
  const account = email === undefined ? undefined : await ports.accounts.findByEmail(email);
  if (account?.confirmedAtMs !== undefined) return { accountId: undefined };
  if (account) await sendConfirmation(ports, account);
  return { accountId: account?.id };
}
