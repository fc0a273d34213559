import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensurePortFree, freePort } from '../../src/local/network.ts';
import { startWatchdog } from '../../src/local/processes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test files ask for what they need, see `services.ts`. */
    services: string;
  }
}

/** What a test file may ask for; each is made once, when the first file asks. */
export interface TestServices {
  /** A server with a migrated database to clone. */
  readonly postgres: { readonly adminUrl: string; readonly template: string };
  /** An in-memory server. */
  readonly temporal: { readonly address: string };
  /** The workflows, bundled: `workflowBundle: { codePath }` of a worker. */
  readonly 'workflow-bundle': { readonly codePath: string };
  /** The whole product, as `npm start` brings it up. */
  readonly product: {
    readonly url: string;
    readonly standInUrl: string;
    readonly dataDir: string;
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly temporal: { readonly address: string; readonly namespace: string };
    /** Where its mail arrives. */
    readonly inbox: string;
  };
}

type Makers = { [Name in keyof TestServices]: () => Promise<TestServices[Name]> };

/**
 * Nothing is started before a test file asks for it, so that tests which need nothing begin at once. Everything runs on free ports and
 * in a temporary folder, and ends with this process however that ends. The imports inside are heavy, and few files need them.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-test-'));
  const release = await startWatchdog(dataDir, { remove: true });
  const stopping = new AbortController();
  const { signal } = stopping;
  const cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));

  const makers: Makers = {
    async postgres() {
      const { startPostgres } = await import('../../src/local/postgres.ts');
      const { migrateDatabase } = await import('../../src/database/migrations.ts');
      const { service, url } = await startPostgres({ dataDir, port: await freePort(), durable: false, signal });
      cleanup.defer(() => service.stop());
      await migrateDatabase(url);
      return { adminUrl: atDatabase(url, 'postgres'), template: new URL(url).pathname.slice(1) };
    },
    async temporal() {
      const { loadConfig } = await import('../../src/config.ts');
      const { findTemporalCommand } = await import('../../src/local/temporal-command.ts');
      const { startTemporal } = await import('../../src/local/temporal.ts');
      const command = await findTemporalCommand({
        configured: loadConfig().settings.TEMPORAL_CLI_PATH,
        progress: everySoOften(5_000, (text) => project.vitest.logger.log(text)),
        signal,
        dataDir,
      });
      const [port, uiPort] = [await freePort(), await freePort()];
      const server = await startTemporal({
        command,
        dataDir,
        port,
        uiPort,
        namespace: 'default',
        durable: false,
        signal,
      });
      cleanup.defer(() => server.service.stop());
      return { address: server.address };
    },
    async 'workflow-bundle'() {
      const { writeWorkflowBundle } = await import('../../src/temporal/bundle.ts');
      const codePath = join(dataDir, 'workflow-bundle.js');
      await writeWorkflowBundle(codePath);
      return { codePath };
    },
    async product() {
      const { loadConfig } = await import('../../src/config.ts');
      const { anyFreePorts, startStack } = await import('../../src/local/stack.ts');
      const { startInbox } = await import('./inbox.ts');
      const inbox = join(dataDir, 'inbox');
      const smtp = await startInbox(inbox);
      cleanup.defer(() => smtp.close());
      const stack = await startStack({
        environment: {
          ...anyFreePorts,
          TRUNKLINE_DATA_DIR: join(dataDir, 'product'),
          TEMPORAL_CLI_PATH: loadConfig().settings.TEMPORAL_CLI_PATH,
          MAIL_URL: smtp.url,
          METRICS_PORT: String(await freePortsInARow(4)),
        },
        durable: false,
        signal,
      });
      cleanup.defer(() => stack.stop());
      const { url, standInUrl = '', environment, temporal } = stack;
      return { url, standInUrl, dataDir: stack.dataDir, environment, temporal, inbox };
    },
  };

  const made = new Map<string, Promise<unknown>>();
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1) as keyof TestServices;
    const answer = made.get(name) ?? makers[name]();
    made.set(name, answer);
    answer.then(
      (value) => response.end(JSON.stringify({ value })),
      (error: unknown) =>
        response.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) })),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  project.provide('services', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);

  return async () => {
    stopping.abort();
    server.close();
    await Promise.allSettled(made.values());
    await cleanup.disposeAsync();
    release();
  };
}

/** The first of them. Below those that the system hands out by itself, so that they stay free until they are used. */
async function freePortsInARow(count: number): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const first = 20_000 + count * Math.floor(Math.random() * 2_500);
    try {
      for (let port = first; port < first + count; port += 1) await ensurePortFree(port, '127.0.0.1', 'METRICS_PORT');
      return first;
    } catch (error) {
      if (tries === 20) throw error;
    }
  }
}

/** The same address with another database. */
export function atDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

function everySoOften(ms: number, tell: (text: string) => void): (text: string) => void {
  let toldAtMs = 0;
  return (text) => {
    if (Date.now() - toldAtMs < ms) return;
    toldAtMs = Date.now();
    tell(text);
  };
}
