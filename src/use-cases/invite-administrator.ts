import { readEmail } from '../domain/account-rules.ts';
import type { Account, AccountMails, Clock, Mailer, OneTimeLinks, SecretTokens } from '../ports.ts';

export const invitationLifeMs = 24 * 3_600_000;

export type InviteOutcome = { readonly kind: 'email-invalid' } | { readonly kind: 'sent'; readonly to: string };

/** Mails a link by which a Salesforce administrator connects the org without an account. One works at a time: the newest. */
export async function inviteAdministrator(
  ports: {
    links: Pick<OneTimeLinks, 'create' | 'withdraw'>;
    mailer: Mailer;
    mails: Pick<AccountMails, 'invitation'>;
    tokens: SecretTokens;
    clock: Clock;
  },
  { id, email, firstName, lastName }: Pick<Account, 'id' | 'email' | 'firstName' | 'lastName'>,
  recipient: string,
): Promise<InviteOutcome> {
  const { links, mailer, mails, tokens, clock } = ports;
  const to = readEmail(recipient);
  if (to === undefined) return { kind: 'email-invalid' };
  const token = tokens.create();
  await links.withdraw(id, 'invitation');
  await links.create({
    tokenHash: tokens.hash(token),
    purpose: 'invitation',
    accountId: id,
    expiresAtMs: clock.now() + invitationLifeMs,
    recipient: to,
  });
  await mailer.send({ to, ...mails.invitation({ name: `${firstName} ${lastName} (${email})`, token }) });
  return { kind: 'sent', to };
}
