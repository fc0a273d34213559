import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { inheritedEnvironment } from '../config.ts';

export async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The first of these programs that a folder of the PATH holds. */
export async function findOnPath(...names: readonly string[]): Promise<string | undefined> {
  const folders = (inheritedEnvironment()['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return firstExecutable(folders.flatMap((folder) => names.map((name) => join(folder, name))));
}

export async function firstExecutable(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

/** Where programs are kept that are fetched or built once for all checkouts: `$XDG_CACHE_HOME/trunkline` or `~/.cache/trunkline`. */
export function userCacheFolder(): string {
  const { XDG_CACHE_HOME: configured } = inheritedEnvironment();
  return join(configured === undefined || configured === '' ? join(homedir(), '.cache') : configured, 'trunkline');
}
