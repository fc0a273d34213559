import { mkdir, open, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../errors.ts';
import { tryLock } from './lock.ts';
import { stopLeftovers } from './processes.ts';

/** PostgreSQL alone takes 60 MB to begin with, and its journal grows to more. */
const neededBytes = 300 * 1_048_576;

/**
 * Makes the data folder if need be, takes it for this process alone, and ends what an earlier, killed owner left running. Throws one
 * sentence when it cannot be used. Answers with the lock and the names of what had to be ended.
 */
export async function takeDataFolder(dataDir: string): Promise<{ lock: Disposable; ended: readonly string[] }> {
  await ensureUsable(dataDir);
  const owner = join(dataDir, 'owner');
  const lock = lockOf(dataDir);
  if (!lock) {
    const pid = await readFile(owner, 'utf8').catch(() => 'unknown');
    throw failure(
      `Trunkline runs already on the data folder ${dataDir} (process ${pid}): end it, or set TRUNKLINE_DATA_DIR to another folder.`,
    );
  }
  try {
    await writeFile(owner, String(process.pid));
    return { lock, ended: await stopLeftovers(dataDir) };
  } catch (error) {
    lock[Symbol.dispose]();
    throw explainDataFolder(dataDir, error) ?? unusable(dataDir, error);
  }
}

function lockOf(dataDir: string): Disposable | undefined {
  try {
    return tryLock(join(dataDir, 'lock'));
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

async function ensureUsable(dataDir: string): Promise<void> {
  const probe = join(dataDir, `probe-${process.pid}`);
  try {
    await makeFolder(dataDir);
    const file = await open(probe, 'w');
    await file.write('x').finally(() => file.close());
  } catch (error) {
    throw sentenceFor(dataDir, error) ?? unusable(dataDir, error);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
  const { bavail, bsize } = await statfs(dataDir);
  if (bavail * bsize < neededBytes) throw tooLittleSpace(dataDir, bavail * bsize);
}

/**
 * Makes a folder with those above it. Node's own `recursive` goes on for ever where the system says ENOENT although the folder above is
 * there, as it does in `/proc`.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT') throw error;
    await makeFolder(dirname(folder));
    await mkdir(folder).catch((failed: unknown) => {
      if (codeOf(failed) !== 'EEXIST') throw failed;
    });
  }
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined);

const tooLittleSpace = (dataDir: string, freeBytes: number) =>
  failure(
    `The data folder ${dataDir} has ${megabytes(freeBytes)} left, and ${megabytes(neededBytes)} are needed: make room, or set TRUNKLINE_DATA_DIR to another folder.`,
  );

const megabytes = (bytes: number) => `${Math.floor(bytes / 1_048_576)} MB`;

/** A sentence for what a file system refuses in the data folder; undefined for any other error. */
export function explainDataFolder(dataDir: string, error: unknown): AppError | undefined {
  // What a program wrote as its last words: PostgreSQL, SQLite in Temporal, Node.
  const words = /No space left on device|Disk quota exceeded|database or disk is full|ENOSPC|EDQUOT/;
  if (error instanceof AppError) return words.test(error.message) ? full(dataDir, error) : undefined;
  const isElsewhere =
    error instanceof Error && 'path' in error && typeof error.path === 'string' && !error.path.startsWith(dataDir);
  return isElsewhere ? undefined : sentenceFor(dataDir, error);
}

function sentenceFor(dataDir: string, error: unknown): AppError | undefined {
  switch (codeOf(error)) {
    case 'ENOENT': // Node's word for a folder that cannot be made on a read-only disk
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return failure(
        `The data folder ${dataDir} cannot be written by this user: change its owner, or set TRUNKLINE_DATA_DIR to another folder.`,
        error,
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return failure(
        `The data folder ${dataDir} is not a folder: remove what is there, or set TRUNKLINE_DATA_DIR to another folder.`,
        error,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return full(dataDir, error);
    default:
      return undefined;
  }
}

const full = (dataDir: string, error: unknown) =>
  failure(`The data folder ${dataDir} is full: make room, or set TRUNKLINE_DATA_DIR to another folder.`, error);

const unusable = (dataDir: string, error: unknown) =>
  failure(
    `The data folder ${dataDir} cannot be used (${error instanceof Error ? error.message : String(error)}): set TRUNKLINE_DATA_DIR to another folder.`,
    error,
  );

const failure = (message: string, cause?: unknown) => new AppError('LOCAL_SERVICE_FAILED', message, { cause });
