import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { secretTokens } from '../../src/crypto/tokens.ts';
import type { Connection } from '../../src/domain/connection.ts';
import { AppError } from '../../src/errors.ts';
import { freePort } from '../../src/local/network.ts';
import type { Account } from '../../src/ports.ts';
import { launchBrowser } from '../support/browser.ts';
import { connection, orgId } from '../support/fakes/lookups.ts';
import { createFakeClock } from '../support/fakes/world.ts';
import { createTestPortal, password, type TestPortal } from '../support/portal.ts';

/*
 * What a real browser makes of the connection page when its server falls silent, when the computer slept, and without JavaScript. What
 * stands behind the portal is a fake, so that a test decides what is told and what is not; the browser's clock is wound on.
 */

vi.setConfig({ testTimeout: 60_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
}, 120_000);
afterAll(() => browser.close());

let portal: TestPortal;
let account: Account;
let url: string;
beforeEach(async () => {
  const port = await freePort();
  url = `http://localhost:${port}`;
  // No heartbeat of its own accord: what is not told is not heard.
  // The browser forgets a session that is over by its own clock.
  const clock = createFakeClock(Date.now());
  portal = await createTestPortal({ publicUrl: url, heartbeatEveryMs: 3_600_000 }, clock);
  await portal.app.listen({ host: '127.0.0.1', port });
  account = await portal.newAccount();
  stands({});
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await portal.app.close();
});

const stands = (changes: Partial<Connection>) =>
  portal.connections.byAccount.set(account.id, {
    ...connection,
    accountId: account.id,
    lastCheckedAtMs: portal.clock.now(),
    lastRefreshedAtMs: portal.clock.now(),
    ...changes,
  });
const tellOfIt = () => portal.changes.tell({ kind: 'connection', accountId: account.id, orgId, revision: 2 });

/** Signed in, the connection page open; with JavaScript its clock can be wound on. */
async function openPage({ javaScriptEnabled = true } = {}): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  await page.goto(`${url}/sign-in`);
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/salesforce-connection');
  if (javaScriptEnabled) {
    await page.clock.install();
    const streaming = page.waitForRequest('**/events');
    await page.reload();
    await streaming;
  }
  await status(page, 'Active').waitFor();
  return page;
}
/** As PostgreSQL tells it, and heard by the page. */
async function tellOfRun(page: Page): Promise<void> {
  const heard = page.evaluate(`new Promise((resolve) => {
    const channel = new BroadcastChannel('trunkline-status-${account.id}');
    channel.onmessage = ({ data }) => data.event === 'lookup-runs' && resolve(data);
  })`);
  portal.changes.tell({ kind: 'lookup-run', id: 'x', accountId: account.id, pbxId: 'A' });
  await heard;
}
const status = (page: Page, word: string) => page.getByRole('status').filter({ hasText: new RegExp(`^\\s*${word}`) });
const unknown = (page: Page) => page.getByText('Status unknown since');

describe('when nothing is heard', () => {
  it('the page says since when the status is unknown, shows no old green, and the truth once it is known', async () => {
    const page = await openPage();
    portal.connections.fail('ofAccount', new AppError('DATABASE_UNAVAILABLE', 'Away.'));
    await page.clock.runFor(9_000);
    expect(await unknown(page).isVisible()).toBe(false);
    await page.clock.runFor(2_000);
    await unknown(page).waitFor();
    expect(await page.getByRole('status').isVisible()).toBe(false);
    expect(await page.getByText('Salesforce: Active').isVisible()).toBe(false);

    stands({ state: 'broken', cause: 'token-revoked' });
    portal.connections.mend();
    await expect
      .poll(
        async () => {
          await page.clock.runFor(1_000);
          return status(page, 'Inactive').isVisible();
        },
        { timeout: 15_000 },
      )
      .toBe(true);
    expect(await unknown(page).isVisible()).toBe(false);
  });

  it('but a word about lookup runs, the status is as unknown as without it', async () => {
    const page = await openPage();
    portal.connections.fail('ofAccount', new AppError('DATABASE_UNAVAILABLE', 'Away.'));
    await page.clock.runFor(8_000);
    await tellOfRun(page);
    await page.clock.runFor(3_000);
    await unknown(page).waitFor();
    await tellOfRun(page);
    await page.clock.runFor(1_000);
    expect(await unknown(page).isVisible()).toBe(true);
  });

  it('a tab that asked another one counts from when that one heard', async () => {
    const leading = await openPage();
    await leading.clock.runFor(8_000);
    const following = await leading.context().newPage();
    await following.goto(`${url}/salesforce-connection`);
    await status(following, 'Active').waitFor();
    portal.connections.fail('ofAccount', new AppError('DATABASE_UNAVAILABLE', 'Away.'));
    await following.clock.runFor(3_000);
    await unknown(following).waitFor({ timeout: 2_000 });
    await unknown(leading).waitFor({ timeout: 2_000 });
  });

  it('because the computer slept, the page asks anew as soon as it wakes', async () => {
    const page = await openPage();
    stands({ state: 'broken', cause: 'user-frozen' });
    expect(await status(page, 'Active').isVisible()).toBe(true);
    const again = page.waitForRequest('**/events');
    await page.clock.fastForward(8 * 3_600_000);
    await again;
    await status(page, 'Inactive').waitFor();
    expect(await unknown(page).isVisible()).toBe(false);
  });
});

