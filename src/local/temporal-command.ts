import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { ReadableStream } from 'node:stream/web';
import { promisify } from 'node:util';
import { AppError } from '../errors.ts';
import { makeFolder } from './data-folder.ts';
import { withLock } from './lock.ts';
import { startService } from './processes.ts';
import { findOnPath, firstExecutable, isExecutable, userCacheFolder } from './programs.ts';

/*
 * Where the `temporal` command comes from: the setting, the PATH, an earlier download or build, a download, a build with Go. What is
 * downloaded or built stays in the user's cache folder, so that it is done once for all checkouts.
 */

const version = 'v1.8.2';
/** Eager workflow start is on from here; an older server would answer, slowly. */
const oldestServer = [1, 29] as const;
const oldestGo = [1, 26, 4] as const;
const connectWithinMs = 10_000;
const stalledAfterMs = 30_000;

export interface FindOptions {
  /** `TEMPORAL_CLI_PATH`. */
  readonly configured: string | undefined;
  /** Tells a person who waits what is going on. */
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
  /** Where a build has its log, and its record while it runs. */
  readonly dataDir: string;
  /** Where downloads and builds are kept; default the user's cache folder. */
  readonly cacheDir?: string;
}

const run = promisify(execFile);
const module = fileURLToPath(new URL('temporal-cli/', import.meta.url));
const suffix = process.platform === 'win32' ? '.exe' : '';

/** Answers with the path of a `temporal` command that works; throws one sentence when there is no way to one. */
export async function findTemporalCommand({
  configured,
  progress,
  signal,
  dataDir,
  cacheDir = userCacheFolder(),
}: FindOptions): Promise<string> {
  if (configured !== undefined) return checkedSetting(configured);
  const installed = await findOnPath(`temporal${suffix}`);
  if (installed !== undefined && (await isRecentServer(installed))) return installed;

  const downloaded = join(cacheDir, `temporal-${version}${suffix}`);
  const built = join(cacheDir, `temporal-${await moduleHash()}${suffix}`);
  const kept = async () =>
    (await isExecutable(downloaded)) ? downloaded : (await isExecutable(built)) ? built : undefined;
  const known = await kept();
  if (known !== undefined) return known;

  const waiting = () => progress('waiting for another start that is getting the Temporal server');
  try {
    await makeFolder(cacheDir);
    return await withLock(join(cacheDir, 'temporal.lock'), { signal, waiting }, async () => {
      const meanwhile = await kept();
      if (meanwhile !== undefined) return meanwhile;
      const notDownloaded = await download(downloaded, progress, signal);
      if (notDownloaded === undefined) return downloaded;
      const go = await findGo();
      if (go.command === undefined) {
        throw new AppError(
          'LOCAL_SERVICE_FAILED',
          `There is no Temporal server here: the download failed (${notDownloaded}) and ${go.problem}. ` +
            `Install Go ${oldestGo.join('.')} or later, or set ${waysAround}.`,
        );
      }
      await build({ go: go.command, target: built, dataDir, progress, signal });
      return built;
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AppError) throw error;
    throw new AppError(
      'LOCAL_SERVICE_FAILED',
      `The Temporal server cannot be kept in ${cacheDir} (${reasonOf(error)}): make that folder usable for this user, or set XDG_CACHE_HOME to another one, ${waysAround}.`,
      { cause: error },
    );
  }
}

const waysAround = 'TEMPORAL_CLI_PATH to the temporal command or TEMPORAL_ADDRESS to a server';

// -------------------------------------------------------------------------------------------------------------- installed

async function checkedSetting(command: string): Promise<string> {
  if (!(await isExecutable(command))) {
    throw new AppError(
      'LOCAL_SERVICE_FAILED',
      `TEMPORAL_CLI_PATH is ${command}, which is not a program: set it to the temporal command.`,
    );
  }
  if (!(await isRecentServer(command))) {
    throw new AppError(
      'LOCAL_SERVICE_FAILED',
      `TEMPORAL_CLI_PATH is ${command}, which is no Temporal server of version ${oldestServer.join('.')} or later: update it, or unset TEMPORAL_CLI_PATH.`,
    );
  }
  return command;
}

/** `temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)` */
async function isRecentServer(command: string): Promise<boolean> {
  try {
    const { stdout } = await run(command, ['--version'], { timeout: 10_000 });
    return isAtLeast(/Server (\d+(?:\.\d+)*)/.exec(stdout)?.[1], oldestServer);
  } catch {
    return false;
  }
}

function isAtLeast(found: string | undefined, oldest: readonly number[]): boolean {
  if (found === undefined) return false;
  const parts = found.split('.').map(Number);
  for (const [index, least] of oldest.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

// --------------------------------------------------------------------------------------------------------------- download

/** Downloads from where Temporal's SDKs download. Answers with why it did not work, or undefined when it did. */
async function download(
  target: string,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-temporal-'));
  try {
    const platform = process.platform === 'win32' ? 'windows' : process.platform;
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
    progress('downloading the Temporal server');
    const place = await connect(
      `https://temporal.download/temporal-cli/${version}?platform=${platform}&arch=${architecture}`,
      signal,
    );
    const { archiveUrl, fileToExtract } = (await place.json()) as { archiveUrl: string; fileToExtract: string };
    if (new URL(archiveUrl).protocol !== 'https:') return 'it was offered without https';
    const archive = join(folder, 'archive');
    await save(await connect(archiveUrl, signal), archive, progress, signal);
    progress('unpacking the Temporal server');
    await run('tar', ['-xf', archive, '-C', folder, fileToExtract], { signal });
    await install(join(folder, fileToExtract), target);
    return (await isRecentServer(target)) ? undefined : await rm(target).then(() => 'what came does not run here');
  } catch (error) {
    signal.throwIfAborted();
    return reasonOf(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An answer within ten seconds, or an error: a machine without internet must not wait for it. */
async function connect(url: string, signal: AbortSignal): Promise<Response> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new Error('no connection within 10 seconds')), connectWithinMs);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, patience.signal]) });
    if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
    return response;
  } finally {
    clearTimeout(timer);
  }
}

