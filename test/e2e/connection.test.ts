import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BrowserContext, Locator, Page, Request } from 'playwright-core';
import { demoRecords } from '../../src/local/salesforce/data/demo-records.ts';
import type { Account } from '../../src/ports.ts';
import {
  connectButton,
  logIn,
  noteStatus,
  openProduct,
  refreshButton,
  statusOf,
  waitForStatus,
  type OpenProduct,
} from '../support/product.ts';
import { service } from '../support/services.ts';
import { acme } from '../unit/stand-in/oauth-browser.ts';

vi.setConfig({ testTimeout: 60_000 });

const admin = 'admin@acme.example';
/** The page's one second, and a second more for a busy machine. */
const shownWithinMs = 2_000;

let product: OpenProduct;
beforeAll(async () => {
  product = await openProduct(await service('product'));
  await product.takeOrg(acme);
}, 300_000);
afterAll(() => product.close());

const browsers: BrowserContext[] = [];
afterEach(async () => {
  await Promise.all(browsers.splice(0).map((browser) => browser.close()));
  await product.freeOrg(acme);
});

async function openBrowser(...options: Parameters<OpenProduct['newBrowser']>): Promise<BrowserContext> {
  const context = await product.newBrowser(...options);
  browsers.push(context);
  return context;
}

const browse = async (...options: Parameters<OpenProduct['newBrowser']>): Promise<Page> =>
  (await openBrowser(...options)).newPage();

/** Signed in and connected, the connection page open. */
async function connected(account?: Account): Promise<{ page: Page; account: Account }> {
  const owner = account ?? (await product.newAccount());
  const page = await browse(owner);
  await product.authorize(page, admin);
  await waitForStatus(page, 'Active');
  return { page, account: owner };
}

const exchanges = async () =>
  (await product.standIn.journal()).entries.filter(
    ({ path, grant, org }) => path === '/services/oauth2/token' && grant === null && (org === null || org === acme),
  );

describe('an administrator', () => {
  it('connects through the login and Allow pages and sees Active with the Org ID', async () => {
    const page = await browse(await product.newAccount());
    await page.goto(product.url);
    await waitForStatus(page, 'Inactive');
    await page.getByRole('button', { name: connectButton, exact: true }).click();
    await logIn(page, admin);
    await page.getByRole('button', { name: 'Allow' }).click();
    await waitForStatus(page, 'Active');
    expect(await page.getByLabel('Org ID', { exact: true }).innerText()).toBe(acme);
    expect(await statusOf(page).innerText()).toContain('ACME');
    expect(await page.getByRole('button', { name: connectButton }).count()).toBe(0);
  });

  it('copies the Org ID by a button', async () => {
    const { page } = await connected();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: product.url });
    await page.getByRole('button', { name: 'Copy Org ID' }).click();
    await page.getByRole('button', { name: 'Copy Org ID' }).getByText('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(acme);
  });

  it('refreshes the connection, which asks nothing again, keeps the Org ID and leaves one grant', async () => {
    const { page } = await connected();
    await page.getByRole('button', { name: refreshButton, exact: true }).click();
    await page.waitForURL(`${product.url}/salesforce-connection`);
    await waitForStatus(page, 'Active');
    await expect.poll(async () => (await product.credentials.read(acme))?.version, { timeout: 15_000 }).toBe(2);
    await expect.poll(async () => (await product.standIn.describe(acme)).grants, { timeout: 15_000 }).toBe(1);
    expect(await page.getByLabel('Org ID', { exact: true }).innerText()).toBe(acme);
  });

  it('connects with the keyboard alone', async () => {
    const page = await browse(await product.newAccount());
    await page.goto(product.url);
    await waitForStatus(page, 'Inactive');
    await tabTo(page.getByRole('button', { name: connectButton }));
    await page.keyboard.press('Enter');
    await tabTo(page.getByLabel('Username'));
    await page.keyboard.type(admin);
    await page.keyboard.press('Tab');
    await page.keyboard.type('stand-in');
    await page.keyboard.press('Enter');
    await tabTo(page.getByRole('button', { name: 'Allow' }));
    await page.keyboard.press('Enter');
    await waitForStatus(page, 'Active');
  });
});