describe('live', () => {
  it('warnings, details and the timeline follow without a reload', async () => {
    const page = await openPage();
    expect(await page.getByRole('heading', { name: 'What happened' }).count()).toBe(0);
    await portal.audit.record({
      accountId: account.id,
      actor: 'system',
      action: 'connection.warned',
      subject: orgId,
      detail: { warning: 'api-calls-high' },
    });
    stands({ apiUsed: 14_500, apiMax: 15_000 });
    tellOfIt();
    await page.getByRole('heading', { name: 'Most of the org’s API calls are used up' }).waitFor();
    await page.getByText('Early warning: Most of the org’s API calls are used up').waitFor();
    await page.getByRole('meter', { name: 'API calls today' }).waitFor();
    await page.getByRole('link', { name: 'Salesforce: Active, with a warning' }).waitFor();
  });

  it('the time since the last check ticks', async () => {
    const page = await openPage();
    const checked = page.locator('dt:text("Last checked") + dd');
    const before = await checked.innerText();
    await page.clock.runFor(7_000);
    expect(await checked.innerText()).not.toBe(before);
  });
});

describe('a button that takes its time', () => {
  it('says so at once, and is not pressed twice', async () => {
    const page = await openPage();
    portal.engine.checkNow = async (id) => {
      portal.engine.calls.push({ name: 'checkNow', id });
      await new Promise(() => undefined);
    };
    // At once: the driver would wait for the page that comes next.
    const said = await page.evaluate<readonly string[]>(`(() => {
      const button = document.querySelector('#check-now');
      button.click();
      const seen = [button.textContent, button.getAttribute('aria-busy')];
      button.click();
      return seen;
    })()`);
    expect(said).toEqual(['Checking…', 'true']);
    await page.getByText('The check is under way.').or(page.getByText('Checked: the page shows')).waitFor();
    expect(portal.engine.idsOf('checkNow')).toEqual([orgId]);
  });
});

describe('without JavaScript', () => {
  it('a check can be asked for, and the connection be ended after a question', async () => {
    const page = await openPage({ javaScriptEnabled: false });
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.getByText('Checked: the page shows').waitFor();
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('heading', { name: 'Disconnect Salesforce?' }).waitFor();
    expect(portal.engine.idsOf('disconnect')).toEqual([]);
    portal.engine.disconnect = async () => void stands({ state: 'disconnected' });
    await page.getByRole('button', { name: 'Disconnect', exact: true }).click();
    await status(page, 'Inactive').waitFor();
    await page.getByText('Salesforce is disconnected.').waitFor();
  });
});

describe('the frame', () => {
  it.each([
    { width: 1_440, height: 900 },
    { width: 360, height: 800 },
  ])('has as many rows with a warning as without one, $width px wide', async (viewport) => {
    const page = await openPage();
    await page.setViewportSize(viewport);
    const rows = async () => {
      const state = await page.getByRole('link', { name: 'Salesforce: Active' }).boundingBox();
      const button = await page.getByRole('button', { name: 'Sign out' }).boundingBox();
      const menu = await page.getByRole('link', { name: 'Settings' }).boundingBox();
      if (!state || !button || !menu) throw new Error('The frame lacks something');
      const middle = ({ y, height }: { y: number; height: number }) => y + height / 2;
      return [
        Math.abs(middle(state) - middle(button)) < 2,
        Math.abs(middle(state) - middle(menu)) < 2,
        state.x + state.width <= button.x,
      ];
    };
    const before = await rows();
    expect(before).toEqual([true, viewport.width > 360, true]);
    stands({ state: 'degraded', cause: 'salesforce-slow' });
    tellOfIt();
    await page.getByRole('link', { name: 'Salesforce: Active, with a warning' }).waitFor();
    expect(await rows()).toEqual(before);
  });
});

describe('is accessible, and as wide as a telephone', () => {
  const faultsOf = async (page: Page): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const viewport of [
        { width: 360, height: 800 },
        { width: 1_440, height: 900 },
      ]) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
        for (const { id, impact, nodes } of violations) {
          if (impact === 'serious' || impact === 'critical')
            found.push(`${id} ${nodes.map(({ html }) => html).join()}`);
        }
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        if (width > viewport.width) found.push(`${width} px wide in ${viewport.width}`);
      }
    }
    return found;
  };

  it('with every early warning and a timeline', async () => {
    const day = 24 * 3_600_000;
    for (const [action, detail] of [
      ['connection.connected', { username: 'admin@acme.example', invitedAs: 'boss@acme.example' }],
      ['connection.broken', { cause: 'token-revoked' }],
      ['connection.warned', { warning: 'idle-long' }],
    ] as const) {
      await portal.audit.record({ accountId: account.id, actor: 'salesforce-user', action, subject: orgId, detail });
    }
    stands({
      lastRefreshedAtMs: portal.clock.now() - 21 * day,
      apiUsed: 14_900,
      apiMax: 15_000,
      observed: { grants: 5, appInstalled: false, licenceEndsAtMs: portal.clock.now() + day, rotationMissing: true },
    });
    expect(await faultsOf(await openPage())).toEqual([]);
  });

  it('before disconnecting', async () => {
    const page = await openPage();
    await page.goto(`${url}/salesforce-connection/disconnect`);
    expect(await faultsOf(page)).toEqual([]);
  });

  it('for whoever was invited', async () => {
    const token = secretTokens.create();
    await portal.links.create({
      tokenHash: secretTokens.hash(token),
      purpose: 'invitation',
      accountId: account.id,
      expiresAtMs: portal.clock.now() + 3_600_000,
    });
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${url}/invitation?token=${token}`);
    await page.getByRole('button', { name: 'Click To Connect Salesforce' }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
  });
});
