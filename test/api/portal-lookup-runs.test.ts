import { randomUUID } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newStep, withoutExtension } from '../../src/domain/lookup-step.ts';
import type { LookupTrace } from '../../src/domain/lookup-trace.ts';
import type { LookupRun } from '../../src/domain/lookup.ts';
import type { Account } from '../../src/ports.ts';
import { connection, orgId, pbx } from '../support/fakes/lookups.ts';
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

const askedAtMs = Date.UTC(2026, 10, 23, 9, 0, 0);
const run = (changes: Partial<LookupRun> = {}): LookupRun => ({
  id: randomUUID(),
  askedAtMs,
  accountId: account.id,
  pbxId: pbx.id,
  orgId,
  lookupId: pbx.defaultExtensionLookupId,
  lookupVersion: 3,
  isTest: false,
  question: { callerId: '+493023125001' },
  number: '+493023125001',
  answer: { reason: 'matched', extension: '201', matches: 1, ms: 42 },
  found: undefined,
  foundAtMs: undefined,
  repeats: 0,
  ...changes,
});
const record = async (changes?: Partial<LookupRun>) => {
  const made = run(changes);
  await portal.lookupRuns.record(made);
  return made;
};

describe('the lookup log', () => {
  it('shows numbers masked, with the names of phone system and lookup', async () => {
    await portal.lookups.create({
      id: pbx.defaultExtensionLookupId,
      accountId: account.id,
      kind: 'extension',
      name: 'Owner of the caller',
      steps: [],
      fallbackExtension: undefined,
    });
    await record();
    const { body } = await browser.get('/lookup-runs');
    expect(textOf(body)).toContain('+493••••••001 201 One match Head office Owner of the caller 42 ms');
    expect(body).not.toContain('+493023125001');
  });

  it('finds the runs of a number, however it is written', async () => {
    await record();
    await record({ number: '+4989123456', question: { callerId: '+4989123456' } });
    for (const number of ['030 23125001', '0049 30 23125001', '+49 (0)30 231250-01']) {
      const { body } = await browser.get(`/lookup-runs?${new URLSearchParams({ number }).toString()}`);
      expect(body).toContain('+493••••••001');
      expect(body).not.toContain('+498');
    }
  });

  it('says so at the field when a number cannot be read, and shows no runs', async () => {
    await record();
    const { body } = await browser.get('/lookup-runs?number=abc');
    expect(textOf(body)).toContain('This cannot be read as a phone number of one of your phone systems.');
    expect(body).toContain('value="abc"');
    expect(body).not.toContain('+493•');
  });

  it('reads times in the time zone of the account', async () => {
    const made = await record();
    const shows = async (from: string, to: string) =>
      (await browser.get(`/lookup-runs?from=${from}&to=${to}`)).body.includes(made.id);
    expect(await shows('2026-11-23T10:00', '2026-11-23T10:01')).toBe(true);
    expect(await shows('2026-11-23T09:00', '2026-11-23T10:00')).toBe(false);
  });

  it('filters by phone system, lookup and reason', async () => {
    await record();
    await record({ answer: { reason: 'no-match', extension: undefined, matches: 0, ms: 7 } });
    const { body } = await browser.get(
      `/lookup-runs?reason=no-match&pbx=${pbx.id}&lookup=${pbx.defaultExtensionLookupId}`,
    );
    expect(textOf(body)).toContain('Nobody has this number');
    expect(body).not.toContain('42 ms');
    expect(body).toContain('<option value="no-match" selected>');
    const other = await browser.get('/lookup-runs?pbx=AAAAAA-AAAAAA-AAAAAA');
    expect(textOf(other.body)).toContain('No run like that.');
  });

  it('leads from page to page and back, keeping the filter', async () => {
    for (let index = 0; index < 120; index++) await record({ askedAtMs: askedAtMs - index * 1_000 });
    const idsOn = (body: string) => [...body.matchAll(/href="\/lookup-runs\/([0-9a-f-]{36})"/g)].map(([, id]) => id);
    const linkOn = (body: string, rel: string) =>
      new RegExp(`<a href="([^"]+)" rel="${rel}"`).exec(body)?.[1]?.replaceAll('&amp;', '&');
    const first = (await browser.get('/lookup-runs?reason=matched')).body;
    const second = (await browser.get(linkOn(first, 'next') ?? '')).body;
    const third = (await browser.get(linkOn(second, 'next') ?? '')).body;
    expect([first, second, third].map((body) => idsOn(body).length)).toEqual([50, 50, 20]);
    expect(new Set([first, second, third].flatMap(idsOn)).size).toBe(120);
    expect(linkOn(third, 'next')).toBeUndefined();
    expect(linkOn(first, 'prev')).toBeUndefined();
    expect(linkOn(third, 'prev')).toContain('reason=matched');
    expect(idsOn((await browser.get(linkOn(third, 'prev') ?? '')).body)).toEqual(idsOn(second));
  });

  it('shows nothing of another account', async () => {
    const made = await record();
    const other = await portal.newSignedInBrowser(await portal.newAccount({ email: 'eve@evil.example' }));
    expect(textOf((await other.get('/lookup-runs')).body)).toContain('No question yet.');
    expect((await other.get(`/lookup-runs/${made.id}`)).statusCode).toBe(404);
    expect(parse((await other.get('/lookup-runs.csv')).body, { bom: true })).toHaveLength(1);
  });
});

