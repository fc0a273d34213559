import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The keys of this data folder, in the form of `TRUNKLINE_KEYS`; made when there are none. Only its owner may read the file. */
export async function keysIn(dataDir: string): Promise<string> {
  const file = join(dataDir, 'keys');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    const keys = `local:${randomBytes(32).toString('base64')}`;
    await writeFile(file, `${keys}\n`, { mode: 0o600, flag: 'wx' });
    return keys;
  }
}
