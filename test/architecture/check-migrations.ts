import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Exits non-zero when drizzle/schema has changed and no migration says so: generating one into a copy must add nothing. */
const copy = await mkdtemp(join(tmpdir(), 'trunkline-migrations-'));
try {
  await cp('drizzle/migrations', copy, { recursive: true });
  const before = await readdir(copy);
  await promisify(execFile)('drizzle-kit', [
    'generate',
    '--dialect=postgresql',
    '--schema=./drizzle/schema/index.ts',
    `--out=${copy}`,
    '--name=check',
  ]);
  const added = (await readdir(copy)).filter((file) => !before.includes(file));
  if (added.length > 0) {
    console.error('The schema in drizzle/schema differs from the migrations: run `npm run migrate:generate`.');
    process.exitCode = 1;
  } else {
    console.log('The migrations are in step with the schema.');
  }
} finally {
  await rm(copy, { recursive: true, force: true });
}
