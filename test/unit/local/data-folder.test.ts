import { mkdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { explainDataFolder, takeDataFolder } from '../../../src/local/data-folder.ts';
import { keysIn } from '../../../src/local/keys.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('makes the folder, and refuses a second owner with the setting to change', async () => {
  const folder = join(await temporaryFolder(), 'new', 'data');
  const { lock, ended } = await takeDataFolder(folder);
  expect(ended).toEqual([]);
  await expect(takeDataFolder(folder)).rejects.toThrow(
    `Trunkline runs already on the data folder ${folder} (process ${process.pid}): end it, or set TRUNKLINE_DATA_DIR to another folder.`,
  );
  lock[Symbol.dispose]();
  (await takeDataFolder(folder)).lock[Symbol.dispose]();
});

test('a file in the place of the folder is said in a sentence', async () => {
  const file = join(await temporaryFolder(), 'data');
  await writeFile(file, '');
  await expect(takeDataFolder(file)).rejects.toThrow(`The data folder ${file} is not a folder`);
});

test('a folder that the system does not let anybody make is said, not tried for ever', async () => {
  for (const folder of ['/proc/trunkline', '/proc/trunkline/data']) {
    await expect(takeDataFolder(folder)).rejects.toThrow(
      `The data folder ${folder} cannot be written by this user: change its owner, or set TRUNKLINE_DATA_DIR`,
    );
  }
  const behindFile = join(await temporaryFolder(), 'data', 'deep', 'er');
  await writeFile(join(behindFile, '..', '..'), '');
  await expect(takeDataFolder(behindFile)).rejects.toThrow(`The data folder ${behindFile} is not a folder`);
  const long = join(await temporaryFolder(), 'x'.repeat(300));
  await expect(takeDataFolder(long)).rejects.toThrow(/cannot be used \(ENAMETOOLONG.*\): set TRUNKLINE_DATA_DIR/);
});

test.each(['lock', 'owner'])(
  'what stands in the way of its file %s is said, and nothing stays locked',
  async (file) => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, file));
    await expect(takeDataFolder(folder)).rejects.toThrow(
      new RegExp(`^The data folder ${folder} cannot be used \\(.+\\): set TRUNKLINE_DATA_DIR to another folder\\.$`),
    );
    await rmdir(join(folder, file));
    (await takeDataFolder(folder)).lock[Symbol.dispose]();
  },
);

test.each([
  ['EACCES', 'cannot be written by this user: change its owner, or set TRUNKLINE_DATA_DIR'],
  ['EROFS', 'cannot be written by this user'],
  ['ENOSPC', 'is full: make room, or set TRUNKLINE_DATA_DIR'],
  ['EDQUOT', 'is full'],
])('explains %s', (code, sentence) => {
  const error = Object.assign(new Error(code), { code });
  expect(explainDataFolder('/data', error)?.message).toContain(`The data folder /data ${sentence}`);
});

test.each([
  'initdb: error: could not write file "/data/postgres/postgresql.conf": No space left on device',
  'The Temporal server did not start: unable to start: database or disk is full',
])('hears a full disk in what a program said last: %s', (said) => {
  const error = new AppError('LOCAL_SERVICE_FAILED', said);
  expect(explainDataFolder('/data', error)?.message).toContain('The data folder /data is full: make room');
});

test('other errors are left as they are', () => {
  expect(explainDataFolder('/data', new AppError('LOCAL_SERVICE_FAILED', 'The worker ended (exit code 1).'))).toBe(
    undefined,
  );
  const elsewhere = Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/etc/passwd' });
  expect(explainDataFolder('/data', elsewhere)).toBeUndefined();
  expect(explainDataFolder('/data', new Error('EIO'))).toBeUndefined();
});

test('keys are made once, 32 bytes long, for their owner alone', async () => {
  const folder = await temporaryFolder();
  const keys = await keysIn(folder);
  expect(keys).toMatch(/^local:[A-Za-z0-9+/]{43}=$/);
  expect(await keysIn(folder)).toBe(keys);
  expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o600);
});
