import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { readSignature } from '../../src/domain/request-signature.ts';
import { requestSigner } from '../../src/crypto/request-signer.ts';
import { secretTokens } from '../../src/crypto/tokens.ts';
import { connection } from '../support/fakes/lookups.ts';
import { createTestPortal, textOf } from '../support/portal.ts';

const hook = 'https://hooks.example/trunkline?team=phones';

async function open() {
  const portal = await createTestPortal();
  const account = await portal.newAccount();
  const browser = await portal.newSignedInBrowser(account);
  await browser.get('/settings/alerts');
  const idOf = async (kind: string) =>
    (await portal.alertTargets.list(account.id)).find((target) => target.kind === kind)?.id ?? '';
  return { ...portal, account, browser, idOf };
}
const actions = (portal: { audit: { events: readonly { action: string }[] } }) =>
  portal.audit.events.map(({ action }) => action);

describe('/settings/alerts', () => {
  it('lists the account’s own mail, and is in the menu', async () => {
    const { browser, account } = await open();
    const home = await browser.get('/settings');
    expect(home.headers.location).toBe('/settings/alerts');
    const page = await browser.get('/settings/alerts');
    expect(page.statusCode).toBe(200);
    expect(textOf(page.body)).toContain(`${account.email} Your own mail On None yet Send a test Switch off`);
    expect(page.body).toContain('<a href="/settings" aria-current="page">');
  });

  it('adds a webhook, whose secret is shown once', async () => {
    const world = await open();
    const { browser } = world;
    const added = await browser.post('/settings/alerts/webhooks', { webhook: hook });
    expect([added.statusCode, added.headers.location]).toEqual([303, '/settings/alerts']);
    const secret = world.alertTargets.all.find(({ kind }) => kind === 'webhook')?.secret ?? '';
    expect(secret.length).toBeGreaterThan(40);
    expect((await browser.get('/settings/alerts')).body).toContain(secret);
    expect((await browser.get('/settings/alerts')).body).not.toContain(secret);
    expect(world.audit.events.at(-1)).toMatchObject({ action: 'alert-target.added', detail: { kind: 'webhook' } });
    expect(JSON.stringify(world.audit.events)).not.toContain(secret);
    expect(world.logLines.join('')).not.toContain(secret);
  });

  it.each([
    ['webhooks', 'webhook', 'http://hooks.example/', 'Enter an address that begins with https://'],
    ['webhooks', 'webhook', 'hooks.example', 'Enter an address that begins with https://'],
    ['webhooks', 'webhook', 'https://127.0.0.1/hook', 'Its host has to have a public address.'],
    ['webhooks', 'webhook', 'https://2130706433/', 'Its host has to have a public address.'],
    ['webhooks', 'webhook', 'https://10.1.2.3:8443/', 'Its host has to have a public address.'],
    ['webhooks', 'webhook', 'https://[::1]/', 'Its host has to have a public address.'],
    ['webhooks', 'webhook', 'https://[::ffff:192.168.0.1]/', 'Its host has to have a public address.'],
    ['webhooks', 'webhook', 'https://169.254.169.254/', 'Its host has to have a public address.'],
    ['webhooks', 'webhook', 'https://localhost/', 'Its host has to have a public address.'],
    ['webhooks', 'webhook', 'https://hooks.localhost./', 'Its host has to have a public address.'],
    ['webhooks', 'webhook', 'https://user:word@hooks.example', 'without a user name in it'],
    ['mails', 'mail', 'nobody', 'Enter an e-mail address'],
    ['mails', 'mail', 'ada@acme.example', 'on the list already'],
  ])('refuses by %s as %s "%s" with what was typed', async (path, field, typed, fault) => {
    const { browser, alertTargets } = await open();
    const page = await browser.post(`/settings/alerts/${path}`, { [field]: typed });
    expect(page.statusCode).toBe(400);
    expect(textOf(page.body)).toContain(fault);
    expect(page.body).toContain(`value="${typed}"`);
    expect(alertTargets.all).toHaveLength(1);
  });

  it('takes a webhook in a private network where the operator allows it', async () => {
    const portal = await createTestPortal({ allowPrivateWebhooks: true });
    const browser = await portal.newSignedInBrowser();
    await browser.get('/settings/alerts');
    const answer = await browser.post('/settings/alerts/webhooks', { webhook: 'http://127.0.0.1:8080/hook' });
    expect(answer.headers.location).toBe('/settings/alerts');
    expect(portal.alertTargets.all.map(({ address }) => address)).toContain('http://127.0.0.1:8080/hook');
  });

  it('adds at most twenty', async () => {
    const { browser, alertTargets } = await open();
    for (let index = 0; index < 19; index += 1) {
      await browser.post('/settings/alerts/webhooks', { webhook: `https://hooks.example/${index}` });
    }
    const page = await browser.post('/settings/alerts/webhooks', { webhook: 'https://hooks.example/one-more' });
    expect(page.statusCode).toBe(400);
    expect(textOf(page.body)).toContain('There are 20 addresses on the list already');
    expect(alertTargets.all).toHaveLength(20);
  });

  it('asks the owner of another mail address, who agrees without an account', async () => {
    const world = await open();
    const { browser } = world;
    await browser.post('/settings/alerts/mails', { mail: ' Eve@Example.com ' });
    expect(textOf((await browser.get('/settings/alerts')).body)).toContain('eve@example.com Mail Waits for its owner');
    const [mail] = world.mailer.sent;
    expect(mail?.to).toBe('eve@example.com');
    const link = /\/alert-address\?token=\S+/.exec(mail?.text ?? '')?.[0] ?? '';
    await browser.post(`/settings/alerts/${await world.idOf('mail')}/test`);
    expect(world.mailer.sent).toHaveLength(1);

    const stranger = world.newBrowser();
    const page = await stranger.get(link);
    expect(textOf(page.body)).toContain('May Trunkline tell eve@example.com');
    await stranger.get(link);
    const token = link.split('=')[1] ?? '';
    expect((await stranger.post('/alert-address', { token })).headers.location).toBe('/alert-address/done');
    expect(textOf((await stranger.get('/alert-address/done')).body)).toContain('You are told from now on.');
    expect((await stranger.get(link)).statusCode).toBe(400);
    expect(textOf((await browser.get('/settings/alerts')).body)).toContain('eve@example.com Mail On');
    expect(world.audit.events.at(-1)).toMatchObject({
      action: 'alert-target.confirmed',
      accountId: world.account.id,
    });
  });

  it('adds no mail address whose owner cannot be asked', async () => {
    const world = await open();
    world.mailer.fail('send', new AppError('MAIL_UNAVAILABLE', 'No mail today.'));
    expect((await world.browser.post('/settings/alerts/mails', { mail: 'eve@example.com' })).statusCode).toBe(503);
    expect(world.alertTargets.all).toHaveLength(1);
  });

  it('sends a test by mail and by a signed webhook, and shows what came of it', async () => {
    const world = await open();
    const { browser } = world;
    world.connections.byAccount.set(world.account.id, connection);
    await browser.post('/settings/alerts/webhooks', { webhook: hook });
    await browser.post(`/settings/alerts/${await world.idOf('account-mail')}/test`);
    expect(textOf((await browser.get('/settings/alerts')).body)).toContain('was delivered to ada@acme.example');
    expect(world.mailer.sent).toMatchObject([{ to: 'ada@acme.example', subject: 'Test message of Trunkline' }]);

    await browser.post(`/settings/alerts/${await world.idOf('webhook')}/test`);
    const [sent] = world.webhooks.sent;
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ event: 'test', orgId: connection.orgId, state: 'active' });
    const reading = readSignature(sent?.headers ?? {});
    if (reading.kind !== 'signed' || !sent) throw new Error(reading.kind);
    const secret = world.alertTargets.all.find(({ kind }) => kind === 'webhook')?.secret ?? '';
    const request = { method: 'POST', path: '/trunkline?team=phones', body: sent.body };
    expect(requestSigner.isSignedWith(request, reading.signature, secret)).toBe(true);

    world.webhooks.failure = 'answered-500';
    await browser.post(`/settings/alerts/${await world.idOf('webhook')}/test`);
    expect(textOf((await browser.get('/settings/alerts')).body)).toContain(
      `did not reach ${hook}: it answered with status 500.`,
    );
    expect(world.audit.events.at(-1)).toMatchObject({
      action: 'alert-target.tested',
      detail: { outcome: 'answered-500' },
    });
  });

  it('switches off and on, and removes what was added', async () => {
    const world = await open();
    const { browser } = world;
    await browser.post('/settings/alerts/webhooks', { webhook: hook });
    const own = await world.idOf('account-mail');
    await browser.post(`/settings/alerts/${own}/switch`, { enabled: 'false' });
    expect(textOf((await browser.get('/settings/alerts')).body)).toContain('Your own mail Off');
    await browser.post(`/settings/alerts/${own}/switch`, { enabled: 'true' });
    expect(textOf((await browser.get('/settings/alerts')).body)).toContain('Your own mail On');
    await browser.post(`/settings/alerts/${own}/removal`);
    await browser.post(`/settings/alerts/${await world.idOf('webhook')}/removal`);
    expect(world.alertTargets.all.map(({ kind }) => kind)).toEqual(['account-mail']);
    expect(actions(world).slice(-3)).toEqual([
      'alert-target.switched',
      'alert-target.switched',
      'alert-target.removed',
    ]);
  });

  it('knows nothing of the addresses of others', async () => {
    const world = await open();
    const own = await world.idOf('account-mail');
    const other = await world.newSignedInBrowser(await world.newAccount({ email: 'eve@acme.example' }));
    await other.get('/settings/alerts');
    for (const path of ['test', 'removal', 'switch']) {
      expect((await other.post(`/settings/alerts/${own}/${path}`, { enabled: 'false' })).statusCode).toBe(404);
    }
    expect(world.mailer.sent).toEqual([]);
  });

  it('is for people who are signed in, and takes no form from elsewhere', async () => {
    const { newBrowser, app, browser, idOf, mailer } = await open();
    for (const path of ['/settings', '/settings/alerts', '/settings/tokens', '/salesforce-connection/secret-key']) {
      const away = await newBrowser().get(path);
      expect(away.headers.location).toBe(`/sign-in?next=${encodeURIComponent(path)}`);
    }
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const forged = await app.inject({
      method: 'POST',
      url: `/settings/alerts/${await idOf('account-mail')}/test`,
      headers: { host: 'localhost:3000', cookie, 'content-type': 'application/x-www-form-urlencoded' },
      payload: '',
    });
    expect(forged.statusCode).toBe(403);
    expect(mailer.sent).toEqual([]);
  });
});