describe('the answer of a run', () => {
  it('says which step of a broken lookup Salesforce refuses, also where another step answered', async () => {
    const found = { matches: 0, refused: { answer: 'INVALID_FIELD', step: 1 } };
    const broken = await record({
      answer: { reason: 'salesforce-error', extension: '100', matches: 0, ms: 7 },
      found: { reason: 'salesforce-error', ...found },
    });
    const page = textOf((await browser.get(`/lookup-runs/${broken.id}`)).body);
    expect(page).toContain('This lookup has broken: Salesforce refuses its step 2 as it is set up (INVALID_FIELD)');
    expect(page).not.toContain('Every attempt to ask Salesforce failed.');
    const other = await record({ found: { reason: 'matched', ...found, matches: 1, extension: '201' } });
    const otherPage = textOf((await browser.get(`/lookup-runs/${other.id}`)).body);
    expect(otherPage).toContain('Salesforce refuses its step 2');
    expect(otherPage).toContain('One record has this number');
  });

  it.each([
    ['an extension', 'extension', { reason: 'matched', extension: '201', matches: 1, ms: 42 }, '201'],
    ['no extension', 'extension', { reason: 'no-match', extension: undefined, matches: 0, ms: 42 }, 'None'],
    ['one field', 'data', { reason: 'matched', extension: undefined, fields: 1, matches: 1, ms: 42 }, 'One field'],
    ['fields', 'data', { reason: 'matched-several', extension: undefined, fields: 3, matches: 2, ms: 42 }, '3 fields'],
    ['no fields', 'data', { reason: 'no-match', extension: undefined, fields: 0, matches: 0, ms: 42 }, 'None'],
    ['what was not kept', undefined, { reason: 'matched', extension: undefined, matches: 1, ms: 42 }, 'Not kept'],
  ] as const)('is told: %s', async (_, service, answer, told) => {
    const made = await record({ service, answer });
    const list = (await browser.get('/lookup-runs')).body;
    expect(/data-label="Answer"><strong>([^<]*)</.exec(list)?.[1]).toBe(told);
    const { body } = await browser.get(`/lookup-runs/${made.id}`);
    expect(/<dt>Answer<\/dt><dd><strong>([^<]*)</.exec(body)?.[1]).toBe(told);
    const asked = { extension: 'The extension to ring', data: 'Data of the record' };
    for (const [each, text] of Object.entries(asked)) expect(body.includes(text)).toBe(each === service);
    expect(body.includes('its extension was the answer')).toBe(answer.reason === 'matched' && service !== 'data');
    expect(body.includes('its fields were the answer')).toBe(answer.reason === 'matched' && service === 'data');
  });
});

