import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LookupRun } from '../../src/domain/lookup.ts';
import type { Account } from '../../src/ports.ts';
import { pbx } from '../support/fakes/lookups.ts';
import { createTestPortal, textOf, type Browser, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
let account: Account;
let browser: Browser;
beforeEach(async () => {
  portal = await createTestPortal();
  account = await portal.newAccount();
  browser = await portal.newSignedInBrowser(account);
  await portal.pbxs.create({ ...pbx, accountId: account.id }, new Uint8Array(32));
});
afterEach(() => portal.app.close());

const page = `/phone-systems/${pbx.id}`;
const record = (ageMs: number, reason: LookupRun['answer']['reason'], ms: number, changes: Partial<LookupRun> = {}) =>
  portal.lookupRuns.record({
    id: randomUUID(),
    askedAtMs: portal.clock.now() - ageMs,
    accountId: account.id,
    pbxId: pbx.id,
    orgId: undefined,
    lookupId: pbx.defaultExtensionLookupId,
    lookupVersion: 1,
    isTest: false,
    question: { callerId: '+493023125001' },
    number: '+493023125001',
    answer: { reason, extension: undefined, matches: 0, ms },
    found: undefined,
    foundAtMs: undefined,
    repeats: 0,
    ...changes,
  });

interface Charts {
  readonly times: readonly number[];
  readonly answers: readonly { name: string; values: readonly number[] }[];
  readonly durations: readonly { name: string; values: readonly (number | null)[] }[];
}
const chartsOf = (html: string): Charts =>
  JSON.parse((/data-charts="([^"]+)"/.exec(html)?.[1] ?? '').replaceAll('&quot;', '"')) as Charts;

it('tells the last hour as a table and as what the charts draw', async () => {
  await record(60_000, 'matched', 20, { repeats: 2 });
  await record(60_000, 'no-match', 40);
  await record(61_000, 'salesforce-slow', 1_500);
  await record(2 * 3_600_000, 'matched', 9);
  await record(60_000, 'matched', 9, { isTest: true });
  const { body } = await browser.get(page);
  const text = textOf(body);
  expect(text).toContain('Answers 5 Half within 40 ms 95 % within 1500 ms 99 % within 1500 ms Deadline 1500 ms');
  expect(text).toContain('One match Found 3 60%');
  expect(text).toContain('Salesforce was too slow Trouble 1 20%');
  const charts = chartsOf(body);
  expect(charts.times).toHaveLength(60);
  expect(charts.answers.map(({ name, values }) => [name, values.at(-2)])).toEqual([
    ['Found', 3],
    ['Not found', 1],
    ['Trouble', 0],
  ]);
  expect(charts.durations[0]?.values.slice(-3)).toEqual([1_500, 20, null]);
});

it.each([
  ['day', 96, 1 / 15],
  ['week', 84, 1 / 120],
] as const)('divides a %s into %i spans and counts per minute', async (range, spans, perMinute) => {
  await record(0, 'matched', 20);
  const { body } = await browser.get(`${page}/figures?figures=${range}`);
  expect(body).not.toContain('<html');
  const charts = chartsOf(body);
  expect(charts.times).toHaveLength(spans);
  expect(charts.answers[0]?.values.at(-1)).toBeCloseTo(perMinute);
  expect(body).toMatch(new RegExp(`figures=${range}#[^>]*aria-current="page"`));
});

it('says so when nobody asked', async () => {
  const { body } = await browser.get(page);
  expect(textOf(body)).toContain('No question in this time.');
  expect(body).not.toContain('data-charts');
});

it('shows the figures of no other account', async () => {
  const other = await portal.newSignedInBrowser(await portal.newAccount({ email: 'eve@evil.example' }));
  expect((await other.get(`${page}/figures`)).statusCode).toBe(404);
});

it('serves the chart library from its own address, with no inline style or script in the page', async () => {
  await record(0, 'matched', 20);
  const { body } = await browser.get(page);
  expect(body).not.toMatch(/\sstyle=|<style|<script(?![^>]*src="\/assets\/)/);
  const library = await browser.get('/assets/uplot.js');
  expect(library.headers['content-type']).toContain('text/javascript');
  expect(library.body).toContain('export { uPlot as default }');
  expect((await browser.get('/assets/uplot.css')).body).toMatch(/^@layer foundation\{/);
});
