import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import type { Account } from '../../src/ports.ts';
import { createTestPortal, textOf, type Browser, type TestPortal } from '../support/portal.ts';

const hour = 3_600_000;

let portal: TestPortal;
let account: Account;
beforeEach(async () => {
  portal = await createTestPortal();
  account = await portal.newAccount();
});
afterEach(() => portal.app.close());

/** Sends an invitation as its account does; answers with the path of the link in the mail. */
async function invite(to = 'boss@acme.example'): Promise<string> {
  const browser = await portal.newSignedInBrowser(account);
  await browser.get('/salesforce-connection/invitation');
  const answer = await browser.post('/salesforce-connection/invitation', { email: to });
  expect(answer.headers.location).toBe('/salesforce-connection');
  return /http:\/\/localhost:3000(\/invitation\?token=\S+)/.exec(portal.mailer.sent.at(-1)?.text ?? '')?.[1] ?? '';
}

const tokenOf = (link: string) => link.split('token=')[1] ?? '';

/** Goes to Salesforce through a link, without an account. */
async function begin(link: string, browser: Browser = portal.newBrowser()) {
  await browser.get(link);
  const answer = await browser.post('/invitation/authorizations', { token: tokenOf(link), choice: 'sandbox' });
  const url = new URL(answer.headers.location ?? 'https://nowhere.example');
  return { browser, answer, url, state: url.searchParams.get('state') ?? '' };
}
const attempt = () => portal.authorizations.all.at(-1);

describe('inviting', () => {
  it('mails a link and writes down to whom', async () => {
    await invite(' Boss@ACME.example ');
    expect(portal.mailer.sent).toMatchObject([{ to: 'boss@acme.example' }]);
    expect(portal.mailer.sent[0]?.subject).toContain('Ada Admin (ada@acme.example)');
    expect(portal.mailer.sent[0]?.text).toContain('within 24 hours');
    expect(portal.audit.events.at(-1)).toMatchObject({
      action: 'invitation.sent',
      accountId: account.id,
      actor: 'account',
      detail: { to: 'boss@acme.example' },
    });
    const [link] = [...portal.links.byHash.values()];
    expect(link).toMatchObject({ purpose: 'invitation', expiresAtMs: portal.clock.now() + 24 * hour });
  });

  it.each(['', 'boss', 'boss@acme', 'a@b.example, c@d.example'])(
    'refuses the address %j at its field',
    async (email) => {
      const browser = await portal.newSignedInBrowser(account);
      await browser.get('/salesforce-connection/invitation');
      const answer = await browser.post('/salesforce-connection/invitation', { email });
      expect(answer.statusCode).toBe(400);
      expect(answer.body).toContain('id="email-fault"');
      expect(portal.mailer.sent).toEqual([]);
      expect(portal.audit.events.map(({ action }) => action)).not.toContain('invitation.sent');
    },
  );

  it('says when the mail could not be sent', async () => {
    const browser = await portal.newSignedInBrowser(account);
    await browser.get('/salesforce-connection/invitation');
    portal.mailer.fail('send', new AppError('MAIL_UNAVAILABLE', 'Away.'));
    const answer = await browser.post('/salesforce-connection/invitation', { email: 'boss@acme.example' });
    expect(answer.statusCode).toBe(503);
  });

  it('is for those who are signed in', async () => {
    const answer = await portal.newBrowser().get('/salesforce-connection/invitation');
    expect(answer.headers.location).toContain('/sign-in');
  });
});

describe('the link', () => {
  it('says who asks for what, in a page without the portal’s menu', async () => {
    const page = await portal.newBrowser().get(await invite());
    const text = textOf(page.body);
    expect(text).toContain('Ada Admin (ada@acme.example) asks you to connect your Salesforce org');
    expect(text).toContain('Click To Connect Salesforce');
    expect(page.body).not.toContain('/phone-systems');
    expect(page.body).not.toContain('/sign-in');
    expect(page.headers['content-security-policy']).toMatch(/form-action 'self' https:(?:;|$)/);
  });

  it('is not used up by being looked at', async () => {
    const link = await invite();
    await portal.newBrowser().get(link);
    expect((await portal.newBrowser().get(link)).statusCode).toBe(200);
  });

  it('works for a day', async () => {
    const link = await invite();
    portal.clock.pass(24 * hour - 1);
    expect((await portal.newBrowser().get(link)).statusCode).toBe(200);
    const browser = portal.newBrowser();
    await browser.get(link);
    portal.clock.pass(1);
    expect((await portal.newBrowser().get(link)).statusCode).toBe(400);
    expect((await begin(link, browser)).answer.statusCode).toBe(400);
    expect(portal.authorizations.all).toEqual([]);
  });

  it('gives way to a newer one', async () => {
    const [first, second] = [await invite(), await invite('other@acme.example')];
    expect((await portal.newBrowser().get(first)).statusCode).toBe(400);
    expect((await portal.newBrowser().get(second)).statusCode).toBe(200);
  });

  it('is no other kind of link', async () => {
    const token = 'confirmation';
    const { secretTokens } = await import('../../src/crypto/tokens.ts');
    await portal.links.create({
      tokenHash: secretTokens.hash(token),
      purpose: 'confirm-email',
      accountId: account.id,
      expiresAtMs: portal.clock.now() + hour,
    });
    expect((await portal.newBrowser().get(`/invitation?token=${token}`)).statusCode).toBe(400);
    expect((await portal.newBrowser().get('/invitation?token=')).statusCode).toBe(400);
    expect((await portal.newBrowser().get('/invitation')).statusCode).toBe(400);
  });
});

