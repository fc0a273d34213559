import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../src/local/network.ts';
import { startPostgres } from '../../../src/local/postgres.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function start(dataDir: string) {
  const server = await startPostgres({
    dataDir,
    port: await freePort(),
    durable: true,
    signal: new AbortController().signal,
  });
  onTestFinished(() => server.service.stop());
  return server;
}

async function ask(url: string, statement: string): Promise<readonly Record<string, unknown>[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

test('starts on a new data folder, asks for its password, and keeps its data over a crash and a second start', async () => {
  const dataDir = await temporaryFolder();
  const first = await start(dataDir);
  expect(await ask(first.url, 'show server_version')).toEqual([
    { server_version: expect.stringMatching(/^18\./) as unknown },
  ]);
  expect(await ask(first.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
  await expect(ask(first.url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow(
    'password authentication failed',
  );
  await ask(first.url, 'create table kept as select 42 as answer');
  const lockFile = join(dataDir, 'postgres', 'postmaster.pid');
  const [, ...rest] = (await readFile(lockFile, 'utf8')).split('\n');
  first.service.kill('SIGQUIT');
  await first.service.exited;

  // The machine went down meanwhile, and the number in the lock file belongs to somebody else of the same user now.
  const { uid, gid } = await stat(join(dataDir, 'postgres'));
  const stranger = spawn('sleep', ['600'], process.getuid?.() === 0 ? { uid, gid } : {});
  onTestFinished(() => void stranger.kill());
  await once(stranger, 'spawn');
  await writeFile(lockFile, [stranger.pid, ...rest].join('\n'));

  const second = await start(dataDir);
  expect(await ask(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  expect(stranger.exitCode).toBeNull();
});

test('a port that is taken ends in a sentence with the end of the log', async () => {
  const first = await start(await temporaryFolder());
  const second = startPostgres({
    dataDir: await temporaryFolder(),
    port: first.port,
    durable: false,
    signal: new AbortController().signal,
  });
  await expect(second).rejects.toThrow(/^PostgreSQL .*POSTGRES_PORT|^PostgreSQL did not start: .*address/i);
});
