import fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError, errorKinds, type ErrorCode } from '../../src/errors.ts';
import { auditChanges } from '../../web/plugins/audit.ts';
import { toFailure } from '../../web/plugins/errors.ts';
import { localPath } from '../../web/routes/sign-in.ts';
import { createTestPortal, publicUrl, textOf, type TestPortal } from '../support/portal.ts';

let portal: TestPortal;
let ready = true;
beforeEach(async () => {
  ready = true;
  portal = await createTestPortal({
    health: { ready: () => ready, parts: () => ({ postgres: 'ok', temporal: ready ? 'ok' : 'away' }) },
    phoneApi: async (app) => {
      app.get('/api/ping', async () => 'pong');
    },
  });
});
afterEach(() => portal.app.close());

const inject = (url: string, headers: Record<string, string> = {}) =>
  portal.app.inject({ url, headers: { host: 'localhost:3000', ...headers } });

/** Every route that a form can be sent to, with parameters filled in. */
function formRoutes(): string[] {
  const lines = portal.app.printRoutes({ commonPrefix: false }).split('\n');
  const path: string[] = [];
  const routes: string[] = [];
  for (const line of lines) {
    const [, indent = '', piece = '', methods = ''] = /^([│├└─ ]*)(\S+)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
    path.length = Math.max(0, indent.length / 4 - 1);
    path.push(piece);
    if (/\b(?:POST|PUT|PATCH|DELETE)\b/.test(methods)) routes.push(path.join(''));
  }
  return routes
    .filter((route) => !route.startsWith('/api'))
    .map((route) =>
      route.replace(':pbxId', '47EC1B-B70D69-818AE6').replace(/:\w+/g, '00000000-0000-4000-8000-000000000000'),
    );
}

describe('the host name', () => {
  it.each(['/', '/sign-in?next=%2Fx', '/assets/portal.css'])('is made the public one for %s', async (url) => {
    const answer = await inject(url, { host: '127.0.0.1:3000' });
    expect(answer.statusCode).toBe(307);
    expect(answer.headers.location).toBe(publicUrl + url);
  });

  it.each(['/health/live', '/health/ready', '/api/ping'])('does not matter for %s', async (url) => {
    expect((await inject(url, { host: '10.0.0.7' })).statusCode).toBe(200);
  });

  it.each(['/apis', '/healthy'])('matters for %s, which only looks like a program’s address', async (url) => {
    expect((await inject(url, { host: '10.0.0.7' })).statusCode).toBe(307);
  });

  it('counts without the default port', async () => {
    const app = await createTestPortal({ publicUrl: 'https://acd.acme.example' });
    for (const host of ['acd.acme.example', 'acd.acme.example:443', 'ACD.acme.example']) {
      expect((await app.app.inject({ url: '/sign-in', headers: { host } })).statusCode).toBe(200);
    }
    await app.app.close();
  });

  it('cannot be used to lead anywhere else', async () => {
    const answer = await inject('//evil.example/', { host: 'evil.example' });
    expect(new URL(answer.headers.location ?? '').origin).toBe(publicUrl);
  });
});

describe('health', () => {
  it('is live at once, ready when start-up is done, and names what is missing', async () => {
    expect((await inject('/health/live')).statusCode).toBe(200);
    expect((await inject('/health/ready')).json()).toEqual({ postgres: 'ok', temporal: 'ok' });
    ready = false;
    const answer = await inject('/health/ready');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({ postgres: 'ok', temporal: 'away' });
  });
});

