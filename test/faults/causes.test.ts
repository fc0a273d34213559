import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { causes, refusals, type AuthorizationReason, type ReasonDetail } from '../../src/domain/connection.ts';
import { demoEmail, demoPassword, seedDemo } from '../../src/local/demo-data.ts';
import { FormBrowser, textOf, type Page } from '../../src/local/form-browser.ts';
import type { FaultRequest } from '../../src/local/salesforce/faults.ts';
import type { Policies } from '../../src/local/salesforce/types.ts';
import { anyFreePorts, startStack, type Stack } from '../../src/local/stack.ts';
import { explain } from '../../web/presenters/explanations.ts';
import { createTexts } from '../../web/texts.ts';
import { connectionWorkflowId } from '../../workflows/names.ts';
import { isLong } from '../support/faults-run.ts';
import {
  connectButton,
  createStandInControl,
  openProduct,
  refreshButton,
  type OpenProduct,
} from '../support/product.ts';
import { acme, connect, globex } from '../unit/stand-in/oauth-browser.ts';

/*
 * Makes Salesforce behave in every way that ends or troubles a connection, one after the other on one stack, and reads what the page
 * says of it. Checks follow each other within a second, so that nothing has to be waited for. `npm test` has one of each kind; all of them
 * has `npm run faults -- connection`.
 */

vi.setConfig({ testTimeout: 60_000 });

const admin = 'admin@acme.example';
const checksFollowAtOnce = {
  CONNECTION_VALIDATE_EVERY_MS: '300',
  CONNECTION_RIGHTS_CHECK_EVERY_MS: '10',
  CONNECTION_RECHECK_MS: '500',
  CONNECTION_RETRY_FIRST_MS: '200',
};
const t = createTexts();

let stack: Stack;
let product: OpenProduct;
let standIn: ReturnType<typeof createStandInControl>;
let browser: FormBrowser;

beforeAll(async () => {
  stack = await startStack({
    environment: {
      ...anyFreePorts,
      ...checksFollowAtOnce,
      TRUNKLINE_DATA_DIR: await mkdtemp(join(tmpdir(), 'trunkline-causes-')),
      TEMPORAL_CLI_PATH: loadConfig().settings.TEMPORAL_CLI_PATH,
    },
    durable: false,
    temporary: true,
  });
  await seedDemo(stack.environment, stack.dataDir);
  product = await openProduct({ ...stack, standInUrl: stack.standInUrl ?? '' });
  standIn = createStandInControl(product.standInUrl);
  browser = new FormBrowser();
  await browser.press(await open('/sign-in'), 'Sign in', { email: demoEmail, password: demoPassword });
}, 300_000);
afterAll(async () => {
  await product.close();
  await stack.stop();
});
afterEach(() => fetch(`${product.standInUrl}/__control/reset`, { method: 'POST' }));

const open = (path: string): Promise<Page> => browser.open(`${stack.url}${path}`);
const connectionPage = () => open('/salesforce-connection');
const statusOf = ({ html }: Page) => textOf(/role="status"[^>]*>(.*?)<\/div>/s.exec(html)?.[1] ?? '');
const calloutOf = ({ html }: Page) =>
  textOf([...html.matchAll(/<div class="callout" data-tone="(?:bad|warning)".*?<\/dl>/gs)].join(' '));

/** From the page through Salesforce's pages and back, as far as Salesforce lets one. */
async function authorize(username: string, choice: 'Allow' | 'Deny' = 'Allow'): Promise<Page> {
  let page = await connectionPage();
  const button = page.html.includes(`>${refreshButton}<`) ? refreshButton : connectButton;
  page = await browser.press(page, button);
  if (page.html.includes('id="Login"')) page = await browser.press(page, 'Log In', { username, pw: 'stand-in' });
  if (page.html.includes('id="oaapprove"')) page = await browser.press(page, choice);
  return page;
}

async function untilPage(what: string, isSo: (page: Page) => boolean): Promise<Page> {
  let page = await connectionPage();
  await vi
    .waitFor(
      async () => {
        page = await connectionPage();
        if (!isSo(page)) throw new Error(what);
      },
      { timeout: 30_000, interval: 100 },
    )
    .catch(() => {
      throw new Error(`${what}; the page says: ${textOf(page.html)}`);
    });
  return page;
}

async function connected(): Promise<void> {
  await authorize(admin);
  // What the page says of an earlier connection is not what is waited for.
  await vi.waitFor(
    async () => {
      const [attempt] = await product.database.sql`select status from authorizations order by created_at desc limit 1`;
      expect(attempt?.['status']).toBe('succeeded');
    },
    { timeout: 15_000, interval: 50 },
  );
  await untilPage('it did not become active', (page) => statusOf(page).startsWith('Active Connected to ACME'));
}

