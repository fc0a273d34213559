import type { AccountMails } from '../../src/ports.ts';
import type { Texts } from '../texts.ts';

export function createAccountMails(t: Texts, publicUrl: string): AccountMails {
  return {
    confirmEmail: ({ firstName, token }) => ({
      subject: t('mail.confirm-subject'),
      text: t('mail.confirm-text', { firstName, link: `${publicUrl}/confirm-email?token=${token}` }),
    }),
    emailTaken: ({ firstName }) => ({
      subject: t('mail.taken-subject'),
      text: t('mail.taken-text', { firstName, link: `${publicUrl}/sign-in` }),
    }),
    invitation: ({ name, token }) => ({
      subject: t('mail.invitation-subject', { name }),
      text: t('mail.invitation-text', { name, link: `${publicUrl}/invitation?token=${token}` }),
    }),
  };
}
