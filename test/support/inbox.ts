import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** An SMTP server that takes every message and keeps it as a file, named after its receiver. */
export async function startInbox(folder: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  await mkdir(folder, { recursive: true });
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, answer) {
      const to = session.envelope.rcptTo[0]?.address ?? '';
      text(stream)
        .then((message) => writeFile(join(folder, `${to}-${randomUUID()}`), message))
        .then(() => answer(), answer);
    },
  });
  const listening = once(server.server, 'listening');
  server.listen(0, '127.0.0.1');
  await listening;
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The messages to an address as their reader sees them. */
export async function messagesTo(folder: string, address: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${address}-`));
  const messages = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  // Quoted-printable (RFC 2045, 6.7), the only encoding that our mails need.
  return messages.map((message) =>
    message
      .replace(/=\r?\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  );
}