describe('/settings/tokens', () => {
  it('makes a token that is shown once and stored as a hash', async () => {
    const world = await open();
    const { browser } = world;
    world.connections.byAccount.set(world.account.id, connection);
    await browser.get('/settings/tokens');
    await browser.post('/settings/tokens', { name: 'Monitoring', life: '30' });
    const page = await browser.get('/settings/tokens');
    const secret = /tla_[\w-]{43}/.exec(page.body)?.[0] ?? '';
    expect(page.body).toContain(`/api/connections/${connection.orgId}/status`);
    const [stored] = world.accountTokens.all;
    expect(stored).toMatchObject({ name: 'Monitoring', tokenHash: secretTokens.hash(secret) });
    expect(stored?.expiresAtMs).toBe(world.clock.now() + 30 * 24 * 3_600_000);
    expect(JSON.stringify(world.accountTokens.all)).not.toContain(secret);
    expect((await browser.get('/settings/tokens')).body).not.toContain(secret);
    expect(world.logLines.join('')).not.toContain(secret);
    expect(textOf(page.body)).toContain('Never Valid Revoke');
  });

  it('shows when a token was used, has expired or was revoked', async () => {
    const world = await open();
    const { browser } = world;
    await browser.get('/settings/tokens');
    await browser.post('/settings/tokens', { name: 'One', life: '30' });
    await browser.post('/settings/tokens', { name: 'Two', life: 'never' });
    const [one, two] = world.accountTokens.all;
    expect(two?.expiresAtMs).toBeUndefined();
    world.clock.pass(31 * 24 * 3_600_000);
    await world.accountTokens.use(two?.tokenHash ?? '');
    const again = await world.newSignedInBrowser(world.account);
    await again.get('/settings/tokens');
    await again.post(`/settings/tokens/${two?.id ?? ''}/revocation`);
    const text = textOf((await again.get('/settings/tokens')).body);
    expect(text).toContain('The token “Two” is revoked.');
    expect(text).toMatch(/One .* Expired .*Two .* Revoked/);
    expect(await world.accountTokens.use(one?.tokenHash ?? '')).toBeUndefined();
    expect(world.audit.events.at(-1)).toMatchObject({ action: 'account-token.revoked', subject: two?.id });
  });

  it('revokes no token of others', async () => {
    const world = await open();
    await world.browser.post('/settings/tokens', { name: 'One', life: 'never' });
    const other = await world.newSignedInBrowser(await world.newAccount({ email: 'eve@acme.example' }));
    await other.get('/settings/tokens');
    await other.post(`/settings/tokens/${world.accountTokens.all[0]?.id ?? ''}/revocation`);
    expect(world.accountTokens.all[0]?.revokedAtMs).toBeUndefined();
  });
});

