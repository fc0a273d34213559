import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { errorKinds } from '../../src/errors.ts';

/** Source files of the product, with their text. */
async function sources(): Promise<string[]> {
  const folders = ['src', 'web', 'activities', 'workflows'];
  const files = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder, { recursive: true }))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(folder, name)),
    ),
  );
  return Promise.all(
    files
      .flat()
      .filter((file) => file !== join('src', 'errors.ts'))
      .map((file) => readFile(file, 'utf8')),
  );
}

it('raises every error code somewhere: a code that nobody raises is a promise that nobody keeps', async () => {
  const text = (await sources()).join('\n');
  expect(Object.keys(errorKinds).filter((code) => !text.includes(`'${code}'`))).toEqual([]);
});
