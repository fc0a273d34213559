import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import { inheritedEnvironment, loadConfig } from '../../src/config.ts';
import { connectDemo } from '../../src/local/connect-demo.ts';
import { demoEmail, demoPassword } from '../../src/local/demo-data.ts';
import { FormBrowser, textOf, type Page } from '../../src/local/form-browser.ts';
import { freePort } from '../../src/local/network.ts';
import { processIdentity } from '../../src/local/processes.ts';
import { anyFreePorts } from '../../src/local/stack.ts';
import { anotherAddress } from '../support/network.ts';
import { temporaryFolder, until } from '../support/temporary-folder.ts';

vi.setConfig({ testTimeout: 600_000 });

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
      const address = () => /^Trunkline is ready on (\S+)$/m.exec(said)?.[1];
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

async function signIn(url: string, browser = new FormBrowser()): Promise<Page> {
  const page = await browser.open(`${url}/sign-in`);
  return browser.press(page, 'Sign in', { email: demoEmail, password: demoPassword });
}

async function signedIn(url: string): Promise<FormBrowser> {
  const browser = new FormBrowser();
  await signIn(url, browser);
  return browser;
}

const status = async (browser: FormBrowser, url: string) =>
  textOf(/role="status"[^>]*>(.*?)<\/div>/s.exec((await browser.open(`${url}/salesforce-connection`)).html)?.[1] ?? '');

/** The line that a newcomer pastes: what it asks, with which token. */
function question(said: string): { url: string; token: string } {
  const [, token = '', url = ''] = /Bearer (\S+)' '(\S+)'/.exec(said) ?? [];
  return { url, token };
}

const answerTo = async ({ url, token }: { url: string; token: string }) =>
  (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text();

it('starts, refuses a second start and a taken port in a sentence, ends at Ctrl-C without a trace, and finds the connection again', async () => {
  const dataDir = await temporaryFolder();
  const first = start(dataDir);
  const url = await first.ready();
  const browser = await signedIn(url);
  const login = await browser.press(await browser.open(`${url}/salesforce-connection`), 'Click To Connect Salesforce');
  const allow = await browser.press(login, 'Log In', { username: 'admin@acme.example', pw: 'stand-in' });
  await browser.press(allow, 'Allow');
  await until('it is connected', async () => (await status(browser, url)).startsWith('Active'), 30_000);

  // The token that was printed is also to be had without reading.
  const printed = question(first.said());
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'demo:token'], {
    env: inheritedEnvironment({ TRUNKLINE_DATA_DIR: dataDir }),
  });
  expect(stdout).toBe(`${printed.token}\n`);
  expect(await answerTo({ ...printed, token: stdout.trim() })).toMatch(/^\d{3}\n$/);

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

  // Everybody may read the demo account's password, so it is for the stand-in alone.
  const real = start(dataDir, {
    SALESFORCE_CLIENT_ID: 'id',
    SALESFORCE_CLIENT_SECRET: 'secret',
    SALESFORCE_ACD_NAMESPACE: 'trunkline',
    TRUNKLINE_KEYS: (await readFile(join(dataDir, 'keys'), 'utf8')).trim(),
  });
  const refused = await signIn(await real.ready());
  expect([refused.status, new URL(refused.url).pathname]).toEqual([401, '/sign-in']);
  expect(real.said()).not.toContain(demoEmail);
  real.child.kill('SIGINT');
  expect(await real.exit).toBe(0);
});

it('is where HOST and PUBLIC_URL say, and stops within seconds, leaving nothing, when its database is killed in the middle of calls', async () => {
  const dataDir = await temporaryFolder();
  const [host, port] = [anotherAddress(), await freePort()];
  const publicUrl = `http://${host}:${port}`;
  const trunkline = start(dataDir, {
    HOST: host,
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    SALESFORCE_API_VERSION: '68.0', // as for whoever tries the next release of Salesforce
  });
  expect(await trunkline.ready()).toBe(publicUrl);
  const { exit, said } = trunkline;
  expect(await connectDemo(publicUrl)).toMatch(/^Active/);
  // What asks nobody who they are is for this machine alone.
  const temporalUi = new URL(/^ +Temporal +(\S+)$/m.exec(said())?.[1] ?? '');
  expect((await fetch(temporalUi)).status).toBe(200);
  await expect(fetch(`http://${host}:${temporalUi.port}`)).rejects.toThrow();
  await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();

  const { token, url } = question(said());
  const ask = (caller: number) => {
    const asked = new URL(url);
    asked.searchParams.set('callerid', `+4930${caller}`);
    return fetch(asked, { headers: { authorization: `Bearer ${token}` } });
  };
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