describe('whoever may not connect is refused with a reason, and the grant is revoked', () => {
  it.each([
    ['a user without the ACD licence', 'admin-nolicence@acme.example', 'The user has no ACD licence'],
    ['a standard user', 'user@acme.example', 'The Salesforce user is not an administrator'],
  ])('%s', async (_who, username, title) => {
    const page = await browse(await product.newAccount());
    await product.authorize(page, username);
    await page.getByRole('heading', { name: title }).waitFor();
    expect(await page.locator('main').innerText()).toContain(username);
    await waitForStatus(page, 'Inactive');
    await expect.poll(async () => (await product.standIn.describe(acme)).grants, { timeout: 15_000 }).toBe(0);
  });

  it('somebody who denies access', async () => {
    const page = await browse(await product.newAccount());
    await product.authorize(page, admin, 'Deny');
    await page.getByRole('heading', { name: 'Access was denied' }).waitFor();
    await waitForStatus(page, 'Inactive');
  });

  it('a second account for the same org, while the first stays connected', async () => {
    const { page: first } = await connected();
    const second = await browse(await product.newAccount());
    await product.authorize(second, admin);
    await second.getByRole('heading', { name: 'This org is connected by another account' }).waitFor();
    await waitForStatus(second, 'Inactive');
    await first.reload();
    await waitForStatus(first, 'Active');
    await expect.poll(async () => (await product.standIn.describe(acme)).grants, { timeout: 15_000 }).toBe(1);
  });
});

describe('the way back from Salesforce', () => {
  /** Goes as far as the callback, which is kept from the server. */
  async function untilCallback(account: Account): Promise<{ page: Page; callback: string }> {
    const page = await browse(account);
    const allowing = '**/setup/secur/RemoteAccessAuthorizationPage.apexp';
    const reached = new Promise<string>((resolve) => {
      void page.route(allowing, async (route) => {
        if (route.request().method() !== 'POST') return route.continue();
        const answer = await route.fetch({ maxRedirects: 0 });
        resolve(answer.headers()['location'] ?? '');
        await route.fulfill({ body: 'The way back is held up.' });
      });
    });
    await page.goto(`${product.url}/salesforce-connection`);
    await page.getByRole('button', { name: connectButton, exact: true }).click();
    await logIn(page, admin);
    await page.getByRole('button', { name: 'Allow' }).click();
    return { page, callback: await reached };
  }

  it('is refused in another browser, even of the same account, and works in its own', async () => {
    const account = await product.newAccount();
    const { page, callback } = await untilCallback(account);
    const other = await browse(account);
    const answer = await other.goto(callback);
    expect(answer?.status()).toBe(400);
    await other
      .getByRole('heading', { name: 'This answer of Salesforce belongs to no attempt of this browser' })
      .waitFor();
    await other.goto(`${product.url}/salesforce-connection`);
    await waitForStatus(other, 'Inactive');
    await page.goto(callback);
    await waitForStatus(page, 'Active');
  });

  it('shows the result when it is loaded twice, and sends the code once', async () => {
    const { page, callback } = await untilCallback(await product.newAccount());
    const before = (await exchanges()).length;
    await page.goto(callback);
    await waitForStatus(page, 'Active');
    await page.goto(callback);
    await waitForStatus(page, 'Active');
    expect(await page.getByText('did not succeed').count()).toBe(0);
    expect((await exchanges()).length - before).toBe(1);
  });
});

