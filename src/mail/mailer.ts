import { join } from 'node:path';
import type { Settings } from '../config.ts';
import type { Logger } from '../logger.ts';
import type { Mailer } from '../ports.ts';
import { createFileMailer } from './file.ts';
import { createSmtpMailer } from './smtp.ts';

/** By `MAIL_URL`, else into the data folder. */
export function createMailer(
  settings: Pick<Settings, 'MAIL_URL' | 'MAIL_FROM' | 'TRUNKLINE_DATA_DIR'>,
  logger: Logger,
): Mailer {
  const { MAIL_URL: url, MAIL_FROM: from, TRUNKLINE_DATA_DIR } = settings;
  if (url !== undefined) return createSmtpMailer({ url, from });
  return createFileMailer({
    directory: join(TRUNKLINE_DATA_DIR, 'mail'),
    from,
    written: (file) => logger.info({ file }, 'a message was written to a file, since MAIL_URL is not set'),
  });
}
