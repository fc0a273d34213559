import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFileMailer } from '../../../src/mail/file.ts';
import { createSmtpMailer } from '../../../src/mail/smtp.ts';
import type { Mail, Mailer } from '../../../src/ports.ts';
import { createFakeMailer } from '../../support/fakes/world.ts';

const from = 'Trunkline <trunkline@localhost>';
const mail: Mail = {
  to: 'ada@acme.example',
  subject: 'Bestätigen',
  text: 'Hello Ada,\n\nhttps://localhost/confirm-email?token=abc\n',
};

interface Harness {
  readonly mailer: Mailer;
  /** What arrived, as the receiver reads it. */
  readonly received: () => Promise<readonly string[]>;
}

let folder: string;
const messages: string[] = [];
const smtp = new SMTPServer({
  disabledCommands: ['STARTTLS'],
  authMethods: ['PLAIN'],
  onAuth: ({ username, password }, _session, answer) =>
    username === 'trunkline' && password === 'secret'
      ? answer(null, { user: username })
      : answer(new Error('Wrong user or password')),
  onRcptTo: ({ address }, _session, answer) =>
    answer(address.startsWith('nobody') ? new Error(`No such user ${address}`) : null),
  onData(stream, _session, answer) {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      messages.push(Buffer.concat(chunks).toString('utf8'));
      answer();
    });
  },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trunkline-mail-'));
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => messages.splice(0));
afterAll(async () => {
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
  await rm(folder, { recursive: true });
});

const smtpUrl = (credentials = 'trunkline:secret') =>
  `smtp://${credentials}@127.0.0.1:${(smtp.server.address() as AddressInfo).port}`;

const harnesses: Record<string, () => Harness> = {
  'the SMTP mailer': () => ({
    mailer: createSmtpMailer({ url: smtpUrl(), from }),
    received: async () => messages,
  }),
  'the file mailer': () => ({
    mailer: createFileMailer({ directory: join(folder, 'mail'), from, written: () => undefined }),
    received: async () =>
      Promise.all((await readdir(join(folder, 'mail'))).map((name) => readFile(join(folder, 'mail', name), 'utf8'))),
  }),
  'the fake mailer': () => {
    const fake = createFakeMailer();
    return {
      mailer: fake,
      received: async () => fake.sent.map(({ to, text }) => `From: ${from}\nTo: ${to}\n\n${text}`),
    };
  },
};

describe.each(Object.entries(harnesses))('%s', (_name, create) => {
  it('delivers receiver, sender and text of each message', async () => {
    const { mailer, received } = create();
    await mailer.send(mail);
    await mailer.send({ ...mail, to: 'bob@acme.example' });
    const all = await received();
    expect(all).toHaveLength(2);
    const first = all.find((message) => message.includes('To: ada@acme.example'));
    expect(first).toContain('From: Trunkline <trunkline@localhost>');
    expect(first).toContain('https://localhost/confirm-email?token=');
  });
});

describe('the SMTP mailer in trouble', () => {
  it.each([
    ['the server refuses the receiver', () => smtpUrl(), 'nobody@acme.example'],
    ['the password is wrong', () => smtpUrl('trunkline:wrong'), mail.to],
  ])('says that mail is unavailable, without the address, when %s', async (_when, url, to) => {
    const sending = createSmtpMailer({ url: url(), from }).send({ ...mail, to });
    await expect(sending).rejects.toMatchObject({ code: 'MAIL_UNAVAILABLE' });
    await expect(sending).rejects.not.toThrow(to);
  });

  it('says that mail is unavailable when nobody listens', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    await new Promise((resolve) => taken.close(resolve));
    const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from });
    await expect(mailer.send(mail)).rejects.toMatchObject({ code: 'MAIL_UNAVAILABLE' });
  });
});

describe('the file mailer in trouble', () => {
  it('says that mail is unavailable when the folder cannot be made', async () => {
    const mailer = createFileMailer({ directory: '/dev/null/mail', from, written: () => undefined });
    await expect(mailer.send(mail)).rejects.toMatchObject({ code: 'MAIL_UNAVAILABLE' });
  });

  it('keeps receivers with odd names inside its folder', async () => {
    const written: string[] = [];
    const directory = join(folder, 'odd');
    const mailer = createFileMailer({ directory, from, written: (file) => written.push(file) });
    await mailer.send({ ...mail, to: '../../../etc/passwd@acme.example' });
    expect(written[0]?.startsWith(directory)).toBe(true);
    expect(await readdir(directory)).toHaveLength(1);
  });
});
