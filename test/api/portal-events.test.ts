import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../src/domain/connection.ts';
import { AppError } from '../../src/errors.ts';
import { freePort } from '../../src/local/network.ts';
import type { Account } from '../../src/ports.ts';
import { connection, orgId } from '../support/fakes/lookups.ts';
import { createTestPortal, textOf, type Browser, type TestPortal } from '../support/portal.ts';
import { regionNames } from '../../web/live/regions.ts';

interface Event {
  readonly event: string;
  readonly data: { regions?: Record<string, { html: string }>; pbxIds?: string[] };
}

/** A browser's event stream, over a real connection. */
class Stream {
  readonly events: Event[] = [];
  ended = false;
  readonly #abort = new AbortController();

  static async open(url: string, browser: Browser): Promise<Stream> {
    const stream = new Stream();
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(`${url}/events`, { headers: { cookie }, signal: stream.#abort.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('cache-control')).toContain('no-store');
    if (response.body) void stream.#read(response.body);
    return stream;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) {
        text += decoder.decode(chunk, { stream: true });
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const event = /^event: (.*)$/m.exec(block)?.[1];
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (event !== undefined && data !== undefined)
            this.events.push({ event, data: JSON.parse(data) as Event['data'] });
        }
      }
    } catch {
      // Ended by us.
    }
    this.ended = true;
  }

  /** What a page that applies all events shows in a region. */
  region(name: string): string {
    const html = this.events.findLast(({ data }) => data.regions?.[name] !== undefined)?.data.regions?.[name]?.html;
    return textOf(html ?? '');
  }

  close(): void {
    this.#abort.abort();
  }
}

/** What the page promises, with a second's margin for a busy machine. */
const oneSecond = 2_000;
const until = (check: () => void, timeout = 10_000) => vi.waitFor(check, { timeout, interval: 10 });

let portal: TestPortal;
let account: Account;
let browser: Browser;
let url: string;
const streams: Stream[] = [];
const open = async (from = browser) => {
  const stream = await Stream.open(url, from);
  streams.push(stream);
  return stream;
};
const show = (changes: Partial<Connection> = {}) => {
  portal.connections.byAccount.set(account.id, { ...connection, accountId: account.id, ...changes });
  portal.changes.tell({ kind: 'connection', accountId: account.id, orgId, revision: 2 });
};

async function start(heartbeatEveryMs: number): Promise<void> {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  portal = await createTestPortal({ heartbeatEveryMs, publicUrl: url });
  account = await portal.newAccount();
  browser = await portal.newSignedInBrowser(account);
  await portal.app.listen({ port, host: '127.0.0.1' });
}

beforeEach(() => start(60_000));
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await portal.app.close();
});

describe('the event stream', () => {
  it('begins with how things stand', async () => {
    const stream = await open();
    await until(() => expect(stream.region('status')).toBe('Inactive Not connected yet'));
    expect(stream.region('frame')).toBe('Salesforce: Inactive');
    expect(stream.region('button')).toBe('Click To Connect Salesforce');
  });

  it('tells of a change within a second, in every browser of the account and in no other', async () => {
    const own = [await open(), await open(await portal.newSignedInBrowser(account))];
    const stranger = await open(
      await portal.newSignedInBrowser(await portal.newAccount({ email: 'eve@globex.example' })),
    );
    for (const stream of [...own, stranger]) await until(() => expect(stream.events).not.toHaveLength(0));
    const strangers = stranger.events.length;
    show();
    for (const stream of own) {
      await until(() => expect(stream.region('status')).toBe('Active Connected to ACME'), oneSecond);
      expect(stream.region('org')).toContain(orgId);
    }
    show({ state: 'broken', cause: 'token-revoked' });
    for (const stream of own) {
      await until(() => expect(stream.region('status')).toMatch(/^Inactive/), oneSecond);
      expect(stream.region('button')).toBe('Click To Connect Salesforce');
    }
    expect(stranger.events).toHaveLength(strangers);
  });

  it('sends the same HTML that the page has', async () => {
    show();
    const stream = await open();
    await until(() => expect(stream.events).toHaveLength(1));
    const page = await browser.get('/salesforce-connection');
    const sent = stream.events[0]?.data.regions ?? {};
    expect(Object.keys(sent).sort()).toEqual([...regionNames].sort());
    for (const { html } of Object.values(sent)) expect(page.body).toContain(html);
  });

  it('sends only what has changed', async () => {
    show();
    const stream = await open();
    await until(() => expect(stream.events).toHaveLength(1));
    show({ lastCheckedAtMs: portal.clock.now() });
    await until(() => expect(stream.events).toHaveLength(2));
    expect(Object.keys(stream.events[1]?.data.regions ?? {})).toEqual(['details']);
  });

  it('tells of an attempt that is being checked', async () => {
    const stream = await open();
    const { id } = await portal.authorizations.create({
      accountId: account.id,
      loginHost: 'https://login.salesforce.com',
      stateHash: 's',
      browserHash: 'b',
      codeVerifier: 'v',
      expiresAtMs: portal.clock.now() + 900_000,
    });
    await portal.authorizations.receiveCode(id, 'code');
    portal.changes.tell({ kind: 'authorization', id, accountId: account.id });
    await until(() => expect(stream.region('attempt')).toContain('Checking what Salesforce told us…'));
  });

  it('catches up when changes may have been missed', async () => {
    const stream = await open();
    await until(() => expect(stream.events).toHaveLength(1));
    portal.connections.byAccount.set(account.id, { ...connection, accountId: account.id });
    portal.changes.reload();
    await until(() => expect(stream.region('status')).toMatch(/^Active/));
  });

  it('tells once of lookup runs that come close together', async () => {
    const stream = await open();
    await until(() => expect(stream.events).toHaveLength(1));
    for (const pbxId of ['A', 'B', 'A']) {
      portal.changes.tell({ kind: 'lookup-run', id: 'x', accountId: account.id, pbxId });
    }
    await until(() => expect(stream.events).toHaveLength(2));
    expect(stream.events[1]).toEqual({ event: 'lookup-runs', data: { pbxIds: ['A', 'B'] } });
  });

  it('says that nobody is signed in, and ends', async () => {
    const stream = await open(portal.newBrowser());
    await until(() => expect(stream.ended).toBe(true));
    expect(stream.events).toEqual([{ event: 'signed-out', data: {} }]);
  });

  it('ends first when the server shuts down', async () => {
    const stream = await open();
    await until(() => expect(stream.events).toHaveLength(1));
    const started = Date.now();
    await portal.app.close();
    await until(() => expect(stream.ended).toBe(true));
    expect(Date.now() - started).toBeLessThan(1_500);
  });
});

