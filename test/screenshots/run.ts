import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoEmail, demoPassword, demoPbxId, seedDemo } from '../../src/local/demo-data.ts';
import { anyFreePorts, startStack } from '../../src/local/stack.ts';
import { launchBrowser } from '../support/browser.ts';
import { shootLookupPages } from './lookup-pages.ts';
import { shoot, wide } from './shoot.ts';

/*
 * Makes the pictures of the README (docs/) and of every page, wide and narrow, light and dark (.local/screenshots/), to be looked at. `causes.ts`
 * takes the connection page in every state.
 */

const folder = join('.local', 'screenshots');

await using cleanup = new AsyncDisposableStack();
const stack = await startStack({
  environment: { ...anyFreePorts, TRUNKLINE_DATA_DIR: await mkdtemp(join(tmpdir(), 'trunkline-screenshots-')) },
  durable: false,
  temporary: true,
});
cleanup.defer(() => stack.stop());
const token = await seedDemo(stack.environment, stack.dataDir);
const browser = await launchBrowser();
cleanup.defer(() => browser.close());
const context = await browser.newContext({ viewport: wide, deviceScaleFactor: 1, locale: 'en-GB' });
const page = await context.newPage();

await page.goto(`${stack.url}/sign-up`);
await shoot(page, folder, 'sign-up');
await page.goto(`${stack.url}/sign-in`);
await shoot(page, folder, 'sign-in');
await page.getByLabel('E-mail').fill(demoEmail);
await page.getByLabel('Password').fill(demoPassword);
await page.getByRole('button', { name: 'Sign in' }).click();
await page
  .getByRole('status')
  .filter({ hasText: /^\s*Inactive/ })
  .waitFor();
await shoot(page, folder, 'connection-inactive');

await connectAs('admin-nolicence@acme.example', { photograph: true });
await page.getByText('admin-nolicence@acme.example').first().waitFor();
await shoot(page, folder, 'connection-refused');

await context.clearCookies({ domain: '127.0.0.1' });
await connectAs('admin@acme.example');
await page
  .getByRole('status')
  .filter({ hasText: /^\s*Active/ })
  .waitFor();
await shoot(page, folder, 'connection-active', 'docs');

await page.goto(`${stack.url}/phone-systems`);
await shoot(page, folder, 'phone-systems');
await page.goto(`${stack.url}/phone-systems/${demoPbxId}`);
await shoot(page, folder, 'phone-system');
const orgId = (await page.locator('dd code').nth(1).textContent()) ?? '';
await shootLookupPages(page, folder, { url: stack.url, token, orgId });
await page.goto(`${stack.url}/no-such-page`);
await shoot(page, folder, 'not-found');

async function connectAs(username: string, { photograph = false } = {}): Promise<void> {
  await page.goto(`${stack.url}/salesforce-connection`);
  await page.getByRole('button', { name: 'Click To Connect Salesforce' }).click();
  await page.locator('#username').fill(username);
  await page.locator('#password').fill('stand-in');
  if (photograph) await shoot(page, folder, 'stand-in-login');
  await page.locator('[name=Login]').click();
  await page.locator('#oaapprove').waitFor();
  if (photograph) await shoot(page, folder, 'stand-in-allow');
  await page.locator('#oaapprove').click();
  await page.waitForURL(`${stack.url}/salesforce-connection*`);
}
