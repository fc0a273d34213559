import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/domain/connection.ts';
import { AppError } from '../../src/errors.ts';
import type { Account, AuditEvent } from '../../src/ports.ts';
import { connection, orgId } from '../support/fakes/lookups.ts';
import { createTestPortal, textOf, type Browser, type TestPortal } from '../support/portal.ts';

const day = 24 * 3_600_000;

let portal: TestPortal;
let account: Account;
let browser: Browser;
beforeEach(async () => {
  portal = await createTestPortal();
  account = await portal.newAccount();
  browser = await portal.newSignedInBrowser(account);
});
afterEach(() => portal.app.close());

const connect = (changes: Partial<Connection> = {}) =>
  portal.connections.byAccount.set(account.id, {
    ...connection,
    accountId: account.id,
    lastCheckedAtMs: portal.clock.now(),
    lastRefreshedAtMs: portal.clock.now(),
    ...changes,
  });
const page = async () => (await browser.get('/salesforce-connection')).body;
const backToThePage = { statusCode: 303, headers: { location: '/salesforce-connection' } };
const forEver = () => new Promise<void>(() => undefined);
const lastEvent = () => portal.audit.events.at(-1);

describe('Check now', () => {
  it('asks for a check, waits for it and says so', async () => {
    connect();
    await page();
    const answer = await browser.post('/salesforce-connection/checks');
    expect(answer).toMatchObject({ statusCode: 303, headers: { location: '/salesforce-connection' } });
    expect(portal.engine.idsOf('checkNow')).toEqual([orgId]);
    expect(lastEvent()).toMatchObject({ action: 'connection.check-asked', accountId: account.id, subject: orgId });
    expect(textOf(await page())).toContain('Checked: the page shows how the connection stands.');
  });

  it('claims no check that was not made', async () => {
    connect({ lastCheckedAtMs: portal.clock.now() - 60_000 });
    await page();
    await browser.post('/salesforce-connection/checks');
    expect(textOf(await page())).toContain('The check is under way.');
  });

  it('answers although the check goes on for longer than a form can wait', async () => {
    connect({ lastCheckedAtMs: portal.clock.now() - 60_000 });
    await page();
    portal.engine.checkNow = forEver;
    expect((await browser.post('/salesforce-connection/checks')).statusCode).toBe(303);
  });

  it('says that the engine is away', async () => {
    connect();
    await page();
    portal.engine.fail('checkNow', new AppError('TEMPORAL_UNAVAILABLE', 'Away.'));
    expect((await browser.post('/salesforce-connection/checks')).statusCode).toBe(503);
  });

  it.each<[string, Partial<Connection>]>([
    ['it is disconnected', { state: 'disconnected' }],
    ['its access ended for good', { state: 'broken', cause: 'token-revoked' }],
  ])('is not offered when %s', async (_when, changes) => {
    connect(changes);
    expect(await page()).not.toContain('Check now');
  });

  it('leads back where nothing is connected any more', async () => {
    await page();
    expect(await browser.post('/salesforce-connection/checks')).toMatchObject(backToThePage);
    expect(textOf(await page())).toContain('Nothing was done: Salesforce is not connected any more.');
    expect(portal.engine.calls).toEqual([]);
  });
});

