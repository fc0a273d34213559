import type { Account, AccountMails, Clock, Mailer, OneTimeLinks, SecretTokens } from '../ports.ts';

export const confirmationLifeMs = 24 * 3_600_000;

export interface ConfirmationPorts {
  readonly links: OneTimeLinks;
  readonly mailer: Mailer;
  readonly mails: AccountMails;
  readonly tokens: SecretTokens;
  readonly clock: Clock;
}

/** Mails the link that proves an address to be the account's. */
export async function sendConfirmation(
  { links, mailer, mails, tokens, clock }: ConfirmationPorts,
  { id, email, firstName }: Pick<Account, 'id' | 'email' | 'firstName'>,
): Promise<void> {
  const token = tokens.create();
  await links.create({
    tokenHash: tokens.hash(token),
    purpose: 'confirm-email',
    accountId: id,
    expiresAtMs: clock.now() + confirmationLifeMs,
  });
  await mailer.send({ to: email, ...mails.confirmEmail({ firstName, token }) });
}
