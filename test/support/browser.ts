import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { chromium, type Browser } from 'playwright-core';
import { inheritedEnvironment, loadConfig } from '../../src/config.ts';
import { findOnPath, firstExecutable, userCacheFolder } from '../../src/local/programs.ts';

/*
 * A browser for tests and screenshots: `CHROMIUM_PATH`, an installed Chrome or Chromium, else the one in the npm package
 * @sparticuz/chromium (Linux x64), unpacked once into the user's cache folder.
 */

const run = promisify(execFile);
const inflate = promisify(brotliDecompress);

const flags = [
  // never a word to anybody but the page under test
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--no-default-browser-check',
  // small /dev/shm in containers
  '--disable-dev-shm-usage',
  '--font-render-hinting=none',
];

/** Launches Chromium, without a window. Throws one sentence that says what to install when it cannot start. */
export async function launchBrowser(): Promise<Browser> {
  const { CHROMIUM_PATH } = loadConfig(inheritedEnvironment({ SALESFORCE_CLIENT_ID: undefined })).settings;
  const found = CHROMIUM_PATH ?? (await installedBrowser());
  if (found !== undefined) return launch({ program: found, libraries: undefined });
  const packaged = await unpackedBrowser();
  try {
    return await launch({ program: packaged.program, libraries: undefined });
  } catch (error) {
    // The libraries that the package brings along are older than the system's: only where it has none.
    if (!(error instanceof MissingLibrary)) throw error;
    return launch(packaged);
  }
}

interface Program {
  readonly program: string;
  /** Folder of shared libraries to use before the system's. */
  readonly libraries: string | undefined;
}

async function launch({ program, libraries }: Program): Promise<Browser> {
  const environment = inheritedEnvironment(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries });
  try {
    return await chromium.launch({
      executablePath: program,
      // the packaged one is Chromium's "headless shell", which knows no other mode
      args: [...flags, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
      env: Object.fromEntries(
        Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
    });
  } catch (cause) {
    const library = /error while loading shared libraries: ([^:\s]+)/.exec(String(cause))?.[1];
    if (library !== undefined) throw new MissingLibrary(program, library);
    throw new Error(`The browser ${program} did not start: ${String(cause)}`, { cause });
  }
}

class MissingLibrary extends Error {
  constructor(program: string, library: string) {
    super(
      `The browser ${program} needs ${library}: apt-get install ${debianPackages[library] ?? library}, or set CHROMIUM_PATH.`,
    );
  }
}

/** Debian's package for each library that Chromium wants and a small system may lack. */
const debianPackages: Readonly<Record<string, string>> = {
  'libnss3.so': 'libnss3',
  'libnssutil3.so': 'libnss3',
  'libsmime3.so': 'libnss3',
  'libnspr4.so': 'libnspr4',
  'libexpat.so.1': 'libexpat1',
  'libatk-1.0.so.0': 'libatk1.0-0',
  'libatk-bridge-2.0.so.0': 'libatk-bridge2.0-0',
  'libcups.so.2': 'libcups2',
  'libdrm.so.2': 'libdrm2',
  'libgbm.so.1': 'libgbm1',
  'libasound.so.2': 'libasound2',
  'libxkbcommon.so.0': 'libxkbcommon0',
  'libXcomposite.so.1': 'libxcomposite1',
  'libXdamage.so.1': 'libxdamage1',
  'libXrandr.so.2': 'libxrandr2',
  'libpango-1.0.so.0': 'libpango-1.0-0',
};

async function installedBrowser(): Promise<string | undefined> {
  return (
    (await findOnPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge')) ??
    firstExecutable([
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    ])
  );
}

async function unpackedBrowser(): Promise<Program> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('There is no browser here: install Chrome or Chromium, or set CHROMIUM_PATH.');
  }
  const description = findPackageJSON('@sparticuz/chromium', import.meta.url);
  if (description === undefined) throw new Error('The npm package @sparticuz/chromium is missing: run npm ci again.');
  const { version } = JSON.parse(await readFile(description, 'utf8')) as { version: string };
  const archives = join(dirname(description), 'bin');
  const cache = userCacheFolder();
  const folder = join(cache, `chromium-${version}`);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    await unpack(archives, folder);
  }
  return { program: join(folder, 'chromium'), libraries: join(folder, 'lib') };
}

/** Into a folder beside, then renamed: of two test runs at once the slower one finds the work done. */
async function unpack(archives: string, folder: string): Promise<void> {
  const beside = await mkdtemp(`${folder}.`);
  try {
    const program = join(beside, 'chromium');
    await writeFile(program, await inflate(await readFile(join(archives, 'chromium.br'))));
    await chmod(program, 0o755);
    for (const name of ['swiftshader', 'al2023']) {
      const archive = join(beside, `${name}.tar`);
      await writeFile(archive, await inflate(await readFile(join(archives, `${name}.tar.br`))));
      await run('tar', ['-xf', archive, '-C', beside]);
      await rm(archive);
    }
    await rename(beside, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}
