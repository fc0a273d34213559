import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { demoRecords } from '../../src/local/salesforce/data/demo-records.ts';
import { connectionWorkflowId, lookupWorkflowId } from '../../workflows/names.ts';
import { allHistories } from '../support/history.ts';
import { openProduct, waitForStatus, type OpenProduct } from '../support/product.ts';
import { service } from '../support/services.ts';
import { acme } from '../unit/stand-in/oauth-browser.ts';

vi.setConfig({ testTimeout: 120_000 });

const admin = 'admin@acme.example';

let product: OpenProduct;
beforeAll(async () => {
  product = await openProduct(await service('product'));
  await product.takeOrg(acme);
}, 300_000);
afterAll(async () => {
  await product.freeOrg(acme);
  await product.close();
});

it('leaves no secret, number or name in histories, notifications and logs', async () => {
  const told: string[] = [];
  await product.freeOrg(acme);
  const listening = await product.database.sql.listen('trunkline_changes', (payload) => told.push(payload));
  const secrets = new Map<string, string>();
  const remember = async () => {
    const current = await product.credentials.read(acme);
    if (!current) throw new Error('there are no credentials');
    secrets.set(`access token ${current.version}`, current.accessToken);
    secrets.set(`refresh token ${current.version}`, current.refreshToken);
  };

  // Everything that happens in a connection's life, and every kind of lookup.
  const account = await product.newAccount();
  const page = await (await product.newBrowser(account)).newPage();
  page.on('request', (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname !== '/salesforce/callback') return;
    for (const name of ['code', 'state']) secrets.set(name, searchParams.get(name) ?? '');
  });
  await product.authorize(page, 'admin-nolicence@acme.example');
  await page.getByRole('heading', { name: 'The user has no ACD licence' }).waitFor();
  secrets.set('code of the refused attempt', secrets.get('code') ?? '');
  await product.authorize(page, admin);
  await waitForStatus(page, 'Active');
  await remember();
  const phoneSystem = await product.newPhoneSystem(account, 7_000);
  secrets.set('PBX token', phoneSystem.jwt);
  secrets.set('signing secret', Buffer.from(await product.pbxs.signingSecret(phoneSystem.id)).toString('base64'));
  const { direct, otherNotation, shared, unknown } = demoRecords;
  const calls = [direct.call, otherNotation.call, shared.call, unknown.call, 'anonymous', '07525 43312'];
  const answers = await Promise.all(calls.map((number) => product.ask(phoneSystem, acme, number)));
  expect(new Set(answers.map(({ reason }) => reason))).toEqual(
    new Set(['matched', 'matched-several', 'no-match', 'withheld']),
  );
  await fetch(
    `${product.url}/api/ExtNo/${phoneSystem.id}${acme}/?callerid=${encodeURIComponent(direct.call)}&token=${phoneSystem.jwt}`,
  );
  await product.standIn.fault({ fault: 'html-503', org: acme, match: '/services/data' });
  answers.push(await product.ask(phoneSystem, acme, '+4975259988771'));
  await product.standIn.clearFaults();
  expect(await product.engine.refreshNow(acme)).toBe('refreshed');
  await remember();
  await product.standIn.fault({ fault: 'expire-access', org: acme });
  answers.push(await product.ask(phoneSystem, acme, '+4975259988772'));
  await remember();
  const cookies = await page.context().cookies();
  for (const { name, value } of cookies) if (name.startsWith('trunkline')) secrets.set(`cookie ${name}`, value);
  await product.engine.disconnect(acme);

  const numbers = [...calls.filter((call) => /\d/.test(call)), direct.phone, otherNotation.phone, shared.phone]
    .flatMap((number) => [number, number.replace(/\D/g, '').replace(/^(49|0)/, '')])
    .concat('75259988771', '75259988772');
  const names = [direct, otherNotation, ...shared.people].flatMap(({ firstName, lastName }) => [firstName, lastName]);
  const never = [...secrets.values(), ...numbers].filter((text) => text !== '');
  const foundIn = (text: string, wanted: readonly string[]) => wanted.filter((word) => text.includes(word));

  const lookups = answers.map(({ runId }) => lookupWorkflowId(runId));
  const histories = await allHistories(product.temporal, (ids) =>
    expect(ids).toEqual(expect.arrayContaining([connectionWorkflowId(acme), ...lookups])),
  );
  for (const { workflowId, text } of histories) {
    const wrong = foundIn(text, [...never, ...names, admin, 'ACME', account.email]);
    expect(wrong, `the history of ${workflowId}`).toEqual([]);
  }
  expect(histories.length).toBeGreaterThan(8);

  expect(told.length).toBeGreaterThan(8);
  expect(foundIn(told.join('\n'), [...never, ...names, admin])).toEqual([]);
  await listening.unlisten();

  const folder = join(product.dataDir, 'logs');
  const logs = (await readdir(folder)).filter((name) => !name.startsWith('salesforce-stand-in'));
  expect(logs).toEqual(expect.arrayContaining(['server.log', 'worker.log', 'postgres.log', 'temporal.log']));
  for (const name of logs) {
    const wrong = foundIn(await readFile(join(folder, name), 'utf8'), [...never, ...names]);
    expect(wrong, `the log ${name}`).toEqual([]);
  }
});
