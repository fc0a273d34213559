import { createTransport } from 'nodemailer';
import { AppError } from '../errors.ts';
import type { Mailer } from '../ports.ts';

/** How long a server may take for each part of a conversation; a person waits for the page meanwhile. */
const limitMs = 10_000;

/** Sends through the SMTP server of `smtp://user:password@host:port` (or `smtps://`), each message by a connection of its own. */
export function createSmtpMailer({ url, from }: { url: string; from: string }): Mailer {
  const transport = createTransport(
    { url, connectionTimeout: limitMs, greetingTimeout: limitMs, socketTimeout: limitMs },
    { from },
  );
  return {
    async send({ to, subject, text }) {
      try {
        await transport.sendMail({ to, subject, text });
      } catch (error) {
        // The server's own words may repeat addresses, so they stay behind.
        const answer = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
        throw new AppError('MAIL_UNAVAILABLE', `The mail could not be sent (${answer}).`);
      }
    },
  };
}
