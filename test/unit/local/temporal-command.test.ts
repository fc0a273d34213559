import { execFile } from 'node:child_process';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findTemporalCommand, minutes } from '../../../src/local/temporal-command.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** A program that only knows its version. */
async function command(folder: string, version: string, name = 'temporal'): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, `#!/bin/sh\necho "temporal version 1.8.2 (Server ${version}, UI 2.50.1)"\n`);
  await chmod(file, 0o755);
  return file;
}

function find(options: { configured?: string; cacheDir: string }): Promise<string> {
  return findTemporalCommand({
    configured: undefined,
    progress: () => undefined,
    signal: new AbortController().signal,
    ...options,
  });
}

describe('TEMPORAL_CLI_PATH', () => {
  test('is used when it is a recent server', async () => {
    const folder = await temporaryFolder();
    const file = await command(folder, '1.29.0');
    expect(await find({ configured: file, cacheDir: folder })).toBe(file);
  });

  test('is refused when its server is too old', async () => {
    const folder = await temporaryFolder();
    const file = await command(folder, '1.28.9');
    await expect(find({ configured: file, cacheDir: folder })).rejects.toThrow(
      `TEMPORAL_CLI_PATH is ${file}, which is no Temporal server of version 1.29 or later: update it, or unset TEMPORAL_CLI_PATH.`,
    );
  });

  test('is refused when there is no such program', async () => {
    const folder = await temporaryFolder();
    await expect(find({ configured: join(folder, 'none'), cacheDir: folder })).rejects.toThrow(
      'which is not a program',
    );
  });
});

describe('without a setting', () => {
  test('the temporal command on the PATH is used', async () => {
    const folder = await temporaryFolder();
    const file = await command(folder, '2.0.0');
    vi.stubEnv('PATH', `${folder}:/bin:/usr/bin`);
    expect(await find({ cacheDir: folder })).toBe(file);
  });

  test('one on the PATH that is too old gives way to an earlier download', async () => {
    const [folder, cacheDir] = [await temporaryFolder(), await temporaryFolder()];
    await command(folder, '1.20.0');
    const downloaded = await command(cacheDir, '1.31.2', 'temporal-v1.8.2');
    vi.stubEnv('PATH', `${folder}:/bin:/usr/bin`);
    expect(await find({ cacheDir })).toBe(downloaded);
  });

  /** What is offered for download: a program in an archive of its own. */
  async function offer(server: string): Promise<{ asked: string[] }> {
    const folder = await temporaryFolder();
    await command(folder, server);
    await promisify(execFile)('tar', ['-czf', join(folder, 'archive'), '-C', folder, 'temporal']);
    const archive = await readFile(join(folder, 'archive'));
    const asked: string[] = [];
    vi.stubEnv('PATH', '/bin:/usr/bin');
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(url);
      return url.startsWith('https://temporal.download/')
        ? Response.json({ archiveUrl: 'https://downloads.example/temporal.tar.gz', fileToExtract: 'temporal' })
        : new Response(new Uint8Array(archive), { headers: { 'content-length': String(archive.length) } });
    });
    return { asked };
  }

  test('a download is unpacked, kept for the next start, and leaves nothing else', async () => {
    const { asked } = await offer('1.31.2');
    const cacheDir = await temporaryFolder();
    const said: string[] = [];
    const signal = new AbortController().signal;
    const progress = (text: string) => void said.push(text);
    const found = await findTemporalCommand({ configured: undefined, cacheDir, signal, progress });
    expect(found).toBe(join(cacheDir, 'temporal-v1.8.2'));
    expect((await promisify(execFile)(found, ['--version'])).stdout).toContain('Server 1.31.2');
    expect(asked).toEqual([
      expect.stringMatching(/^https:\/\/temporal\.download\/temporal-cli\/v1\.8\.2\?platform=\w+&arch=\w+$/),
      'https://downloads.example/temporal.tar.gz',
    ]);
    expect(said.at(-1)).toBe('unpacking the Temporal server');
    expect((await readdir(cacheDir)).sort()).toEqual(['temporal-v1.8.2', 'temporal.lock']);
    expect(await find({ cacheDir })).toBe(found);
    expect(asked).toHaveLength(2);
  });

  test('says in one sentence what would help when there is no way to a server', async () => {
    const [folder, cacheDir] = [await temporaryFolder(), await temporaryFolder()];
    const go = join(folder, 'go');
    await writeFile(go, '#!/bin/sh\necho go version go1.25.3 linux/amd64\n');
    await chmod(go, 0o755);
    vi.stubEnv('PATH', folder);
    vi.stubGlobal('fetch', () =>
      Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ENOTFOUND' }) })),
    );
    await expect(find({ cacheDir })).rejects.toThrow(
      'There is no Temporal server here: the download failed (ENOTFOUND) and Go is 1.25.3. ' +
        'Install Go 1.26.4 or later, or set TEMPORAL_CLI_PATH to the temporal command or TEMPORAL_ADDRESS to a server.',
    );
  });
});

test.each([
  [900, '1 s'],
  [59_400, '59 s'],
  [80_000, '1 min 20 s'],
])('%i ms are %s', (ms, text) => {
  expect(minutes(ms)).toBe(text);
});
