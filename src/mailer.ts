import { join } from 'node:path';
import type { Settings } from './config.ts';
import type { Logger } from './logger.ts';
import { createFileMailer } from './mail/file.ts';
import { createSmtpMailer } from './mail/smtp.ts';
import type { Mailer } from './ports.ts';

/** The mail server of `MAIL_URL`; without one, messages land in the data folder and the link in each is logged. */
export function createMailer(settings: Settings, logger: Logger, cleanup: AsyncDisposableStack): Mailer {
  const from = settings.MAIL_FROM;
  if (settings.MAIL_URL === undefined) {
    return createFileMailer({
      directory: join(settings.TRUNKLINE_DATA_DIR, 'mail'),
      from,
      tell: ({ subject, link, file }) => logger.info({ subject, link, file }, 'a mail was written to the data folder'),
    });
  }
  const mailer = createSmtpMailer({ url: settings.MAIL_URL, from });
  cleanup.defer(() => mailer.close());
  return mailer;
}