describe('Disconnect', () => {
  it('asks first, and says what goes and what stays', async () => {
    connect();
    expect(await page()).toContain('href="/salesforce-connection/disconnect"');
    const text = textOf((await browser.get('/salesforce-connection/disconnect')).body);
    expect(text).toContain(`ACME (${orgId})`);
    expect(text).toContain('revoked at Salesforce');
    expect(text).toContain('lookups and their tokens are kept');
    expect(portal.engine.calls).toEqual([]);
  });

  it('disconnects when it is confirmed', async () => {
    connect();
    await browser.get('/salesforce-connection/disconnect');
    const answer = await browser.post('/salesforce-connection/disconnect');
    expect(answer).toMatchObject({ statusCode: 303, headers: { location: '/salesforce-connection' } });
    expect(portal.engine.idsOf('disconnect')).toEqual([orgId]);
    expect(lastEvent()).toMatchObject({ action: 'connection.disconnect-asked', subject: orgId });
    connect({ state: 'disconnected' });
    const after = textOf(await page());
    expect(after).toContain('Salesforce is disconnected.');
    expect(after).toContain('Inactive Disconnected by you');
  });

  it('goes on beside the page while a renewal has to end first', async () => {
    connect();
    await browser.get('/salesforce-connection/disconnect');
    portal.engine.disconnect = forEver;
    expect((await browser.post('/salesforce-connection/disconnect')).statusCode).toBe(303);
    connect({ disconnecting: true });
    const text = textOf(await page());
    expect(text).toContain('Disconnecting takes a moment longer');
    expect(text).toContain('Active Disconnecting: a renewal under way has to end first');
    expect(text).not.toContain('Check now');
  });

  it('leads back where nothing is connected any more', async () => {
    await page();
    expect(await browser.get('/salesforce-connection/disconnect')).toMatchObject(backToThePage);
    expect(await browser.post('/salesforce-connection/disconnect')).toMatchObject(backToThePage);
    expect(textOf(await page())).toContain('Nothing was done: Salesforce is not connected any more.');
    expect(portal.engine.calls).toEqual([]);
  });
});

describe('the next refresh', () => {
  it.each<[string, Partial<Connection>, string]>([
    ['not known yet', {}, 'Not yet'],
    ['none', { state: 'broken', cause: 'token-revoked' }, 'None: it needs a new sign-in'],
  ])('is %s', async (_what, changes, text) => {
    connect({ nextRefreshAtMs: undefined, ...changes });
    expect(textOf(await page())).toContain(`Next refresh ${text}`);
  });

  it('is never in the past, also not while the page stays open', async () => {
    connect({ nextRefreshAtMs: portal.clock.now() - 1 });
    expect(textOf(await page())).toContain('Next refresh Any moment');
    connect({ nextRefreshAtMs: portal.clock.now() + 60_000 });
    expect(await page()).toMatch(/Next refresh<\/dt><dd><time [^>]* data-relative data-due="Any moment">/);
  });
});

describe('early warnings', () => {
  it.each<[string, Partial<Connection>, string]>([
    ['the fifth approval', { observed: { grants: 5 } }, 'All five approvals of the user are taken'],
    ['an app that is not installed', { observed: { appInstalled: false } }, 'app is not installed in the org'],
    ['a licence that ends', { observed: { licenceEndsAtMs: 1 } }, 'The ACD licence ends soon'],
    ['missing rotation', { observed: { rotationMissing: true } }, 'does not rotate refresh tokens'],
    ['many API calls', { apiUsed: 81, apiMax: 100 }, 'Most of the org’s API calls are used up'],
    ['long idleness', { lastRefreshedAtMs: 0 }, 'not renewed for 20 days'],
  ])('tell of %s, on the page and in the frame of others', async (_what, changes, title) => {
    connect(changes);
    const text = textOf(await page());
    expect(text).toMatch(new RegExp(`Early warning [^.]*${title}`));
    expect(text).toContain('What to do');
    expect(text).toMatch(/Active Connected to ACME/);
    expect(textOf((await browser.get('/phone-systems')).body)).toContain('Salesforce: Active, with a warning');
  });

  it('say nothing twice: a renewal that is not confirmed is the reason already', async () => {
    connect({ state: 'degraded', cause: 'refresh-uncertain' });
    const text = textOf(await page());
    expect(text.split('A renewal is not confirmed')).toHaveLength(2);
    expect(text).not.toContain('Early warning');
  });

  it('are silent when all is well', async () => {
    connect({ observed: { grants: 4, appInstalled: true, licenceEndsAtMs: null, rotationMissing: false } });
    expect(await page()).not.toContain('Early warning');
    expect(textOf((await browser.get('/phone-systems')).body)).toContain('Salesforce: Active ');
  });
});

