import { isAllVisible } from './names.ts';

export const passwordLength = { min: 12, max: 200 } as const;
export const emailMaxLength = 254;

/** What stands in a person's or company's name field. */
export const nameMaxLength = 100;

/** The user name as it is stored. Undefined when the text is no e-mail address. */
export function readEmail(text: string): string | undefined {
  const email = text.trim().toLowerCase();
  return email.length <= emailMaxLength &&
    isAllVisible(email) &&
    /^[^\s@<>"(),:;[\]\\]+@[^\s@<>"(),:;[\]\\]+\.[a-z0-9-]{2,}$/.test(email)
    ? email
    : undefined;
}

export type PasswordFault = 'too-short' | 'too-long' | 'same-as-email';

/** Length decides, not a mixture of characters (NIST SP 800-63B). */
export function passwordFault(password: string, email: string): PasswordFault | undefined {
  if (password.length < passwordLength.min) return 'too-short';
  if (password.length > passwordLength.max) return 'too-long';
  return password.trim().toLowerCase() === email ? 'same-as-email' : undefined;
}
