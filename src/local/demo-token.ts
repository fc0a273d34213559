import { readFile } from 'node:fs/promises';
import { loadConfig } from '../config.ts';
import { AppError } from '../errors.ts';
import { demoTokenFile } from './demo-data.ts';

/* Prints the demo PBX's token and nothing else: `TOKEN=$(npm run --silent demo:token)`. */
try {
  process.stdout.write(await storedToken(loadConfig().settings.TRUNKLINE_DATA_DIR));
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function storedToken(dataDir: string): Promise<string> {
  try {
    return await readFile(demoTokenFile(dataDir), 'utf8');
  } catch (cause) {
    throw new AppError(
      'LOCAL_SERVICE_FAILED',
      `There is no demo token in ${dataDir} yet: run npm start first (it is made together with the Salesforce stand-in).`,
      { cause },
    );
  }
}