describe('the details', () => {
  it('show the API calls as a meter that says the same in words', async () => {
    connect({ apiUsed: 12_400, apiMax: 15_000, observed: { grants: 2 } });
    const html = await page();
    expect(html).toMatch(/<meter value="12400" max="15000" high="12000"[^>]* aria-label="API calls today">/);
    expect(textOf(html)).toContain('12,400 of 15,000');
    expect(html).toMatch(/<meter value="2" max="5"[^>]* aria-label="Approvals of this user">/);
  });

  it('show times that tick', async () => {
    connect();
    expect(await page()).toMatch(/Last checked<\/dt><dd><time [^>]*data-relative/);
  });
});

describe('the timeline', () => {
  const note = (event: Partial<AuditEvent> & Pick<AuditEvent, 'action'>) =>
    portal.audit.record({ accountId: account.id, actor: 'system', subject: orgId, ...event });
  const timeline = async () => {
    const items = [...(await page()).matchAll(/<li data-tone="\w+">(.*?)<\/li>/gs)];
    return items.map(([, item = '']) => textOf(item).replace(/ \d\d? \w+ \d{4}, [\d:]+ ·/, ' ·'));
  };

  it('tells what happened and by whom, the newest first', async () => {
    const admin = { actor: 'salesforce-user', detail: { username: 'admin@acme.example' } } as const;
    await note({ action: 'invitation.sent', actor: 'account', detail: { to: 'boss@acme.example' } });
    await note({
      action: 'connection.connected',
      ...admin,
      detail: { ...admin.detail, invitedAs: 'boss@acme.example' },
    });
    await note({ action: 'connection.warned', detail: { warning: 'grants-full' } });
    await note({ action: 'connection.refreshed' });
    await note({ action: 'connection.broken', detail: { cause: 'user-frozen' } });
    await note({ action: 'connection.check-asked', actor: 'account', detail: { found: 'broken' } });
    await note({ action: 'connection.repaired' });
    await note({ action: 'connection.authorized-again', ...admin });
    await note({ action: 'authorization.refused', ...admin, detail: { ...admin.detail, reason: 'not-administrator' } });
    await note({ action: 'connection.disconnected', actor: 'account' });
    expect(await timeline()).toEqual([
      'Disconnected · by you',
      'An attempt to connect was refused: The Salesforce user is not an administrator · by admin@acme.example',
      'Connected anew by signing in again · by admin@acme.example',
      'Repaired: Active again · by Trunkline',
      'Checked: Inactive · by you',
      'Inactive: The Salesforce user is frozen · by Trunkline',
      'Access renewed · by Trunkline',
      'Early warning: All five approvals of the user are taken · by Trunkline',
      'Connected · by admin@acme.example, invited as boss@acme.example',
      'Invitation sent to boss@acme.example · by you',
    ]);
  });

  it('tells of a check that a person asked for, and not of those that pages ask for', async () => {
    connect({ lastCheckedAtMs: portal.clock.now() - 60_000 });
    expect(await timeline()).toEqual([]);
    portal.engine.checkNow = async () => void connect();
    await browser.post('/salesforce-connection/checks');
    expect(await timeline()).toEqual(['Checked: Active · by you']);
    portal.clock.pass(60_000);
    portal.engine.checkNow = async () => undefined;
    await browser.post('/salesforce-connection/checks');
    expect(await timeline()).toEqual(['A check was asked for · by you', 'Checked: Active · by you']);
  });

  it('leaves out what is no matter of the connection, and other accounts', async () => {
    await note({ action: 'pbx.created' });
    await note({ action: 'connection.refreshed', accountId: 'somebody else' });
    expect(await timeline()).toEqual([]);
    expect(await page()).not.toContain('What happened');
  });

  it('shows the last fifty', async () => {
    for (let count = 0; count < 60; count++) await note({ action: 'connection.refreshed' });
    expect(await timeline()).toHaveLength(50);
  });

  it('ages with the account’s time zone', async () => {
    portal.clock.pass(-portal.clock.now() + 20 * day);
    await note({ action: 'connection.refreshed' });
    expect(await page()).toMatch(/<time datetime="1970-01-21T00:00:00.000Z"[^>]*>21 Jan 1970, 01:00:00</);
  });
});
