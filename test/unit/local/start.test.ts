import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { takeDataFolder } from '../../../src/local/data-folder.ts';
import { anyFreePorts } from '../../../src/local/stack.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Runs `npm start`'s program to its end with these settings and free ports for the rest. */
async function start(
  settings: Record<string, string>,
  ...args: string[]
): Promise<{ code: number | null; said: string; dataDir: string }> {
  const dataDir = settings['TRUNKLINE_DATA_DIR'] ?? (await temporaryFolder());
  const child = spawn(process.execPath, ['src/local/start.ts', ...args], {
    env: {
      ...process.env,
      ...anyFreePorts,
      TRUNKLINE_DATA_DIR: dataDir,
      ...settings,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
  return { code, said: said.trim(), dataDir };
}

test('a taken port is said before anything is started', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { code, said, dataDir } = await start({ POSTGRES_PORT: String(port) });
  expect(said).toBe(`Port ${port} is taken by another program: end it, or set POSTGRES_PORT to a free port.`);
  expect(code).toBe(1);
  expect(await readdir(dataDir)).toEqual(['lock', 'owner']);
});

test('a data folder that is in use is said', async () => {
  const dataDir = await temporaryFolder();
  const { lock } = await takeDataFolder(dataDir);
  onTestFinished(() => lock[Symbol.dispose]());
  const { code, said } = await start({ TRUNKLINE_DATA_DIR: dataDir });
  expect(said).toBe(
    `Trunkline runs already on the data folder ${dataDir} (process ${process.pid}): end it, or set TRUNKLINE_DATA_DIR to another folder.`,
  );
  expect(code).toBe(1);
});

test('a data folder that nobody can make is said', async () => {
  const { code, said } = await start({ TRUNKLINE_DATA_DIR: '/proc/x' });
  expect(said).toBe(
    'The data folder /proc/x cannot be written by this user: change its owner, or set TRUNKLINE_DATA_DIR to another folder.',
  );
  expect(code).toBe(1);
});

test('a real Salesforce without keys is refused', async () => {
  const { code, said } = await start({
    SALESFORCE_CLIENT_ID: 'x',
    SALESFORCE_CLIENT_SECRET: 'y',
    SALESFORCE_ACD_NAMESPACE: 'z',
  });
  expect(said).toMatch(/^TRUNKLINE_KEYS is missing: .+$/);
  expect(code).toBe(1);
});

test.each([
  ['--records', 'many'],
  ['--records', '0'],
])('refuses %s %s', async (...args) => {
  const { code, said } = await start({}, ...args);
  expect(said).toMatch(/^--records is \w+: it must be a number of contacts, such as 1000000\.$/);
  expect(code).toBe(1);
});

test('a command for Temporal that is none ends the start, and with it what had been started', async () => {
  const { code, said, dataDir } = await start({ TEMPORAL_CLI_PATH: '/nowhere/temporal' });
  expect(said).toBe('TEMPORAL_CLI_PATH is /nowhere/temporal, which is not a program: set it to the temporal command.');
  expect(code).toBe(1);
  expect(await readdir(`${dataDir}/run`).catch(() => [])).toEqual([]);
});