describe('the heartbeat', () => {
  beforeEach(async () => {
    await portal.app.close();
    await start(20);
  });

  it('comes again and again while the status can be read', async () => {
    const stream = await open();
    await until(() => expect(stream.events.length).toBeGreaterThan(3));
    expect(stream.events.at(-1)).toMatchObject({ event: 'status', data: { regions: {} } });
  });

  it('stops while it cannot, so that the page knows that nobody knows', async () => {
    const stream = await open();
    await until(() => expect(stream.events.length).toBeGreaterThan(1));
    portal.connections.fail('ofAccount', new AppError('DATABASE_UNAVAILABLE', 'Away.'));
    await until(() => expect(portal.logLines.join('')).toContain('the status of a connection cannot be read'));
    const silent = stream.events.length;
    const failures = () => portal.logLines.filter((line) => line.includes('cannot be read')).length;
    const before = failures();
    await until(() => expect(failures()).toBeGreaterThan(before + 3));
    expect(stream.events.length).toBeLessThanOrEqual(silent + 1);
    portal.connections.mend();
    await until(() => expect(stream.events.length).toBeGreaterThan(silent + 1));
  });

  it('shows a change of which nobody told', async () => {
    const stream = await open();
    portal.connections.byAccount.set(account.id, { ...connection, accountId: account.id });
    await until(() => expect(stream.region('status')).toMatch(/^Active/));
  });

  it('tells the engine with every heartbeat that somebody watches, and nobody when nobody does', async () => {
    show();
    const watched = () => portal.engine.idsOf('watching');
    const first = await open();
    const second = await open();
    await until(() => expect(second.events.length).toBeGreaterThan(3));
    await until(() => expect(watched().length).toBeGreaterThan(2));
    expect(new Set(watched())).toEqual(new Set([orgId]));
    first.close();
    second.close();
    const { length } = watched();
    const third = await open(await portal.newSignedInBrowser(await portal.newAccount({ email: 'eve@globex.example' })));
    await until(() => expect(third.events.length).toBeGreaterThan(5));
    expect(watched().length).toBeLessThanOrEqual(length + 1);
  });

  it('goes on when the engine cannot be told', async () => {
    show();
    portal.engine.fail('watching', new AppError('TEMPORAL_UNAVAILABLE', 'Away.'));
    const stream = await open();
    await until(() => expect(stream.events.length).toBeGreaterThan(3));
  });

  it('ends the stream of a browser that signed out elsewhere', async () => {
    const stream = await open();
    await until(() => expect(stream.events.length).toBeGreaterThan(1));
    portal.sessions.byHash.clear();
    portal.clock.pass(30_000);
    await until(() => expect(stream.ended).toBe(true));
    expect(stream.events.at(-1)?.event).toBe('signed-out');
  });
});
