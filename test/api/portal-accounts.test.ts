import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { createTestPortal, password, textOf, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
beforeEach(async () => {
  portal = await createTestPortal();
});
afterEach(() => portal.app.close());

const form = {
  firstName: 'Ada',
  lastName: 'Admin',
  company: '',
  email: 'Ada@ACME.example',
  password,
  timeZone: 'Europe/Berlin',
};
const linkOf = (text: string) => new URL(/https?:\/\/\S+/.exec(text)?.[0] ?? 'http://no-link');
const lastLink = () => linkOf(portal.mailer.sent.at(-1)?.text ?? '');
const tokenOf = (link: URL) => link.searchParams.get('token') ?? '';

describe('sign-up', () => {
  it('mails a link, whose page asks for the password and signs in', async () => {
    const browser = portal.newBrowser();
    await browser.get('/sign-up');
    const answer = await browser.post('/sign-up', form);
    expect(answer.statusCode).toBe(303);
    expect(textOf((await browser.get(answer.headers.location ?? '')).body)).toContain('ada@acme.example');

    const link = lastLink();
    expect(portal.mailer.sent).toMatchObject([{ to: 'ada@acme.example' }]);
    expect((await browser.get(link.pathname + link.search)).statusCode).toBe(200);
    const confirmed = await browser.post('/confirm-email', { token: tokenOf(link), password });
    expect(confirmed.headers.location).toBe('/salesforce-connection');
    expect((await browser.get('/salesforce-connection')).statusCode).toBe(200);
    expect(portal.audit.events.map(({ action }) => action)).toEqual(['account.signed-up', 'account.confirmed']);
  });

  it('does not use the link up when it is only looked at, or when the password is wrong', async () => {
    const browser = portal.newBrowser();
    await browser.get('/sign-up');
    await browser.post('/sign-up', form);
    const link = lastLink();
    await browser.get(link.pathname + link.search);
    const wrong = await browser.post('/confirm-email', { token: tokenOf(link), password: 'another password' });
    expect(wrong.statusCode).toBe(401);
    expect(textOf(wrong.body)).toContain('not the password that was chosen');
    expect((await browser.post('/confirm-email', { token: tokenOf(link), password })).statusCode).toBe(303);
  });

  it('accepts a link once, and not after a day', async () => {
    const browser = portal.newBrowser();
    await browser.get('/sign-up');
    await browser.post('/sign-up', form);
    const first = tokenOf(lastLink());
    await browser.post('/confirm-email', { token: first, password });
    expect((await browser.post('/confirm-email', { token: first, password })).statusCode).toBe(400);

    await browser.get('/sign-in');
    await browser.post('/sign-out');
    await browser.get('/sign-up');
    await browser.post('/sign-up', { ...form, email: 'bob@acme.example' });
    portal.clock.pass(24 * 3_600_000);
    const late = await browser.get(`/confirm-email?token=${tokenOf(lastLink())}`);
    expect(late.statusCode).toBe(400);
    expect(textOf(late.body)).toContain('This link does not work any more');
  });

  it('answers the same for an address that has an account, and mails a note instead', async () => {
    await portal.newAccount();
    const browser = portal.newBrowser();
    await browser.get('/sign-up');
    const answer = await browser.post('/sign-up', { ...form, password: 'some other password' });
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe('/sign-up/sent?email=ada%40acme.example');
    expect(portal.mailer.sent).toHaveLength(1);
    expect(lastLink().pathname).toBe('/sign-in');
    expect((await portal.accounts.findByEmail('ada@acme.example'))?.passwordHash).toContain(password);
  });

  it('lets a later sign-up with the same address replace one that was never confirmed, password included', async () => {
    const stranger = portal.newBrowser();
    await stranger.get('/sign-up');
    await stranger.post('/sign-up', { ...form, password: 'the stranger’s password' });
    const owner = portal.newBrowser();
    await owner.get('/sign-up');
    await owner.post('/sign-up', form);
    const token = tokenOf(lastLink());
    expect((await stranger.post('/confirm-email', { token, password: 'the stranger’s password' })).statusCode).toBe(
      401,
    );
    expect((await owner.post('/confirm-email', { token, password })).statusCode).toBe(303);
  });

  it.each([
    ['firstName', '', 'Enter your first name'],
    ['lastName', ' ', 'Enter your last name'],
    ['email', 'ada', 'Enter an e-mail address'],
    ['password', 'short', 'at least 12 characters'],
    ['password', 'ada@acme.example', 'not your e-mail address'],
    ['timeZone', 'Mars/Olympus', 'Choose a time zone'],
  ])('says at the field %s what is wrong with %j, and keeps what was typed', async (field, value, words) => {
    const browser = portal.newBrowser();
    await browser.get('/sign-up');
    const answer = await browser.post('/sign-up', { ...form, company: 'ACME & Sons', [field]: value });
    expect(answer.statusCode).toBe(400);
    expect(textOf(answer.body)).toContain(words);
    expect(answer.body).toContain('value="ACME &amp; Sons"');
    expect(answer.body).toContain(`id="${field}-fault"`);
    expect(answer.body).not.toContain(password);
    expect(portal.mailer.sent).toEqual([]);
    expect(portal.audit.events).toEqual([]);
  });

  it('says that mail is out of order, and lets the same address sign up again', async () => {
    const browser = portal.newBrowser();
    await browser.get('/sign-up');
    portal.mailer.fail('send', new AppError('MAIL_UNAVAILABLE', 'The mail could not be sent.'));
    const answer = await browser.post('/sign-up', form);
    expect(answer.statusCode).toBe(503);
    expect(textOf(answer.body)).toContain('The mail could not be sent');
    portal.mailer.mend();
    await browser.get('/sign-up');
    expect((await browser.post('/sign-up', form)).statusCode).toBe(303);
    expect(portal.mailer.sent).toHaveLength(1);
  });
});

describe('sign-in', () => {
  it('leads to the connection, or to the page that was wanted', async () => {
    await portal.newAccount();
    const browser = portal.newBrowser();
    const away = await browser.get('/phone-systems?x=1');
    expect(away.headers.location).toBe('/sign-in?next=%2Fphone-systems%3Fx%3D1');
    const page = await browser.get(away.headers.location ?? '');
    const next = /name="next" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const answer = await browser.post('/sign-in', { email: 'ADA@acme.example ', password, next });
    expect(answer.headers.location).toBe('/phone-systems?x=1');
    expect((await browser.get('/')).headers.location).toBe('/salesforce-connection');
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '',
    '/',
  ])('leads to no other place than ours when a link says %j', async (next) => {
    await portal.newAccount();
    const browser = portal.newBrowser();
    await browser.get('/sign-in');
    const answer = await browser.post('/sign-in', { email: 'ada@acme.example', password, next });
    expect(answer.headers.location).toBe('/salesforce-connection');
  });

  it('answers a wrong password and an unknown address with the same page', async () => {
    await portal.newAccount();
    const browser = portal.newBrowser();
    await browser.get('/sign-in');
    const wrong = await browser.post('/sign-in', { email: 'ada@acme.example', password: 'wrong' });
    const unknown = await browser.post('/sign-in', { email: 'bob@acme.example', password: 'wrong' });
    expect([wrong.statusCode, unknown.statusCode]).toEqual([401, 401]);
    expect(textOf(unknown.body)).toBe(textOf(wrong.body));
    expect(unknown.body).toContain('value="bob@acme.example"');
    expect(portal.audit.events).toEqual([]);
  });

  it('refuses an account that is not confirmed, tells only who knows the password, and sends the link again', async () => {
    const browser = portal.newBrowser();
    await browser.get('/sign-up');
    await browser.post('/sign-up', form);
    await browser.get('/sign-in');
    expect((await browser.post('/sign-in', { email: form.email, password: 'wrong' })).statusCode).toBe(401);
    const answer = await browser.post('/sign-in', { email: form.email, password });
    expect(answer.statusCode).toBe(403);
    expect(textOf(answer.body)).toContain('waits for the confirmation');

    const resent = await browser.post('/confirm-email/links', { email: form.email });
    expect(resent.statusCode).toBe(303);
    expect(textOf((await browser.get('/sign-in')).body)).toContain('a new link is on its way');
    expect(portal.mailer.sent).toHaveLength(2);
    expect((await browser.post('/confirm-email', { token: tokenOf(lastLink()), password })).statusCode).toBe(303);
  });

  it('mails nothing to an address that waits for no confirmation, and answers the same', async () => {
    await portal.newAccount();
    const browser = portal.newBrowser();
    await browser.get('/sign-in');
    for (const email of ['ada@acme.example', 'nobody@acme.example', 'no address']) {
      expect((await browser.post('/confirm-email/links', { email })).headers.location).toBe('/sign-in');
    }
    expect(portal.mailer.sent).toEqual([]);
    expect(portal.audit.events).toEqual([]);
  });

  it('stops a guesser, and nobody else', async () => {
    await portal.newAccount();
    await portal.newAccount({ email: 'bob@acme.example' });
    const browser = portal.newBrowser();
    await browser.get('/sign-in');
    for (let attempt = 0; attempt < 10; attempt++) {
      expect((await browser.post('/sign-in', { email: 'ada@acme.example', password: 'wrong' })).statusCode).toBe(401);
    }
    const stopped = await browser.post('/sign-in', { email: 'ada@acme.example', password });
    expect(stopped.statusCode).toBe(429);
    expect(Number(stopped.headers['retry-after'])).toBeGreaterThan(0);
    expect((await browser.post('/sign-in', { email: 'bob@acme.example', password })).statusCode).toBe(303);
  });
});

describe('a session', () => {
  it('gets a new id at sign-in, and the former one ends', async () => {
    const browser = await portal.newSignedInBrowser();
    const former = browser.cookies.get('trunkline-session');
    await browser.post('/sign-in', { email: 'ada@acme.example', password });
    expect(browser.cookies.get('trunkline-session')).not.toBe(former);
    const old = portal.newBrowser();
    old.cookies.set('trunkline-session', former ?? '');
    expect((await old.get('/salesforce-connection')).statusCode).toBe(303);
  });

  it('is stored by its hash only', async () => {
    const browser = await portal.newSignedInBrowser();
    const id = browser.cookies.get('trunkline-session') ?? 'none';
    expect([...portal.sessions.byHash.keys()]).toHaveLength(1);
    expect(portal.sessions.byHash.has(id)).toBe(false);
  });

  it('has a cookie that scripts cannot read and that comes along from Salesforce’s redirect', async () => {
    await portal.newAccount();
    const browser = portal.newBrowser();
    await browser.get('/sign-in');
    const answer = await browser.post('/sign-in', { email: 'ada@acme.example', password });
    const cookie = answer.cookies.find(({ name }) => name === 'trunkline-session');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
    expect(cookie?.secure).toBeUndefined();
  });

  it('has a cookie for encrypted pages only where the portal is encrypted', async () => {
    const encrypted = await createTestPortal({ publicUrl: 'https://acd.acme.example' });
    const { cookies, headers } = await encrypted.app.inject({ url: '/sign-in', headers: { host: 'acd.acme.example' } });
    expect(cookies).toMatchObject([{ name: '__Host-trunkline-csrf', secure: true, httpOnly: true, path: '/' }]);
    expect(headers['strict-transport-security']).toContain('max-age');
    await encrypted.app.close();
  });

  it('ends a week after it was last used, and not before', async () => {
    const browser = await portal.newSignedInBrowser();
    const day = 24 * 3_600_000;
    portal.clock.pass(6 * day);
    const answer = await browser.get('/salesforce-connection');
    expect(answer.statusCode).toBe(200);
    expect(answer.cookies.some(({ name }) => name === 'trunkline-session')).toBe(true);
    portal.clock.pass(6 * day);
    expect((await browser.get('/salesforce-connection')).statusCode).toBe(200);
    portal.clock.pass(7 * day);
    expect((await browser.get('/salesforce-connection')).statusCode).toBe(303);
  });

  it('ends at sign-out', async () => {
    const browser = await portal.newSignedInBrowser();
    const id = browser.cookies.get('trunkline-session') ?? '';
    await browser.get('/salesforce-connection');
    expect((await browser.post('/sign-out')).headers.location).toBe('/sign-in');
    expect(browser.cookies.has('trunkline-session')).toBe(false);
    expect(portal.sessions.byHash.size).toBe(0);
    expect(textOf((await browser.get('/sign-in')).body)).toContain('You are signed out.');
    browser.cookies.set('trunkline-session', id);
    expect((await browser.get('/salesforce-connection')).statusCode).toBe(303);
    expect(portal.audit.events.at(-1)).toMatchObject({ action: 'session.ended' });
  });
});