describe('every answer', () => {
  it.each(['/sign-in', '/nowhere', '/assets/portal.js'])('of %s allows nothing inline and no frame', async (url) => {
    const { headers } = await inject(url);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('of a page has no script, style or handler in it, and is never kept', async () => {
    const browser = await portal.newSignedInBrowser();
    for (const url of ['/salesforce-connection', '/phone-systems', '/phone-systems/new']) {
      const { body, headers } = await browser.get(url);
      expect(body).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/i);
      expect(headers['cache-control']).toBe('no-store');
    }
  });

  it('of an asset can be asked for again cheaply', async () => {
    for (const url of ['/assets/portal.css', '/assets/foundation.css', '/assets/icons.svg']) {
      const { headers } = await inject(url);
      expect(headers.etag).toBeTruthy();
      expect((await inject(url, { 'if-none-match': String(headers.etag) })).statusCode).toBe(304);
    }
  });

  it('of a page that asks for an asset finds it', async () => {
    const browser = await portal.newSignedInBrowser();
    const { body } = await browser.get('/salesforce-connection');
    const assets = [...body.matchAll(/(?:href|src)="(\/assets\/[^"#]+)/g)].map(([, url = '']) => url);
    expect(assets.length).toBeGreaterThan(4);
    for (const url of new Set(assets)) expect((await inject(url)).statusCode).toBe(200);
  });
});

describe('the menu', () => {
  const menuOf = (html: string) => {
    const menu = /<nav\b[^>]*class="menu[^>]*>(.*?)<\/nav>/s.exec(html)?.[1] ?? '';
    return [...menu.matchAll(/href="([^"]+)"/g)].map(([, path = '']) => path);
  };

  it.each([
    ['signed in', () => portal.newSignedInBrowser(), '/phone-systems', 7],
    ['before', async () => portal.newBrowser(), '/sign-in', 2],
  ])('has entries whose pages exist, and says which one is open: %s', async (_who, open, path, length) => {
    const browser = await open();
    const entries = menuOf((await browser.get(path)).body);
    expect(entries).toHaveLength(length);
    for (const entry of entries) {
      let answer = await browser.get(entry);
      if (answer.statusCode === 303) answer = await browser.get(answer.headers.location ?? '');
      expect([entry, answer.statusCode]).toEqual([entry, 200]);
      expect(/href="([^"]+)" aria-current="page"/.exec(answer.body)?.[1]).toBe(entry);
    }
  });
});

describe('every form', () => {
  it('is refused without its token, whoever sends it', async () => {
    const browser = await portal.newSignedInBrowser();
    const routes = formRoutes();
    expect(routes.length).toBeGreaterThan(8);
    const before = portal.audit.events.length;
    for (const url of routes) {
      const answer = await browser.post(url, { _csrf: 'forged' });
      expect([url, answer.statusCode]).toEqual([url, 403]);
      expect(textOf(answer.body)).toContain('This form is too old');
    }
    expect(portal.audit.events).toHaveLength(before);
  });

  it('has a route that names its audit event, or the route is refused', async () => {
    const server = fastify();
    auditChanges(server, portal.audit);
    expect(() => server.post('/forgetful', async () => 'done')).toThrow('writes no audit event');
    expect(() => server.delete('/forgetful', async () => 'done')).toThrow('writes no audit event');
    server.post('/careful', { config: { audit: 'pbx.changed' } }, async () => 'done');
    server.get('/reading', async () => 'done');
    await server.close();
  });
});

describe('an audit event', () => {
  it('that cannot be written is logged, and does not undo what was done', async () => {
    const browser = await portal.newSignedInBrowser();
    await browser.get('/phone-systems/new');
    portal.audit.fail('record', new Error('away'));
    const answer = await browser.post('/phone-systems', {
      name: 'Head office',
      country: 'DE',
      deadlineMs: '1500',
      answerFormat: 'text',
    });
    expect(answer.statusCode).toBe(303);
    expect(portal.pbxs.byId.size).toBe(1);
    expect(portal.logLines.join('')).toContain('audit event lost');
  });
});

describe('an error', () => {
  it('that is a bug reveals nothing and is logged whole', async () => {
    const browser = await portal.newSignedInBrowser();
    portal.pbxs.fail('list', new Error('secret detail'));
    const answer = await browser.get('/phone-systems');
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('secret detail');
    expect(textOf(answer.body)).toContain(`Request ${String(answer.headers['x-request-id'])}`);
    expect(portal.logLines.join('')).toContain('secret detail');
  });

  it('comes as a page to browsers and as problem details to programs', async () => {
    expect((await inject('/nowhere')).headers['content-type']).toContain('text/html');
    const problem = await inject('/api/nowhere');
    expect(problem.statusCode).toBe(404);
    expect(problem.headers['content-type']).toContain('application/problem+json');
  });

  it.each(Object.keys(errorKinds) as ErrorCode[])('%s has a status', (code) => {
    const { status } = toFailure(new AppError(code, 'words'));
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it('of the framework keeps its status when the client is to blame', async () => {
    const browser = await portal.newSignedInBrowser();
    const answer = await browser.post('/phone-systems', { name: 'x'.repeat(70_000) });
    expect(answer.statusCode).toBe(413);
    expect((await inject('/sign-in?next=' + 'x'.repeat(2_001))).statusCode).toBe(400);
  });
});

describe('localPath', () => {
  it.each([
    ['/phone-systems?x=1', '/phone-systems?x=1'],
    ['/a/../phone-systems', '/phone-systems'],
    ['//evil.example/x', '/salesforce-connection'],
    ['http://localhost:3000/phone-systems', '/salesforce-connection'],
  ])('reads %j as %s', (next, path) => {
    expect(localPath(next, publicUrl)).toBe(path);
  });
});