describe('the export', () => {
  it('gives whole numbers as CSV and is written into the audit', async () => {
    const made = await record({
      question: { callerId: '=cmd()', ivrId: 'a "b", c' },
      service: 'data',
      answer: { reason: 'matched', extension: '201', fields: 2, matches: 1, ms: 42 },
    });
    const { body, headers } = await browser.get('/lookup-runs.csv');
    expect(headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(headers['content-disposition']).toContain('lookup-runs.csv');
    const [row] = parse(body, { bom: true, columns: true });
    expect(row).toMatchObject({
      run: made.id,
      asked_at: '2026-11-23T09:00:00.000Z',
      caller_id: "'=cmd()",
      ivr_id: 'a "b", c',
      reason: 'matched',
      extension: '201',
      ms: '42',
      service: 'data',
      fields: '2',
    });
    expect((await portal.audit.list(account.id, 1))[0]?.action).toBe('lookup-runs.exported');
  });
});

describe('the page of a run', () => {
  it('tells the whole number, the record and where the execution is', async () => {
    portal.connections.byAccount.set(account.id, { ...connection, accountId: account.id });
    const made = await record({
      found: { reason: 'matched', matches: 1, extension: '201', recordId: '003A0000000AbCdIAK', object: 'Contact' },
      foundAtMs: askedAtMs + 40,
    });
    const { body } = await browser.get(`/lookup-runs/${made.id}`);
    expect(textOf(body)).toContain('Caller’s number +493023125001');
    expect(textOf(body)).toContain('One record has this number');
    expect(body).toContain('https://acme.my.salesforce.com/lightning/r/Contact/003A0000000AbCdIAK/view');
    expect(body).toContain(`http://localhost:8233/namespaces/default/workflows/lookup-${made.id}`);
  });

  it('tells that Salesforce answered after the caller was through', async () => {
    const made = await record({
      answer: { reason: 'salesforce-slow', extension: '100', matches: 0, ms: 1_500 },
      found: { reason: 'matched', matches: 1, extension: '201' },
      foundAtMs: askedAtMs + 4_000,
    });
    expect(textOf((await browser.get(`/lookup-runs/${made.id}`)).body)).toContain('This came after the answer');
  });

  it('links no execution for a run of the test box, since it has none', async () => {
    const made = await record({ isTest: true });
    const { body } = await browser.get(`/lookup-runs/${made.id}`);
    expect(textOf(body)).toContain('Asked from the test box');
    expect(body).not.toContain('/workflows/');
  });

  it('explains the answer step by step, as the test box does', async () => {
    portal.connections.byAccount.set(account.id, { ...connection, accountId: account.id });
    await portal.lookups.create({
      id: '12C153-CD55ED-2CB7C6',
      accountId: account.id,
      kind: 'data',
      name: 'Data of the caller',
      steps: [
        {
          ...withoutExtension(newStep('Contact', ['Phone'])),
          returns: [
            { field: 'LastName', name: 'Name', empty: '' },
            { field: 'Account.Name', name: 'Company', empty: '' },
          ],
        },
      ],
      fallbackExtension: undefined,
    });
    const trace: LookupTrace = {
      readMs: 0.03,
      caller: { kind: 'number', e164: '+493023125001' },
      called: { kind: 'internal', digits: '12' },
      events: [
        ['asking', 1, 'values', 1],
        ['answered', 41, 'values', 14],
        ['judged', 41, 0, 'winner', 'Contact', ['003A0000000AbCdIAK']],
        ['judged', 41, 0, 'also-matches', 'Contact', ['003A0000000AbCeIAK', '003A0000000AbCfIAK']],
        ['extension', 41, 0, 'map'],
      ],
      leftOut: 11,
    };
    const made = await record({
      lookupId: '12C153-CD55ED-2CB7C6',
      lookupVersion: 1,
      service: 'data',
      question: { callerId: '030 23125001', calledId: '12' },
      answer: { reason: 'matched-several', extension: undefined, fields: 2, matches: 14, ms: 42 },
      trace,
    });
    const { body } = await browser.get(`/lookup-runs/${made.id}`);
    const text = textOf(body);
    expect(text).toContain('0.03 ms Caller’s number: read as +493023125001');
    expect(text).toContain('Called number: an internal number, 12');
    expect(text).toContain('1 ms Asked Salesforce for exact values, in one query');
    expect(body).toMatch(/SELECT [^<]* FROM Contact WHERE Phone IN/);
    expect(text).toContain('41 ms 14 rows came, after 40 ms');
    expect(text).toContain('Step 1: this record wins Contact 003A0000000AbCdIAK');
    expect(text).toContain('comes later in the order Contact 003A0000000AbCeIAK , 003A0000000AbCfIAK');
    expect(text).toContain('The extension comes from the extension map 11 more are left out');
    expect(body).toContain('https://acme.my.salesforce.com/lightning/r/Contact/003A0000000AbCeIAK/view');
    expect(text).toContain('Fields Name , Company Their values are personal and are not kept.');
  });

  it('tells also how it was found that Salesforce said later, and that no steps are known of an old run', async () => {
    const foundTrace: LookupTrace = { readMs: 0.02, events: [['asking', 4_000, 'digits', 2]], leftOut: 0 };
    const made = await record({ found: { reason: 'matched', matches: 1, extension: '201' }, foundTrace });
    const text = textOf((await browser.get(`/lookup-runs/${made.id}`)).body);
    expect(text).toContain('How this answer came about The steps are not known');
    expect(text).toContain('How it was found afterwards 4000 ms Asked the search index for the digits, in 2 searches');
  });

  it('links no record of an org that is not connected here', async () => {
    const made = await record({
      found: { reason: 'matched', matches: 1, recordId: '003A0000000AbCdIAK', object: 'Contact' },
    });
    const { body } = await browser.get(`/lookup-runs/${made.id}`);
    expect(body).toContain('003A0000000AbCdIAK');
    expect(body).not.toContain('lightning');
  });
});

describe('how long runs are kept', () => {
  it('is chosen by the account', async () => {
    await browser.get('/lookup-runs');
    const answer = await browser.post('/lookup-runs/retention', { days: '30' });
    expect(answer.statusCode).toBe(303);
    expect(portal.retention.days.get(account.id)).toBe(30);
    expect(textOf((await browser.get('/lookup-runs')).body)).toContain('Lookup runs are kept for 30 days from now on.');
    expect((await portal.audit.list(account.id, 1))[0]).toMatchObject({
      action: 'lookup-run-retention.changed',
      detail: { days: 30 },
    });
  });

  it.each(['0', '1096', 'ten', '', '1.5'])('refuses %j and shows it again', async (days) => {
    await browser.get('/lookup-runs');
    const { statusCode, body } = await browser.post('/lookup-runs/retention', { days });
    expect(statusCode).toBe(400);
    expect(body).toContain(`name="days" type="number" value="${days}"`);
    expect(textOf(body)).toContain('Enter a whole number of days from 1 to 1095.');
    expect(portal.retention.days.size).toBe(0);
  });
});

it('says in each cell of a row what it is, for a screen too narrow for columns', async () => {
  await portal.lookupRuns.record(run());
  for (const path of ['/lookup-runs', `/phone-systems/${pbx.id}/lookup-runs`]) {
    const { body } = await browser.get(path);
    const table = body.slice(body.indexOf('<table class="stacks">'), body.indexOf('</table>'));
    const headings = [...table.matchAll(/<th scope="col"[^>]*>([^<]+)</g)].map(([, heading]) => heading);
    const labels = [...table.matchAll(/<td[^>]* data-label="([^"]+)"/g)].map(([, label]) => label);
    expect(labels).toEqual(headings.slice(1));
    expect(labels).toContain('Reason');
  }
});