const policies = (changes: Partial<Policies>) => standIn.change(acme, { policies: changes });
const user = (changes: { active?: boolean; frozen?: boolean; licences?: string[]; permissions?: string[] }) =>
  standIn.change(acme, { users: { [admin]: changes } });
const fault = (request: Omit<FaultRequest, 'org'>) => standIn.fault({ ...request, org: acme });
/** The next refresh is now. */
const refreshing = async (changes: Partial<Policies>) => {
  await policies(changes);
  await fault({ fault: 'expire-access' });
};
const refuseAtAuthorize = (app: Policies['app']) => async () => {
  await policies({ app });
  await authorize(admin);
};

interface Case {
  /** Whether the page begins with Active all the same. */
  readonly active?: true;
  /** Facts that make the explanation concrete. */
  readonly detail?: ReasonDetail;
  /** Not connected before. */
  readonly fresh?: true;
  readonly make: () => Promise<unknown>;
  /** Undoes what the stand-in's reset does not. */
  readonly undo?: () => Promise<unknown>;
}

/** What makes Salesforce behave so; or where else it is shown, and why not here. */
const cases: Record<AuthorizationReason, Case | string> = {
  'salesforce-unreachable': { active: true, make: () => fault({ fault: 'refuse' }) },
  'salesforce-error': {
    active: true,
    detail: { answer: 'UNKNOWN_EXCEPTION' },
    make: () => fault({ fault: 'error-500' }),
  },
  'salesforce-slow': { active: true, make: () => fault({ fault: 'slow-headers', delayMs: 60_000 }) },
  'refresh-uncertain': 'comes after a quarter of an hour: test/unit/connection/life.test.ts',
  'api-limit-reached': {
    active: true,
    make: () => policies({ apiLimitEnforced: true, apiUsed: 20_000 }),
  },
  'login-rate-exceeded': { active: true, make: () => refreshing({ loginRateExceeded: true }) },
  'token-revoked': { make: () => fault({ fault: 'revoke' }) },
  'token-idle': {
    async make() {
      // As it is found by a worker that comes up after a month: one that is up would find the token gone before the row is changed.
      await product.temporal.workflow.getHandle(connectionWorkflowId(acme)).terminate();
      await product.database
        .sql`update connections set last_refreshed_at = now() - interval '31 days', state = 'active'`;
      await refreshing({ refreshTokenIdleMs: 1 });
      await product.engine.checkNow(acme);
    },
  },
  'grant-displaced': {
    async make() {
      for (let count = 0; count < 4; count++) await connect({ url: product.standInUrl });
      await untilPage('nobody warned', ({ html }) => textOf(html).includes('All five approvals of the user are taken'));
      await connect({ url: product.standInUrl });
    },
  },
  'refresh-lost': {
    async make() {
      await fault({ fault: 'spend-then-drop-answer', times: 1 });
      await fault({ fault: 'expire-access' });
    },
  },
  'user-inactive': { make: () => user({ active: false }) },
  'user-frozen': { make: () => user({ frozen: true }) },
  'user-not-standard': 'the stand-in has standard users only: test/unit/connection/user-rights.test.ts',
  'org-inactive': { make: () => policies({ orgStatus: 'locked' }) },
  'org-gone': { make: () => policies({ goneHosts: 'data' }) },
  'host-changed': { make: () => refreshing({ goneHosts: 'login' }) },
  'not-administrator': {
    detail: { missing: ['Customize Application'] },
    make: () => user({ permissions: ['ApiEnabled', 'ModifyAllData'] }),
  },
  'salesforce-licence-missing': { make: () => user({ licences: ['trunkline'] }) },
  'acd-licence-missing': { detail: { missing: ['trunkline'] }, make: () => user({ licences: ['Salesforce'] }) },
  'app-not-installed': { fresh: true, detail: { answer: 'x' }, make: refuseAtAuthorize('not-installed') },
  'app-blocked': { fresh: true, make: refuseAtAuthorize('blocked') },
  'user-not-approved': { make: () => refreshing({ app: 'not-approved' }) },
  'ip-restricted': { make: () => refreshing({ ipRestricted: true }) },
  'login-hours': { make: () => refreshing({ loginHoursClosed: true }) },
  'password-or-session-policy': { make: () => refreshing({ passwordExpired: true }) },
  'api-disabled': { make: () => user({ permissions: ['ModifyAllData', 'CustomizeApplication'] }) },
  'session-refused': { detail: { answer: 'INVALID_SESSION_ID' }, make: () => policies({ highAssurance: true }) },
  'org-changed': { detail: { orgId: globex }, make: () => refreshing({ answersAs: globex }) },
  'client-credentials-wrong': { make: () => refreshing({ clientSecret: 'another' }) },
  'request-refused': 'is a mistake in our own requests: test/unit/connection/salesforce-answers.test.ts',
  'stored-secret-unreadable': 'is a missing key of ours: test/workflow/connection.test.ts',

  'denied-by-user': { fresh: true, make: () => authorize(admin, 'Deny') },
  'approval-refused': { fresh: true, make: refuseAtAuthorize('approval-error') },
  'cross-org-blocked': { fresh: true, make: refuseAtAuthorize('cross-org') },
  'attempt-expired': 'comes after a quarter of an hour: test/api/portal-connection.test.ts',
  'code-expired': 'comes after a quarter of an hour: test/unit/connection/oauth.test.ts',
  'outcome-unknown': {
    fresh: true,
    async make() {
      await fault({ fault: 'reset', match: '/services/oauth2/token' });
      await authorize(admin);
    },
  },
  'no-refresh-token': 'is an app without the scope: test/workflow/connection.test.ts',
  'wrong-host': 'the stand-in does not lie about its hosts: test/unit/connection/oauth.test.ts',
  'org-connected-by-another-account': {
    fresh: true,
    detail: { orgId: acme },
    undo: () => product.database.sql`delete from connections where username = 'first@acme.example'`,
    async make() {
      const other = await product.newAccount();
      await product.database.sql`insert into connections (account_id, org_id, state, user_id, username)
        values (${other.id}, ${acme}, 'active', '005A0000001aDm1IAE', 'first@acme.example')`;
      await authorize(admin);
    },
  },
  'another-org-connected': {
    active: true,
    detail: { username: 'admin@globex.example', orgId: acme },
    async make() {
      browser.forget(new URL(product.standInUrl).hostname);
      await authorize('admin@globex.example');
    },
  },
  'invitation-used': 'is shown to whoever was invited: test/database/invitations.test.ts',
  'salesforce-refused': 'is what nobody has seen yet: test/unit/domain/authorization-errors.test.ts',
};

