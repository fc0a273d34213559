import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { inheritedEnvironment, loadConfig } from '../../src/config.ts';
import { demoEmail, demoPassword } from '../../src/local/demo-data.ts';
import { FormBrowser, textOf } from '../../src/local/form-browser.ts';
import { processIdentity } from '../../src/local/processes.ts';
import { anyFreePorts } from '../../src/local/stack.ts';
import { temporaryFolder, until } from '../support/temporary-folder.ts';

vi.setConfig({ testTimeout: 300_000 });

const program = fileURLToPath(new URL('../../src/local/start.ts', import.meta.url));

const started: ChildProcess[] = [];
afterEach(async () => {
  // Only what a failed test left: each of them ends what it began.
  await Promise.all(
    started.splice(0).map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }),
  );
});

/** `npm start`, as somebody sees it in a terminal. */
function start(dataDir: string, settings: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [program], {
    env: inheritedEnvironment({
      ...anyFreePorts,
      TRUNKLINE_DATA_DIR: dataDir,
      TEMPORAL_CLI_PATH: loadConfig().settings.TEMPORAL_CLI_PATH,
      ...settings,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  started.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += String(chunk)));
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  return {
    child,
    exit,
    said: () => said,
    /** Its address. */
    async ready(): Promise<string> {
      const address = () => /Trunkline is ready on (\S+)/.exec(said)?.[1];
      await until('it is ready', () => address() !== undefined || child.exitCode !== null, 180_000);
      const url = address();
      if (url === undefined) throw new Error(`It ended: ${said}`);
      return url;
    },
  };
}

/** The processes that a run has going beside itself. */
async function processesOf(dataDir: string): Promise<readonly { pid: number; identity: string }[]> {
  const folder = join(dataDir, 'run');
  const files = await readdir(folder);
  return Promise.all(
    files.map(
      async (file) => JSON.parse(await readFile(join(folder, file), 'utf8')) as { pid: number; identity: string },
    ),
  );
}

const running = (processes: Awaited<ReturnType<typeof processesOf>>) =>
  processes.filter(({ pid, identity }) => processIdentity(pid) === identity);

async function signedIn(url: string): Promise<FormBrowser> {
  const browser = new FormBrowser();
  const page = await browser.open(`${url}/sign-in`);
  await browser.press(page, 'Sign in', { email: demoEmail, password: demoPassword });
  return browser;
}

const status = async (browser: FormBrowser, url: string) =>
  textOf(/role="status"[^>]*>(.*?)<\/div>/s.exec((await browser.open(`${url}/salesforce-connection`)).html)?.[1] ?? '');

it('starts, refuses a second start and a taken port in a sentence, ends at Ctrl-C without a trace, and finds the connection again', async () => {
  const dataDir = await temporaryFolder();
  const first = start(dataDir);
  const url = await first.ready();
  const browser = await signedIn(url);
  const login = await browser.press(await browser.open(`${url}/salesforce-connection`), 'Click To Connect Salesforce');
  const allow = await browser.press(login, 'Log In', { username: 'admin@acme.example', pw: 'stand-in' });
  await browser.press(allow, 'Allow');
  await until('it is connected', async () => (await status(browser, url)).startsWith('Active'), 30_000);

  const second = start(dataDir);
  expect(await second.exit).toBe(1);
  expect(second.said()).toContain('Trunkline runs already on the data folder');
  const elsewhere = start(await temporaryFolder(), { PORT: new URL(url).port });
  expect(await elsewhere.exit).toBe(1);
  expect(elsewhere.said()).toMatch(new RegExp(`${new URL(url).port}.*PORT`));

  const processes = await processesOf(dataDir);
  expect(running(processes).length).toBeGreaterThanOrEqual(5);
  first.child.kill('SIGINT');
  expect(await first.exit).toBe(0);
  expect(running(processes)).toEqual([]);
  expect(await processesOf(dataDir)).toEqual([]);

  const again = start(dataDir, { PORT: new URL(url).port });
  expect(await again.ready()).toBe(url);
  expect(await status(await signedIn(url), url)).toMatch(/^Active/);

  // Killed, it can end nothing itself.
  const left = await processesOf(dataDir);
  again.child.kill('SIGKILL');
  await again.exit;
  await until('everything that was left has ended', () => running(left).length === 0, 30_000);
});

it('stops within seconds, and leaves nothing, when its database is killed in the middle of calls', async () => {
  const dataDir = await temporaryFolder();
  const trunkline = start(dataDir);
  await trunkline.ready();
  const { exit, said } = trunkline;
  const [, token = '', url = ''] = /Bearer (\S+)' '(\S+)\?callerid=/.exec(said()) ?? [];
  const ask = (caller: number) =>
    fetch(`${url}?callerid=%2B4930${caller}`, { headers: { authorization: `Bearer ${token}` } });
  await Promise.all(Array.from({ length: 100 }, (_, index) => ask(2_312_500 + index)));
  const records = (await readdir(join(dataDir, 'run'))).map((name) => join(dataDir, 'run', name));
  const processes = await Promise.all(
    records.map(async (file) => JSON.parse(await readFile(file, 'utf8')) as { pid: number; identity: string }),
  );
  const [postgres = 0] = records.flatMap((file) => /postgres-(\d+)\.json$/.exec(file)?.[1] ?? []).map(Number);
  const killedAtMs = Date.now();
  process.kill(postgres, 'SIGKILL');
  expect(await exit).toBe(1);
  expect(Date.now() - killedAtMs).toBeLessThan(15_000);
  expect(said()).toContain('The postgres ended (SIGKILL).');
  expect(processes.filter(({ pid, identity }) => processIdentity(pid) === identity)).toEqual([]);
});
