import { readEmail } from '../domain/account-rules.ts';
import { readWebhookUrl } from '../domain/alert-address.ts';
import { mayBePublic } from './public-address.ts';
import type { Account, AlertTarget, AlertTargets, Mail, Mailer, SecretTokens } from '../ports.ts';

/** Targets of one account, its own mail included. */
export const alertTargetsMax = 20;

/** `private`: it would never be sent to. */
export type TargetFault = 'invalid' | 'private' | 'known' | 'full';

interface Rejected {
  readonly kind: 'rejected';
  readonly fault: TargetFault;
}

/** Adds a mail address and asks its owner, who is told nothing else before they agree. Throws `MAIL_UNAVAILABLE`. */
export async function addAlertMail(
  ports: { alertTargets: AlertTargets; mailer: Mailer; tokens: Pick<SecretTokens, 'create' | 'hash'> },
  {
    account,
    typed,
    present,
  }: { account: Account; typed: string; present: (token: string) => Pick<Mail, 'subject' | 'text'> },
): Promise<{ readonly kind: 'added'; readonly target: AlertTarget } | Rejected> {
  const { alertTargets, mailer, tokens } = ports;
  const address = readEmail(typed);
  if (address === undefined) return { kind: 'rejected', fault: 'invalid' };
  if (address === account.email) return { kind: 'rejected', fault: 'known' };
  if (await isFull(alertTargets, account.id)) return { kind: 'rejected', fault: 'full' };
  const token = tokens.create();
  const target = await alertTargets.addMail({ accountId: account.id, address, confirmTokenHash: tokens.hash(token) });
  if (!target) return { kind: 'rejected', fault: 'known' };
  try {
    await mailer.send({ to: address, ...present(token) });
  } catch (error) {
    // Its owner would never hear of it.
    await alertTargets.remove(account.id, target.id);
    throw error;
  }
  return { kind: 'added', target };
}

/** Adds a webhook with a secret of its own, which is shown once. */
export async function addAlertWebhook(
  { alertTargets, tokens }: { alertTargets: AlertTargets; tokens: Pick<SecretTokens, 'create'> },
  { accountId, typed, allowPrivate }: { accountId: string; typed: string; allowPrivate: boolean },
): Promise<{ readonly kind: 'added'; readonly target: AlertTarget; readonly secret: string } | Rejected> {
  const url = readWebhookUrl(typed, { allowPrivate });
  if (!url) return { kind: 'rejected', fault: 'invalid' };
  if (!allowPrivate && !mayBePublic(url)) return { kind: 'rejected', fault: 'private' };
  if (await isFull(alertTargets, accountId)) return { kind: 'rejected', fault: 'full' };
  const secret = tokens.create();
  const target = await alertTargets.addWebhook({ accountId, address: url.href, secret });
  return target ? { kind: 'added', target, secret } : { kind: 'rejected', fault: 'known' };
}

const isFull = async (alertTargets: Pick<AlertTargets, 'list'>, accountId: string): Promise<boolean> =>
  (await alertTargets.list(accountId)).length >= alertTargetsMax;