/** Salesforce in trouble, at its limit, a grant that is gone, a right that is missing, our own mistake, and refusals of two sides. */
const ofEachKind: readonly AuthorizationReason[] = [
  'salesforce-error',
  'api-limit-reached',
  'token-revoked',
  'not-administrator',
  'client-credentials-wrong',
  'app-blocked',
  'org-connected-by-another-account',
];

const named = Object.entries(cases)
  .filter((entry): entry is [AuthorizationReason, Case] => typeof entry[1] !== 'string')
  .filter(([reason]) => isLong || ofEachKind.includes(reason));

/** The first of them stands for all in `npm test`. */
const orFirst = <Row>(rows: readonly Row[]): readonly Row[] => (isLong ? rows : rows.slice(0, 1));

describe('the page tells', () => {
  it.each(named)('of %s, what to do and where in Salesforce', async (reason, { active, detail, fresh, make, undo }) => {
    if (fresh) await product.freeOrg(acme);
    else await connected();
    await make();
    const { title, explanation, action, setup } = explain(reason, { username: admin, ...detail }, t);
    const page = await untilPage(`nothing was said of ${reason}`, (each) => calloutOf(each).includes(title));
    expect(statusOf(page)).toMatch(active ? /^Active/ : /^Inactive/);
    // The facts of some explanations come a moment later, with the next check.
    const told = calloutOf(
      await untilPage(`not told: ${explanation}`, (each) => calloutOf(each).includes(explanation)),
    );
    expect(told).toContain(action);
    if (setup !== undefined) expect(told).toContain(setup);
    expect(page.html).toContain(active ? refreshButton : connectButton);
    await undo?.();
  });

  it.each([...Object.keys(causes), ...refusals])('has a case, or says why not: %s', (reason) => {
    expect(Object.keys(cases)).toContain(reason);
  });
});

describe('what mends at Salesforce', () => {
  it.each(
    orFirst([
      ['a right', () => user({ permissions: ['ApiEnabled'] })],
      ['the ACD licence', () => user({ licences: ['Salesforce'] })],
      ['the API', () => policies({ apiEnabled: false })],
    ] as const),
  )('is active again by itself: %s', async (_what, take) => {
    await connected();
    await take();
    await untilPage('it did not break', (page) => statusOf(page).startsWith('Inactive'));
    await user({
      permissions: ['ApiEnabled', 'CustomizeApplication', 'ManageUsers', 'ModifyAllData', 'ViewAllData', 'ViewSetup'],
      licences: ['Salesforce', 'trunkline'],
    });
    await policies({ apiEnabled: true });
    const page = await untilPage('it was not repaired', (each) => statusOf(each).startsWith('Active'));
    expect(textOf(page.html)).toContain('Repaired: Active again');
  });
});