describe('the status', () => {
  it('is Inactive within a second of the first refused lookup, without a reload', async () => {
    const { page, account } = await connected();
    const phoneSystem = await product.newPhoneSystem(account, 7_000);
    await expect
      .poll(async () => (await product.ask(phoneSystem, acme, demoRecords.direct.call)).body)
      .toBe(`${demoRecords.direct.ownerExtension}\n`);
    const loads: string[] = [];
    page.on('load', () => loads.push(page.url()));
    const inactiveAtMs = await noteStatus(page, 'Inactive');
    await product.standIn.fault({ fault: 'revoke', org: acme });
    const askedAtMs = Date.now();
    const answer = product.ask(phoneSystem, acme, demoRecords.shared.call);
    expect((await inactiveAtMs()) - askedAtMs).toBeLessThan(shownWithinMs);
    expect(await answer).toMatchObject({ status: 200, body: '100\n', reason: 'not-connected' });
    await page.getByRole('heading', { name: 'Salesforce no longer accepts our access' }).waitFor();
    await page.getByRole('button', { name: connectButton, exact: true }).waitFor();
    expect(loads).toEqual([]);
  });

  it('comes to all tabs of a browser by one stream, which another takes over when its tab is closed', async () => {
    const { page, account } = await connected();
    const context = page.context();
    const streams = new Set<Request>();
    context.on('request', (request) => request.url().endsWith('/events') && streams.add(request));
    context.on('requestfailed', (request) => streams.delete(request));
    context.on('requestfinished', (request) => streams.delete(request));
    await page.reload();
    const second = await context.newPage();
    await second.goto(`${product.url}/phone-systems`);
    await expect.poll(() => streams.size).toBe(1);
    const pill = second.getByRole('link', { name: 'Salesforce: Active' });
    await pill.waitFor();
    // The first tab holds it: the second hears through the first.
    const phoneSystem = await product.newPhoneSystem(account);
    await page.close();
    await expect.poll(() => [...streams].filter((stream) => stream.frame().page() === second).length).toBe(1);
    await second.bringToFront();
    await product.standIn.fault({ fault: 'revoke', org: acme });
    await product.ask(phoneSystem, acme, demoRecords.direct.call);
    await second.getByRole('link', { name: 'Salesforce: Inactive' }).waitFor();
  });

  it('reaches a second tab through the stream of the first', async () => {
    const { page, account } = await connected();
    const second = await page.context().newPage();
    const streams: string[] = [];
    second.on('request', (request) => request.url().endsWith('/events') && streams.push(request.url()));
    await second.goto(`${product.url}/salesforce-connection`);
    await waitForStatus(second, 'Active');
    const phoneSystem = await product.newPhoneSystem(account);
    await product.standIn.fault({ fault: 'revoke', org: acme });
    await product.ask(phoneSystem, acme, demoRecords.direct.call);
    await waitForStatus(second, 'Inactive', shownWithinMs);
    expect(streams).toEqual([]);
  });

  it('is right after a reload without JavaScript, from connecting to breaking', async () => {
    const account = await product.newAccount();
    const page = await browse(account, { javaScriptEnabled: false });
    await product.authorize(page, admin);
    await expect
      .poll(
        async () => {
          await page.reload();
          return statusOf(page).innerText();
        },
        { timeout: 15_000 },
      )
      .toMatch(/^\s*Active/);
    expect(await page.getByText(acme).isVisible()).toBe(true);
    const phoneSystem = await product.newPhoneSystem(account);
    await product.standIn.fault({ fault: 'revoke', org: acme });
    await product.ask(phoneSystem, acme, demoRecords.direct.call);
    await page.reload();
    await waitForStatus(page, 'Inactive');
    await page.getByRole('button', { name: connectButton, exact: true }).waitFor();
  });
});

/** Presses Tab until this element has the focus. */
async function tabTo(target: Locator): Promise<void> {
  await target.waitFor();
  const page = target.page();
  for (let presses = 0; (await target.and(page.locator(':focus')).count()) === 0; presses++) {
    if (presses === 40) throw new Error(`Tab never came to ${String(target)}`);
    await page.keyboard.press('Tab');
  }
}