describe('/salesforce-connection/secret-key', () => {
  const path = '/salesforce-connection/secret-key';

  it('adds and replaces the key while the connection is active, and never shows it', async () => {
    const world = await open();
    const { browser } = world;
    world.connections.byAccount.set(world.account.id, connection);
    const page = await browser.get(path);
    expect(textOf(page.body)).toContain('Enter Secret key');
    expect(textOf(page.body)).toContain('ADD SECRET KEY');
    expect((await browser.post(path, { secretKey: ' first-secret-key ' })).headers.location).toBe(path);
    const added = await browser.get(path);
    expect(textOf(added.body)).toContain('The secret key is added.');
    await browser.post(path, { secretKey: 'second-secret-key' });
    expect(world.packageKeys.keys.get(connection.id)?.secret).toBe('second-secret-key');
    expect(actions(world).filter((action) => action === 'package-key.added')).toHaveLength(2);
    for (const seen of [
      added.body,
      (await browser.get(path)).body,
      JSON.stringify(world.audit.events),
      world.logLines.join(''),
    ]) {
      expect(seen).not.toContain('secret-key-value');
      expect(seen).not.toMatch(/(first|second)-secret-key/);
    }
  });

  it.each(['short', 'with a space inside', 'x'.repeat(501)])(
    'refuses "%s" and does not repeat it',
    async (secretKey) => {
      const world = await open();
      world.connections.byAccount.set(world.account.id, connection);
      const page = await world.browser.post(path, { secretKey });
      expect(page.statusCode).toBe(400);
      expect(page.body).not.toContain(`value="${secretKey}"`);
      expect(world.packageKeys.keys.size).toBe(0);
    },
  );

  it.each(['broken', 'disconnected', undefined] as const)(
    'offers no field while the connection is %s',
    async (state) => {
      const world = await open();
      if (state) world.connections.byAccount.set(world.account.id, { ...connection, state });
      expect((await world.browser.get(path)).body).not.toContain('name="secretKey"');
      expect((await world.browser.post(path, { secretKey: 'a-secret-key' })).statusCode).toBe(409);
      expect(world.packageKeys.keys.size).toBe(0);
    },
  );
});
