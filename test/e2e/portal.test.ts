import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { demoRecords } from '../../src/local/salesforce/data/demo-records.ts';
import type { Account } from '../../src/ports.ts';
import { messagesTo } from '../support/inbox.ts';
import { openProduct, waitForStatus, type OpenProduct } from '../support/product.ts';
import { service } from '../support/services.ts';
import { acme } from '../unit/stand-in/oauth-browser.ts';

vi.setConfig({ testTimeout: 400_000 });

const run = promisify(execFile);
const admin = 'admin@acme.example';

let product: OpenProduct;
let inbox: string;
beforeAll(async () => {
  const running = await service('product');
  ({ inbox } = running);
  product = await openProduct(running);
  await product.takeOrg(acme);
}, 300_000);
afterAll(() => product.close());

const browsers: BrowserContext[] = [];
afterEach(async () => {
  await Promise.all(browsers.splice(0).map((browser) => browser.close()));
  await product.standIn.clearFaults();
  await product.freeOrg(acme);
});

async function browse(...options: Parameters<OpenProduct['newBrowser']>): Promise<Page> {
  const context = await product.newBrowser(...options);
  browsers.push(context);
  return context.newPage();
}

async function connected(): Promise<{ page: Page; account: Account }> {
  const account = await product.newAccount();
  const page = await browse(account);
  await product.authorize(page, admin);
  await waitForStatus(page, 'Active');
  return { page, account };
}

/** The link in the latest message to an address. */
async function linkFor(email: string): Promise<string> {
  const link = async () => /https?:\/\/\S+/.exec((await messagesTo(inbox, email)).at(-1) ?? '')?.[0];
  await expect.poll(link, { timeout: 15_000 }).toBeDefined();
  return (await link()) ?? '';
}

describe('an account', () => {
  it('is made by sign-up, confirmed by the link in a real mail, signed out of and into again', async () => {
    const email = `${randomBytes(6).toString('hex')}@example.org`;
    const password = 'four words in a row';
    const page = await browse();
    await page.goto(product.url);
    await page.getByRole('navigation').getByRole('link', { name: 'Sign up' }).click();
    await page.getByLabel('First name').fill('Ada');
    await page.getByLabel('Last name').fill('Admin');
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();

    await page.goto(await linkFor(email));
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Confirm and sign in' }).click();
    await waitForStatus(page, 'Inactive');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out.').waitFor();
    await page.goto(`${product.url}/phone-systems`);
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill('wrong, and long enough');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('E-mail or password is wrong.').waitFor();
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Phone systems' }).waitFor();
    expect(page.url()).toBe(`${product.url}/phone-systems`);
  });
});

describe('a phone system', () => {
  it('is made with a token whose curl line routes a call, which is listed without a reload, until the token is revoked', async () => {
    const { page } = await connected();
    await page.getByRole('link', { name: 'Phone systems' }).click();
    await page.getByRole('button', { name: 'Add a phone system' }).click();
    await page.getByLabel('Name').fill('Main site');
    await page.getByLabel('Fallback extension').fill('100');
    // Answers are compared here, not speed.
    await page.getByLabel('Deadline in milliseconds').fill('7000');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('heading', { name: 'Main site' }).waitFor();

    await page.getByLabel('Name of the new token').fill('Front desk');
    await page.getByRole('button', { name: 'Make a token' }).click();
    const line = await page.locator('pre').first().innerText();
    expect(line).toContain(acme);
    await page.reload();
    expect(await page.getByText('shown only this once').count()).toBe(0);

    const { stdout } = await run('sh', ['-c', `${line} --silent --show-error`]);
    expect(stdout).toBe(`${demoRecords.direct.ownerExtension}\n`);
    const listed = page.getByRole('row').filter({ hasText: 'One match' });
    await listed.waitFor();
    expect(await listed.innerText()).toContain(demoRecords.direct.ownerExtension);
    expect(await page.locator('main').innerText()).not.toContain(demoRecords.direct.phone);

    await page.getByRole('button', { name: 'Revoke the token Front desk' }).click();
    await page.getByText('The token “Front desk” is revoked.').waitFor();
    const status = async () =>
      (await run('sh', ['-c', `${line} --silent --output /dev/null --write-out '%{http_code}'`])).stdout;
    // A second, and one more for a busy machine.
    await expect.poll(status, { timeout: 2_000 }).toBe('401');
  });
});

