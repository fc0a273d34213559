import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { answerReasons } from '../../src/domain/lookup.ts';
import { withTables } from './readme-tables.ts';

const readme = await readFile('README.md', 'utf8');

it('has the settings and the errors in the README as the code has them (node test/architecture/readme-tables.ts writes them)', () => {
  expect(withTables(readme)).toBe(readme);
});

it('names every reason of an answer in the README', () => {
  expect(answerReasons.filter((reason) => !readme.includes(`\`${reason}\``))).toEqual([]);
});

it('names in the README every command that package.json has for people, and no other', async () => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
  const forMachines = /^(check:|server$|worker$|migrate:|format$)/;
  const named = [...readme.matchAll(/\| `npm (?:run )?(?:--silent )?([\w:-]+)`/g)].map(([, name]) => name);
  expect(named.sort()).toEqual(
    Object.keys(scripts)
      .filter((name) => !forMachines.test(name))
      .sort(),
  );
});

it('shows pictures that exist', async () => {
  for (const [, path = ''] of readme.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)) {
    await expect(readFile(path), path).resolves.toBeDefined();
  }
});
