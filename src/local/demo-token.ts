import { readFile } from 'node:fs/promises';
import { loadConfig } from '../config.ts';
import { demoTokenFile } from './demo-data.ts';

/* Prints the demo PBX's token and nothing else: `TOKEN=$(npm run --silent demo:token)`. */
const { TRUNKLINE_DATA_DIR: dataDir } = loadConfig().settings;
try {
  process.stdout.write(await readFile(demoTokenFile(dataDir), 'utf8'));
} catch {
  console.error(
    `There is no demo token in ${dataDir} yet: run npm start first (it is made together with the Salesforce stand-in).`,
  );
  process.exitCode = 1;
}
