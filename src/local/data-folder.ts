import { mkdir, open, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  const lock = tryLock(join(dataDir, 'lock'));
  if (!lock) {
    const pid = await readFile(owner, 'utf8').catch(() => 'unknown');
    throw failure(
      `Trunkline runs already on the data folder ${dataDir} (process ${pid}): end it, or set TRUNKLINE_DATA_DIR to another folder.`,
    );
  }
  await writeFile(owner, String(process.pid));
  return { lock, ended: await stopLeftovers(dataDir) };
}

async function ensureUsable(dataDir: string): Promise<void> {
  const probe = join(dataDir, `probe-${process.pid}`);
  try {
    await mkdir(dataDir, { recursive: true });
    const file = await open(probe, 'w');
    await file.write('x').finally(() => file.close());
  } catch (error) {
    throw explainDataFolder(dataDir, error) ?? error;
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
  const { bavail, bsize } = await statfs(dataDir);
  if (bavail * bsize < neededBytes) throw tooLittleSpace(dataDir, bavail * bsize);
}

const tooLittleSpace = (dataDir: string, freeBytes: number) =>
  failure(
    `The data folder ${dataDir} has ${megabytes(freeBytes)} left, and ${megabytes(neededBytes)} are needed: make room, or set TRUNKLINE_DATA_DIR to another folder.`,
  );

const megabytes = (bytes: number) => `${Math.floor(bytes / 1_048_576)} MB`;

/** A sentence for what a file system refuses in the data folder; undefined for any other error. */
export function explainDataFolder(dataDir: string, error: unknown): AppError | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined;
  if ('path' in error && typeof error.path === 'string' && !error.path.startsWith(dataDir)) return undefined;
  switch (error.code) {
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
      return failure(
        `The data folder ${dataDir} is full: make room, or set TRUNKLINE_DATA_DIR to another folder.`,
        error,
      );
    default:
      return undefined;
  }
}

const failure = (message: string, cause?: unknown) => new AppError('LOCAL_SERVICE_FAILED', message, { cause });