async function save(
  response: Response,
  file: string,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const total = Number(response.headers.get('content-length'));
  const stalled = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let received = 0;
  const megabytes = (bytes: number) => (bytes / 1_048_576).toFixed(0);
  try {
    await pipeline(
      Readable.fromWeb(response.body as ReadableStream<Uint8Array>),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          clearTimeout(timer);
          timer = setTimeout(() => stalled.abort(new Error('the download stopped half-way')), stalledAfterMs);
          received += chunk.length;
          progress(
            `downloading the Temporal server, ${megabytes(received)}${total > 0 ? ` of ${megabytes(total)}` : ''} MB so far`,
          );
          yield chunk;
        }
      },
      createWriteStream(file),
      { signal: AbortSignal.any([signal, stalled.signal]) },
    );
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : undefined;
  return cause ?? error.message;
}

/** Puts a program in its place whole, or not at all. */
async function install(file: string, target: string): Promise<void> {
  const beside = join(dirname(target), `.${randomBytes(6).toString('hex')}`);
  try {
    await copyFile(file, beside);
    await chmod(beside, 0o755);
    await rename(beside, target);
  } finally {
    await rm(beside, { force: true });
  }
}

// ------------------------------------------------------------------------------------------------------------------ build

async function moduleHash(): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(module, 'go.sum')))
    .digest('hex')
    .slice(0, 16);
}

async function findGo(): Promise<{ command: string } | { command?: undefined; problem: string }> {
  const command =
    (await findOnPath(`go${suffix}`)) ?? (await firstExecutable(['/usr/local/go/bin/go', '/opt/homebrew/bin/go']));
  if (command === undefined) return { problem: 'Go is not installed' };
  const { stdout } = await run(command, ['version']).catch(() => ({ stdout: '' }));
  const found = /go(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
  return isAtLeast(found, oldestGo) ? { command } : { problem: `Go is ${found ?? 'of an unknown version'}` };
}

async function build(options: {
  go: string;
  target: string;
  dataDir: string;
  progress: (text: string) => void;
  signal: AbortSignal;
}): Promise<void> {
  const { go, target, dataDir, progress, signal } = options;
  const folder = join(dirname(target), 'unfinished'); // we hold the lock: what is there was left by a build that was killed
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  const output = join(folder, `temporal${suffix}`);
  const startedAtMs = Date.now();
  const tell = () =>
    progress(
      `building the Temporal server, ${minutes(Date.now() - startedAtMs)} so far; the first time takes about 5 to 10 minutes on two processors`,
    );
  tell();
  const timer = setInterval(tell, 5_000);
  try {
    const service = await startService({
      name: 'temporal-build',
      command: go,
      args: ['build', '-trimpath', '-ldflags', '-s -w', '-o', output, 'github.com/temporalio/cli/cmd/temporal'],
      cwd: module,
      dataDir,
      env: { GOFLAGS: undefined, GOWORK: 'off' },
      stopSignal: 'SIGINT', // Go then waits for the compilers that it started, and removes what they wrote
    });
    const stop = () => void service.stop();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    const { code } = await service.exited;
    signal.removeEventListener('abort', stop);
    signal.throwIfAborted();
    if (code !== 0) {
      throw new AppError(
        'LOCAL_SERVICE_FAILED',
        `The Temporal server could not be built with ${go}: ${service.lastLines(3).join(' ')} (${service.logFile}). Set ${waysAround}.`,
      );
    }
    await rename(output, target);
  } finally {
    clearInterval(timer);
    await rm(folder, { recursive: true, force: true });
  }
}

/** `1 min 20 s` */
export function minutes(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
