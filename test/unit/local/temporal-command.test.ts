import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findTemporalCommand, minutes, type FindOptions } from '../../../src/local/temporal-command.ts';
import { temporaryFolder, until } from '../../support/temporary-folder.ts';

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

async function find(options: Partial<FindOptions> & { cacheDir: string }): Promise<string> {
  return findTemporalCommand({
    configured: undefined,
    progress: () => undefined,
    signal: new AbortController().signal,
    dataDir: await temporaryFolder(),
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
    const found = await find({ cacheDir, progress: (text) => void said.push(text) });
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

  /** A machine without internet whose `go` knows its version, and for the rest does this. */
  async function goThat(version: string, script = 'exit 1'): Promise<void> {
    const folder = await temporaryFolder();
    const go = join(folder, 'go');
    await writeFile(go, `#!/bin/sh\n[ "$1" = version ] && exec echo go version go${version} linux/amd64\n${script}\n`);
    await chmod(go, 0o755);
    vi.stubEnv('PATH', `${folder}:/bin:/usr/bin`);
    vi.stubGlobal('fetch', () =>
      Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ENOTFOUND' }) })),
    );
  }

  test('where nothing can be downloaded it is built with Go, from the module beside it, and kept', async () => {
    const [source, seen, cacheDir] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
    const program = await command(source, '1.31.2');
    await goThat(
      '1.26.4',
      `pwd > ${seen}/folder; echo "$@" > ${seen}/arguments; echo "$GOFLAGS $GOWORK" > ${seen}/environment\n` +
        `while [ "$1" != -o ]; do shift; done; cp ${program} "$2"`,
    );
    vi.stubEnv('GOFLAGS', '-mod=vendor');
    const said: string[] = [];
    const found = await find({ cacheDir, progress: (text) => void said.push(text) });
    expect(found).toMatch(new RegExp(`^${cacheDir}/temporal-[0-9a-f]{16}$`));
    expect((await promisify(execFile)(found, ['--version'])).stdout).toContain('Server 1.31.2');
    const read = async (name: string) => (await readFile(join(seen, name), 'utf8')).trimEnd();
    expect(await read('folder')).toBe(await realpath('src/local/temporal-cli'));
    expect(await read('arguments')).toMatch(
      /^build -trimpath -ldflags -s -w -o \S+ github\.com\/temporalio\/cli\/cmd\/temporal$/,
    );
    expect(await read('environment')).toBe(' off'); // what the user builds otherwise does not matter here
    expect(said.at(-1)).toBe(
      'building the Temporal server, 0 s so far; the first time takes about 5 to 10 minutes on two processors',
    );
    expect((await readdir(cacheDir)).sort()).toEqual([basename(found), 'temporal.lock'].sort());

    await goThat('1.26.4'); // and is not asked again
    expect(await find({ cacheDir })).toBe(found);
  });

  test('a build that fails ends in a sentence with what Go said, and leaves nothing', async () => {
    const [cacheDir, dataDir] = [await temporaryFolder(), await temporaryFolder()];
    await goThat('1.26.4', 'echo "write /tmp/x: no space left on device" >&2; exit 1');
    await expect(find({ cacheDir, dataDir })).rejects.toThrow(
      /^The Temporal server could not be built with \S+\/go: write \/tmp\/x: no space left on device \(\S+temporal-build\.log\)\. Set TEMPORAL_CLI_PATH/,
    );
    expect(await readdir(cacheDir)).toEqual(['temporal.lock']);
    expect(await readdir(join(dataDir, 'run'))).toEqual([]);
  });

  test('a build ends at Ctrl-C with all that it had started, and leaves nothing', async () => {
    const [cacheDir, dataDir, seen] = [await temporaryFolder(), await temporaryFolder(), await temporaryFolder()];
    // As Go does: it waits for its compilers when it is interrupted.
    await goThat(
      '1.26.4',
      `trap 'kill $!; echo interrupted > ${seen}/told; exit 1' INT; echo listening; sleep 60 & wait`,
    );
    const interruption = new AbortController();
    const building = find({ cacheDir, dataDir, signal: interruption.signal });
    const log = () => readFile(join(dataDir, 'logs', 'temporal-build.log'), 'utf8').catch(() => '');
    await until('it is under way', async () => (await log()) === 'listening\n');
    expect(await readdir(join(dataDir, 'run'))).toHaveLength(1); // for whoever ends what a killed start has left
    interruption.abort(new Error('stopped by somebody'));
    await expect(building).rejects.toThrow('stopped by somebody');
    expect(await readdir(seen)).toEqual(['told']);
    expect(await readdir(join(dataDir, 'run'))).toEqual([]);
    expect(await readdir(cacheDir)).toEqual(['temporal.lock']);
  });

  test('a cache folder that cannot be used is said', async () => {
    const folder = await temporaryFolder();
    await goThat('1.26.4');
    await writeFile(join(folder, 'file'), '');
    const cacheDir = join(folder, 'file', 'trunkline');
    await expect(find({ cacheDir })).rejects.toThrow(
      `The Temporal server cannot be kept in ${cacheDir} (ENOTDIR: not a directory, mkdir '${cacheDir}'): make that folder usable for this user, or set XDG_CACHE_HOME to another one, TEMPORAL_CLI_PATH`,
    );
    await mkdir(join(folder, 'cache', 'temporal.lock'), { recursive: true });
    await expect(find({ cacheDir: join(folder, 'cache') })).rejects.toThrow('(unable to open database file)');
  });

  test('a folder that cannot be written is no matter when the server is in it', async () => {
    const cacheDir = await temporaryFolder();
    await mkdir(join(cacheDir, 'temporal.lock')); // where the lock would be
    const downloaded = await command(cacheDir, '1.31.2', 'temporal-v1.8.2');
    vi.stubEnv('PATH', '/bin:/usr/bin');
    expect(await find({ cacheDir })).toBe(downloaded);
  });

  test('says in one sentence what would help when there is no way to a server', async () => {
    const cacheDir = await temporaryFolder();
    await goThat('1.25.3');
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
