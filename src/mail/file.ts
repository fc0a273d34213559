import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.ts';
import type { Mail, Mailer } from '../ports.ts';

/** In place of a mail server: each message becomes a file of `directory`, named by its receiver, and `written` is told which. */
export function createFileMailer(options: {
  directory: string;
  from: string;
  written: (file: string) => void;
}): Mailer {
  const { directory, from, written } = options;
  let count = 0;
  return {
    async send(mail) {
      count += 1;
      const receiver = mail.to.replaceAll(/[^\w.@+-]/g, '_');
      const file = join(directory, `${receiver}-${Date.now()}-${process.pid}-${count}.eml`);
      try {
        await mkdir(directory, { recursive: true });
        await writeFile(file, toMessage(mail, from), { mode: 0o600, flag: 'wx' });
      } catch (error) {
        throw new AppError('MAIL_UNAVAILABLE', `The mail could not be written to ${directory}.`, { cause: error });
      }
      written(file);
    },
  };
}

const toMessage = ({ to, subject, text }: Mail, from: string): string =>
  [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    ...text.split('\n'),
  ].join('\r\n');
