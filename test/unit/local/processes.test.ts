import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  processIdentity,
  startService,
  startWatchdog,
  stopLeftovers,
  type StartOptions,
} from '../../../src/local/processes.ts';
import { temporaryFolder, until } from '../../support/temporary-folder.ts';

/** Says something, then works until told to stop. */
const endless = 'console.log("at work"); setInterval(() => {}, 1000)';
const stubborn = `process.on('SIGTERM', () => console.log('no')); ${endless}`;

async function start(code: string, options: Partial<StartOptions> = {}) {
  const dataDir = options.dataDir ?? (await temporaryFolder());
  const service = await startService({
    name: 'sample',
    command: process.execPath,
    args: ['-e', code],
    dataDir,
    ...options,
  });
  onTestFinished(() => service.stop(0));
  return { dataDir, service };
}

const isAtWork = (service: { lastLines(count: number): string[] }) =>
  until('it works', () => service.lastLines(1)[0] === 'at work');

test('a service writes its log, is recorded while it runs, and ends when asked', async () => {
  const { dataDir, service } = await start(endless);
  await isAtWork(service);
  expect(await readdir(join(dataDir, 'run'))).toEqual([`sample-${service.pid}.json`]);
  expect(service.exit).toBeUndefined();
  await service.stop();
  expect(service.exit).toEqual({ code: null, signal: 'SIGTERM' });
  expect(await readdir(join(dataDir, 'run'))).toEqual([]);
});

test('a service that cannot be recorded does not stay', async () => {
  const running = () => process.getActiveResourcesInfo().filter((kind) => kind === 'ProcessWrap').length;
  const dataDir = await temporaryFolder();
  await writeFile(join(dataDir, 'run'), '');
  const before = running();
  await expect(start(endless, { dataDir })).rejects.toThrow(/EEXIST|ENOTDIR/);
  await expect.poll(running).toBe(before);
});

test('a service that does not listen is ended after its time', async () => {
  const { service } = await start(stubborn);
  await isAtWork(service);
  await service.stop(100);
  expect(service.exit).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a service that does not listen takes what it had started with it', async () => {
  const child = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(endless)}], { stdio: 'inherit' })`;
  const { service } = await start(`console.log('child ' + ${child}.pid); process.on('SIGTERM', () => {}); ${endless}`);
  let pid = NaN;
  await until('both work', () => {
    const said = service.lastLines(3);
    pid = Number(said.find((line) => line.startsWith('child '))?.slice(6));
    return said.filter((line) => line === 'at work').length === 2;
  });
  await service.stop(100);
  await until('the other is gone', () => processIdentity(pid) === undefined);
});

test('a paused service can be stopped', async () => {
  const { service } = await start(endless);
  await isAtWork(service);
  service.kill('SIGSTOP');
  await service.stop();
  expect(service.exit?.signal).toBe('SIGTERM');
});

test('keeps the log of the run before', async () => {
  const { dataDir, service } = await start('console.log("first")');
  await service.exited;
  const second = await start('console.log("second")', { dataDir });
  await second.service.exited;
  expect(await readdir(join(dataDir, 'logs'))).toEqual(['sample.log', 'sample.log.1']);
  expect(second.service.lastLines(1)).toEqual(['second']);
});

test('a command that does not exist is an error', async () => {
  await expect(start('', { command: '/nowhere/to/be/found' })).rejects.toThrow('ENOENT');
});

test('ends what a killed starter left, and leaves alone what merely has the same number', async () => {
  const { dataDir, service } = await start(endless);
  const stranger = spawn(process.execPath, ['-e', endless], { stdio: 'ignore' });
  onTestFinished(() => void stranger.kill('SIGKILL'));
  await once(stranger, 'spawn');
  const record = { pid: stranger.pid, identity: 'another boot 1', stopSignal: 'SIGKILL', startedAtMs: 0 };
  await writeFile(join(dataDir, 'run', `sample-${stranger.pid}.json`), JSON.stringify(record));
  await writeFile(join(dataDir, 'run', 'half-9.json'), '{"pid":');

  expect(await stopLeftovers(dataDir)).toEqual(['sample']);
  await service.exited;
  expect(stranger.exitCode).toBeNull();
  expect(processIdentity(stranger.pid ?? 0)).toBeDefined();
  expect(await readdir(join(dataDir, 'run'))).toEqual([]);
});

test('a data folder without records has no leftovers', async () => {
  expect(await stopLeftovers(await temporaryFolder())).toEqual([]);
});

test('the watchdog ends everything when its starter is killed, and takes a temporary folder with it', async () => {
  const folder = join(await temporaryFolder(), 'data');
  await mkdir(folder);
  const starter = spawn(
    process.execPath,
    [
      '--input-type=module-typescript',
      '-e',
      `import { startService, startWatchdog } from ${JSON.stringify(new URL('../../../src/local/processes.ts', import.meta.url).href)};
       await startWatchdog(${JSON.stringify(folder)}, { remove: true });
       const service = await startService({ name: 'sample', command: process.execPath, args: ['-e', ${JSON.stringify(endless)}], dataDir: ${JSON.stringify(folder)} });
       console.log(service.pid);
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [said] = (await once(starter.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  expect(processIdentity(pid)).toBeDefined();
  starter.kill('SIGKILL');
  await until('the service has ended', () => processIdentity(pid) === undefined);
  await until('the folder is gone', async () => !(await readdir(join(folder, '..'))).includes('data'));
});

test('the watchdog that was sent home touches nothing', async () => {
  const { dataDir, service } = await start(endless);
  const release = await startWatchdog(dataDir);
  release();
  await isAtWork(service);
  expect(service.exit).toBeUndefined();
});