describe('an early warning', () => {
  it.each(
    orFirst<[string, Partial<Policies>, string]>([
      ['an app that is not installed', { appInstalled: false }, 'The Trunkline app is not installed in the org'],
      ['many API calls', { apiUsed: 14_000 }, 'Most of the org’s API calls are used up'],
      [
        'a licence that ends',
        {
          packageLicense: {
            namespace: 'trunkline',
            status: 'Active',
            allowed: 25,
            expiresOn: new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10),
          },
        },
        'The ACD licence ends soon',
      ],
    ]),
  )('is given of %s, and noted', async (_what, changes, title) => {
    await connected();
    await policies(changes);
    const page = await untilPage('nobody warned', (each) => calloutOf(each).includes(title));
    expect(statusOf(page)).toBe('Active Connected to ACME');
    expect(textOf(page.html)).toContain(`Early warning: ${title}`);
  });

  it('is given of refresh tokens that are not rotated', async () => {
    await policies({ rotation: false });
    await connected();
    await fault({ fault: 'expire-access' });
    await untilPage('nobody warned', (each) => calloutOf(each).includes('Salesforce does not rotate refresh tokens'));
  });
});

describe('disconnecting', () => {
  it('revokes at Salesforce, erases the tokens and keeps the phone systems', async () => {
    await connected();
    const ask = await open('/salesforce-connection/disconnect');
    const page = await browser.press(ask, 'Disconnect');
    expect(statusOf(page)).toBe('Inactive Disconnected by you');
    expect(textOf(page.html)).toContain('Disconnected');
    expect(await product.credentials.read(acme)).toBeUndefined();
    await vi.waitFor(async () => expect((await standIn.describe(acme)).grants).toBe(0), { timeout: 15_000 });
    expect(textOf((await open('/phone-systems')).html)).toContain('47EC1B-B70D69-818AE6');
  });
});

describe('an invited administrator', () => {
  it('connects without an account; the page shows who did, and the link is used up', async () => {
    await product.freeOrg(acme);
    await browser.press(await open('/salesforce-connection/invitation'), 'Send the invitation', {
      email: 'boss@acme.example',
    });
    const link = await linkMailedTo('boss@acme.example');
    const stranger = new FormBrowser();
    const login = await stranger.press(await stranger.open(link), connectButton);
    const allow = await stranger.press(login, 'Log In', { username: admin, pw: 'stand-in' });
    const result = await stranger.press(allow, 'Allow');
    expect(result.url).toContain('/invitation/attempts/');
    await vi.waitFor(
      async () =>
        expect(textOf((await stranger.open(result.url)).html)).toContain('sees now that Salesforce is connected'),
      { timeout: 15_000 },
    );
    const page = await untilPage('it is not connected', (each) => statusOf(each).startsWith('Active'));
    expect(textOf(page.html)).toContain(`by ${admin}, invited as boss@acme.example`);
    expect((await stranger.open(link)).status).toBe(400);
  });

  it('reads why it was refused, and may come again with the same link', async () => {
    await product.freeOrg(acme);
    await browser.press(await open('/salesforce-connection/invitation'), 'Send the invitation', {
      email: 'other@acme.example',
    });
    const link = await linkMailedTo('other@acme.example');
    const stranger = new FormBrowser();
    const login = await stranger.press(await stranger.open(link), connectButton);
    const allow = await stranger.press(login, 'Log In', { username: 'user@acme.example', pw: 'stand-in' });
    const { url } = await stranger.press(allow, 'Allow');
    await vi.waitFor(
      async () => expect(textOf((await stranger.open(url)).html)).toContain('user@acme.example lacks Modify All Data'),
      { timeout: 15_000 },
    );
    expect((await stranger.open(link)).status).toBe(200);
  });
});

/** Without a mail server messages land in files. */
async function linkMailedTo(address: string): Promise<string> {
  const { readdir, readFile } = await import('node:fs/promises');
  const folder = join(stack.dataDir, 'mail');
  const link = await vi.waitFor(
    async () => {
      for (const name of await readdir(folder)) {
        const mail = await readFile(join(folder, name), 'utf8');
        const found = /http:\/\/\S+\/invitation\?token=[\w-]+/.exec(mail)?.[0];
        if (mail.includes(address) && found !== undefined) return found;
      }
      throw new Error(`no mail to ${address}`);
    },
    { timeout: 5_000, interval: 50 },
  );
  return link;
}