describe('an invited administrator', () => {
  it('goes to the chosen login host for the account that invited', async () => {
    const { url } = await begin(await invite());
    expect(url.origin).toBe('https://test.salesforce.com');
    expect(attempt()).toMatchObject({ accountId: account.id, isInvited: true, status: 'begun' });
    expect(portal.audit.events.at(-1)).toMatchObject({
      action: 'authorization.begun',
      actor: 'salesforce-user',
      accountId: account.id,
      detail: { invited: true },
    });
  });

  it('is told of a My Domain that is none, at its field', async () => {
    const link = await invite();
    const browser = portal.newBrowser();
    await browser.get(link);
    const answer = await browser.post('/invitation/authorizations', {
      token: tokenOf(link),
      choice: 'my-domain',
      myDomain: 'evil.example',
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('id="myDomain-fault"');
    expect(answer.body).toContain(tokenOf(link));
  });

  it('comes back to a page of the attempt, which follows without an account', async () => {
    const { browser, state } = await begin(await invite());
    const back = await browser.get(`/salesforce/callback?state=${state}&code=aPrx`);
    const result = back.headers.location ?? '';
    expect(result).toMatch(/^\/invitation\/attempts\//);
    expect(portal.audit.events.at(-1)).toMatchObject({ action: 'authorization.returned', actor: 'salesforce-user' });
    const checking = await browser.get(result);
    expect(textOf(checking.body)).toContain('Checking what Salesforce told us…');
    expect(checking.body).toContain('http-equiv="refresh"');

    await portal.authorizations.end(attempt()?.id ?? '', {
      status: 'refused',
      reason: 'not-administrator',
      detail: { username: 'bob@acme.example', missing: ['Modify All Data'] },
    });
    const refused = await browser.get(result);
    expect(textOf(refused.body)).toContain('bob@acme.example lacks Modify All Data');
    expect(textOf(refused.body)).toContain('open the link of the invitation again');
    expect(refused.body).not.toContain('http-equiv="refresh"');
  });

  it('is not told to disconnect what only the account can', async () => {
    const { browser, state } = await begin(await invite());
    const back = await browser.get(`/salesforce/callback?state=${state}&code=aPrx`);
    await portal.authorizations.end(attempt()?.id ?? '', { status: 'refused', reason: 'another-org-connected' });
    const refused = textOf((await browser.get(back.headers.location ?? '')).body);
    expect(refused).toContain('ask the one who invited you to disconnect that org first');
  });

  it('whose invitation was used up is told whom to ask', async () => {
    const answer = await portal.newBrowser().get('/invitation?token=used-long-ago');
    expect(answer.statusCode).toBe(400);
    expect(textOf(answer.body)).toContain('Ask the one who invited you how things stand, or for a new one.');
  });

  it('reads that it is done when it is', async () => {
    const { browser, state } = await begin(await invite());
    const back = await browser.get(`/salesforce/callback?state=${state}&code=aPrx`);
    await portal.authorizations.end(attempt()?.id ?? '', { status: 'succeeded' });
    const page = await browser.get(back.headers.location ?? '');
    expect(textOf(page.body)).toContain('Done: Ada Admin sees now that Salesforce is connected');
    expect(page.body).not.toContain('http-equiv="refresh"');
  });

  it('shows the attempt to no other browser, and no attempt of an account', async () => {
    const link = await invite();
    const { browser, state } = await begin(link);
    const back = await browser.get(`/salesforce/callback?state=${state}&code=aPrx`);
    expect((await portal.newBrowser().get(back.headers.location ?? '')).statusCode).toBe(404);
    const owner = await portal.newSignedInBrowser(account);
    await owner.get('/salesforce-connection');
    const own = await owner.post('/salesforce-connection/authorizations', { choice: 'production' });
    const ownState = new URL(own.headers.location ?? '').searchParams.get('state') ?? '';
    expect((await owner.get(`/salesforce/callback?state=${ownState}&code=x`)).headers.location).toBe(
      '/salesforce-connection',
    );
    expect((await owner.get(`/invitation/attempts/${attempt()?.stateHash ?? ''}`)).statusCode).toBe(404);
  });
});
