import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { AppError } from '../errors.ts';
import { takeDataFolder } from './data-folder.ts';

/* Removes the data folder: accounts, connections, lookup runs, keys, the stand-in's records. Asks first, unless told `--yes`. */
try {
  await reset();
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function reset(): Promise<void> {
  const { values } = parseArgs({ options: { yes: { type: 'boolean', default: false } } });
  const dataDir = resolve(loadConfig().settings.TRUNKLINE_DATA_DIR);
  if (!existsSync(dataDir)) {
    console.log(`There is no data in ${dataDir}.`);
    return;
  }
  if (!existsSync(join(dataDir, 'lock'))) {
    throw new AppError(
      'LOCAL_SERVICE_FAILED',
      `${dataDir} was not made by npm start: TRUNKLINE_DATA_DIR names another folder.`,
    );
  }
  const { lock } = await takeDataFolder(dataDir); // nothing runs on it now
  try {
    if (!values.yes && !(await isSure(dataDir))) {
      console.log('Nothing was removed.');
      return;
    }
    await rm(dataDir, { recursive: true, force: true });
    console.log(`Removed ${dataDir}.`);
  } finally {
    lock[Symbol.dispose]();
  }
}

async function isSure(dataDir: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new AppError('LOCAL_SERVICE_FAILED', 'Nobody is here to be asked: run npm run reset -- --yes.');
  }
  const dialogue = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test(await dialogue.question(`Remove all data in ${dataDir}, for good? (yes/no) `));
  } finally {
    dialogue.close();
  }
}
