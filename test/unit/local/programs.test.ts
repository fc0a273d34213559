import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { inheritedEnvironment } from '../../../src/config.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function run(program: string, settings: Record<string, string>) {
  const child = spawn(process.execPath, [program], {
    env: inheritedEnvironment(settings),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
  return { said: said.trim(), code };
}

test.each([
  'src/local/start.ts',
  'src/local/reset.ts',
  'src/local/demo-token.ts',
  'src/migrate.ts',
  'src/rotate-keys.ts',
])('%s says in one sentence which setting is wrong', async (program) => {
  const { said, code } = await run(program, {
    PUBLIC_URL: 'acd.example',
    TRUNKLINE_DATA_DIR: await temporaryFolder(),
  });
  expect(said).toMatch(/^PUBLIC_URL is acd\.example: it must be .+\.$/);
  expect(code).toBe(1);
});

test('the demo token is said to be missing where nothing was started yet', async () => {
  const dataDir = await temporaryFolder();
  const { said, code } = await run('src/local/demo-token.ts', { TRUNKLINE_DATA_DIR: dataDir });
  expect(said).toMatch(new RegExp(`^There is no demo token in ${dataDir} yet: run npm start first .+\\.$`));
  expect(code).toBe(1);
});
