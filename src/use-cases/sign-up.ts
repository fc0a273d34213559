import { nameMaxLength, passwordFault, readEmail, type PasswordFault } from '../domain/account-rules.ts';
import { readName } from '../domain/names.ts';
import { AppError } from '../errors.ts';
import type { Account, Accounts, PasswordHasher } from '../ports.ts';
import { sendConfirmation, type ConfirmationPorts } from './send-confirmation.ts';

export type SignUpForm = Readonly<
  Record<'firstName' | 'lastName' | 'company' | 'email' | 'password' | 'timeZone', string>
>;

export interface SignUpFaults {
  readonly firstName?: 'missing';
  readonly lastName?: 'missing';
  readonly company?: 'invalid';
  readonly email?: 'invalid';
  readonly password?: PasswordFault;
  readonly timeZone?: 'unknown';
}

export type SignUpOutcome =
  | { readonly kind: 'faulty'; readonly faults: SignUpFaults }
  /** The same for every address, known or not; only the mail differs. */
  | { readonly kind: 'accepted'; readonly accountId: string; readonly email: string };

/**
 * Makes an account that waits for the confirmation of its address. An address that has an account gets a note instead; one whose
 * account was never confirmed gets a new link, and the new password counts, so that nobody confirms a stranger's.
 */
export async function signUp(
  ports: ConfirmationPorts & { accounts: Accounts; passwords: PasswordHasher },
  form: SignUpForm,
): Promise<SignUpOutcome> {
  const { accounts, passwords, mailer, mails } = ports;
  const email = readEmail(form.email);
  const faults = findFaults(form, email);
  if (email === undefined || Object.keys(faults).length > 0) return { kind: 'faulty', faults };
  const profile = {
    firstName: form.firstName.trim(),
    lastName: form.lastName.trim(),
    company: form.company.trim() || undefined,
    timeZone: form.timeZone,
    passwordHash: await passwords.hash(form.password),
  };
  const account = await createOrFind(accounts, { email, ...profile });
  if (account.confirmedAtMs !== undefined) {
    await mailer.send({ to: email, ...mails.emailTaken({ firstName: account.firstName }) });
  } else {
    await accounts.replaceUnconfirmed(account.id, profile);
    await sendConfirmation(ports, { id: account.id, email, firstName: profile.firstName });
  }
  return { kind: 'accepted', accountId: account.id, email };
}

async function createOrFind(accounts: Accounts, account: Parameters<Accounts['create']>[0]): Promise<Account> {
  const known = await accounts.findByEmail(account.email);
  if (known) return known;
  try {
    return await accounts.create(account);
  } catch (error) {
    // Somebody signed up with the same address a moment ago.
    const created =
      error instanceof AppError && error.code === 'EMAIL_TAKEN' ? await accounts.findByEmail(account.email) : undefined;
    if (!created) throw error;
    return created;
  }
}

function findFaults(form: SignUpForm, email: string | undefined): SignUpFaults {
  const password = passwordFault(form.password, email ?? '');
  return {
    ...(isName(form.firstName) ? {} : { firstName: 'missing' }),
    ...(isName(form.lastName) ? {} : { lastName: 'missing' }),
    ...(form.company.trim() === '' || isName(form.company) ? {} : { company: 'invalid' }),
    ...(email === undefined ? { email: 'invalid' } : {}),
    ...(password === undefined ? {} : { password }),
    ...(isTimeZone(form.timeZone) ? {} : { timeZone: 'unknown' }),
  };
}

const isName = (text: string) => readName(text, nameMaxLength) !== undefined;

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
