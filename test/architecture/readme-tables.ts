import { readFile, writeFile } from 'node:fs/promises';
import type { TSchema } from 'typebox';
import { SettingsSchema } from '../../src/config.ts';
import { errorKinds, type ErrorKind } from '../../src/errors.ts';
import { statusOfKind } from '../../web/presenters/problem.ts';

/** The tables of the README that follow from the code. `node test/architecture/readme-tables.ts` writes them. */
export const readmeTables: Record<string, () => string> = {
  settings: () =>
    table(
      ['setting', 'default', 'meaning'],
      Object.entries<TSchema & { default?: unknown; description?: string }>(SettingsSchema.properties).map(
        ([name, schema]) => [
          `\`${name}\``,
          schema.default === undefined ? '' : `\`${String(schema.default)}\``,
          schema.description ?? '',
        ],
      ),
    ),
  errors: () =>
    table(
      ['code', 'kind', 'HTTP status'],
      Object.entries<ErrorKind>(errorKinds).map(([code, kind]) => [`\`${code}\``, kind, String(statusOfKind[kind])]),
    ),
};

/** The README with each table between its markers `<!-- table: name -->` and `<!-- end -->` as the code has it. */
export function withTables(readme: string): string {
  return readme.replace(/<!-- table: (\w+) -->\n[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const make = readmeTables[name];
    if (!make) throw new Error(`README asks for a table that nobody makes: ${name}`);
    return `<!-- table: ${name} -->\n${make()}\n<!-- end -->`;
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

if (import.meta.main) {
  await writeFile('README.md', withTables(await readFile('README.md', 'utf8')));
}