describe('every page', () => {
  /** Both widths and both schemes occur, each pair once more would cost a minute. */
  const looks = [
    { viewport: { width: 1_280, height: 900 }, colorScheme: 'light' },
    { viewport: { width: 360, height: 780 }, colorScheme: 'dark' },
  ] as const;

  /** From a telephone to the widest screen, and between. */
  const widths = [360, 768, 1_280, 2_560];

  /** What is seriously wrong with the page as it stands, in words. */
  async function faultsOf(page: Page): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { viewport, colorScheme } of looks) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      // Our pages have no frames, so that all can be done within the page.
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
      for (const { id, impact, nodes } of violations) {
        if (impact !== 'serious' && impact !== 'critical') continue;
        found.push(`${page.url()} ${colorScheme} ${viewport.width}: ${id} ${nodes.map(({ html }) => html).join(' ')}`);
      }
    }
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      const needed = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (needed > width) found.push(`${page.url()} is ${needed} px wide in ${width}`);
    }
    return found;
  }

  /** Every page of the portal that links lead to, the menu's included; each must be there. What is no page for people is left out. */
  async function reachableFrom(page: Page, start: string): Promise<readonly string[]> {
    const seen = new Set<string>();
    const pages: string[] = [];
    const waiting = [start];
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      seen.add(path);
      const response = await page.goto(product.url + path);
      expect([path, response?.status()]).toEqual([path, 200]);
      if (!(await response?.headerValue('content-type'))?.startsWith('text/html')) continue;
      pages.push(path);
      const links = await page.evaluate<string[]>(
        '[...document.links].filter((link) => !link.hasAttribute("download")).map(({ href }) => href)',
      );
      for (const link of links) {
        const { origin, pathname } = new URL(link);
        if (origin === product.url && pathname !== '/' && !seen.has(pathname) && !waiting.includes(pathname)) {
          waiting.push(pathname);
        }
      }
    }
    return pages;
  }

  it('before signing in is accessible, and no wider than the window', async () => {
    const page = await browse();
    const paths = await reachableFrom(page, '/sign-in');
    expect(paths).toEqual(expect.arrayContaining(['/sign-in', '/sign-up']));
    const faults: string[] = [];
    for (const path of paths) {
      await page.goto(product.url + path);
      faults.push(...(await faultsOf(page)));
    }
    await page.goto(`${product.url}/sign-up`);
    await page.getByLabel('E-mail').fill('ada@example.org');
    await page.getByRole('button', { name: 'Create account' }).evaluate((button: { form: { noValidate: boolean } }) => {
      button.form.noValidate = true;
    });
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('alert').waitFor();
    faults.push(...(await faultsOf(page)));
    expect(faults).toEqual([]);
  });

  it('behind the sign-in is accessible, and no wider than the window', async () => {
    const { page, account } = await connected();
    const phoneSystem = await product.newPhoneSystem(account);
    await product.ask(phoneSystem, acme, demoRecords.direct.call);
    const paths = await reachableFrom(page, '/salesforce-connection');
    expect(paths).toEqual(expect.arrayContaining(['/phone-systems/new', `/phone-systems/${phoneSystem.id}`]));
    const faults: string[] = [];
    for (const path of [...paths, '/no-such-page']) {
      await page.goto(product.url + path);
      faults.push(...(await faultsOf(page)));
    }
    await page.goto(`${product.url}/phone-systems/${phoneSystem.id}`);
    await page.getByRole('button', { name: 'Make a token' }).click();
    await page.locator('pre').first().waitFor();
    faults.push(...(await faultsOf(page)));
    expect(faults).toEqual([]);
  });

  it('of the connection is accessible in each of its states', async () => {
    const { page, account } = await connected();
    const phoneSystem = await product.newPhoneSystem(account);
    const faults: string[] = [];
    await product.standIn.fault({ fault: 'html-503', org: acme, match: '/services' });
    await page.getByRole('status').filter({ hasText: 'with a warning' }).waitFor();
    faults.push(...(await faultsOf(page)));
    await product.standIn.clearFaults();
    await product.standIn.fault({ fault: 'revoke', org: acme });
    await product.ask(phoneSystem, acme, demoRecords.direct.call);
    await waitForStatus(page, 'Inactive');
    faults.push(...(await faultsOf(page)));
    await product.authorize(page, 'admin-nolicence@acme.example');
    await page.getByRole('heading', { name: 'The user has no ACD licence' }).waitFor();
    faults.push(...(await faultsOf(page)));
    await product.freeOrg(acme);
    await page.getByText('Disconnected by you').waitFor();
    faults.push(...(await faultsOf(page)));
    expect(faults).toEqual([]);
  });
});
