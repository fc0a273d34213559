import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { demoEmail, demoPassword, demoPbxId, seedDemo } from '../../src/local/demo-data.ts';
import { startStack } from '../../src/local/stack.ts';
import { launchBrowser } from '../support/browser.ts';

/*
 * Makes the pictures of the README (docs/) and of every page, wide and narrow, light and dark (.local/screenshots/), to be looked at.
 */

const folder = join('.local', 'screenshots');
const sizes = { wide: { width: 1_440, height: 900 }, narrow: { width: 360, height: 780 } } as const;

await mkdir(folder, { recursive: true });
await using cleanup = new AsyncDisposableStack();
const anyFreePort = {
  PORT: '0',
  POSTGRES_PORT: '0',
  TEMPORAL_PORT: '0',
  TEMPORAL_UI_PORT: '0',
  SALESFORCE_STAND_IN_PORT: '0',
  METRICS_PORT: '0',
};
const stack = await startStack({
  environment: { ...anyFreePort, TRUNKLINE_DATA_DIR: await mkdtemp(join(tmpdir(), 'trunkline-screenshots-')) },
  durable: false,
  temporary: true,
});
cleanup.defer(() => stack.stop());
await seedDemo(stack.environment, stack.dataDir);
const browser = await launchBrowser();
cleanup.defer(() => browser.close());
const context = await browser.newContext({ viewport: sizes.wide, deviceScaleFactor: 1 });
const page = await context.newPage();

await page.goto(`${stack.url}/sign-up`);
await shoot(page, 'sign-up');
await page.goto(`${stack.url}/sign-in`);
await shoot(page, 'sign-in');
await page.getByLabel('E-mail').fill(demoEmail);
await page.getByLabel('Password').fill(demoPassword);
await page.getByRole('button', { name: 'Sign in' }).click();
await page
  .getByRole('status')
  .filter({ hasText: /^\s*Inactive/ })
  .waitFor();
await shoot(page, 'connection-inactive');

await connectAs('admin-nolicence@acme.example', { photograph: true });
await page.getByText('admin-nolicence@acme.example').first().waitFor();
await shoot(page, 'connection-refused');

await context.clearCookies({ domain: '127.0.0.1' });
await connectAs('admin@acme.example');
await page.getByRole('status').getByText('Active').first().waitFor();
await shoot(page, 'connection-active', 'docs');

await page.goto(`${stack.url}/phone-systems`);
await shoot(page, 'phone-systems');
await page.goto(`${stack.url}/phone-systems/${demoPbxId}`);
await shoot(page, 'phone-system');
await page.goto(`${stack.url}/no-such-page`);
await shoot(page, 'not-found');

async function connectAs(username: string, { photograph = false } = {}): Promise<void> {
  await page.goto(`${stack.url}/salesforce-connection`);
  await page.getByRole('button', { name: 'Click To Connect Salesforce' }).click();
  await page.locator('#username').fill(username);
  await page.locator('#password').fill('stand-in');
  if (photograph) await shoot(page, 'stand-in-login');
  await page.locator('[name=Login]').click();
  await page.locator('#oaapprove').waitFor();
  if (photograph) await shoot(page, 'stand-in-allow');
  await page.locator('#oaapprove').click();
  await page.waitForURL(`${stack.url}/salesforce-connection*`);
}

/** Photographs the page in each size and scheme; the wide light one also for the README where it asks for it. */
async function shoot(target: Page, name: string, also?: string): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await target.emulateMedia({ colorScheme: scheme });
    for (const [size, viewport] of Object.entries(sizes)) {
      await target.setViewportSize(viewport);
      await target.screenshot({
        path: join(folder, `${name}-${size}-${scheme}.png`),
        fullPage: true,
        animations: 'disabled',
      });
      if (also !== undefined && scheme === 'light' && size === 'wide') {
        await target.screenshot({ path: join(also, `${name}.png`), animations: 'disabled' });
      }
    }
  }
  await target.setViewportSize(sizes.wide);
  await target.emulateMedia({ colorScheme: 'light' });
  console.log(`${name}: taken`);
}
