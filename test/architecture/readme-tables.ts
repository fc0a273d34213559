import { readFile, writeFile } from 'node:fs/promises';
import type { TSchema } from 'typebox';
import { SettingsSchema } from '../../src/config.ts';
import { causes, isBreaking, isFinal, refusals, type Cause } from '../../src/domain/connection.ts';
import { earlyWarnings } from '../../src/domain/early-warnings.ts';
import { errorKinds, type ErrorKind } from '../../src/errors.ts';
import { explain, explainWarning } from '../../web/presenters/explanations.ts';
import { statusOfKind } from '../../web/presenters/problem.ts';
import { createTexts } from '../../web/texts.ts';

const t = createTexts();
/** Stands in for the user of an explanation. */
const someone = { username: 'The Salesforce user' };
const shownAs = (cause: Cause): string => {
  if (!isBreaking(cause)) return 'Active, with a warning';
  return isFinal(cause) ? 'Inactive' : 'Inactive, re-checked';
};

/** The tables of the README that follow from the code. `node test/architecture/readme-tables.ts` writes them. */
export const readmeTables: Record<string, () => string> = {
  settings: () =>
    table(
      ['setting', 'default', 'meaning'],
      Object.entries<TSchema & { default?: unknown; description?: string }>(SettingsSchema.properties).map(
        ([name, schema]) => [
          `\`${name}\``,
          schema.default === undefined ? '' : `\`${JSON.stringify(schema.default).replaceAll('"', '')}\``,
          schema.description ?? '',
        ],
      ),
    ),
  warnings: () =>
    table(
      ['warning', 'what it means', 'what to do'],
      earlyWarnings.map((warning) => {
        const { title, explanation, action, setup = '' } = explainWarning(warning, t);
        return [title, explanation, [action, setup].filter(Boolean).join(' ')];
      }),
    ),
  causes: () =>
    table(
      ['what the page says', 'shown as', 'what to do', 'where in Salesforce'],
      [
        ...(Object.keys(causes) as Cause[]).map((cause) => ({ ...explain(cause, someone, t), shown: shownAs(cause) })),
        ...refusals.map((refusal) => ({ ...explain(refusal, someone, t), shown: 'A refused attempt' })),
      ].map(({ title, shown, action, setup = '' }) => [title, shown, action, setup]),
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
