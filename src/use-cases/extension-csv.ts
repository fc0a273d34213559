import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { isMappedExtension, withOnePrimary } from '../domain/extensions.ts';
import { toId18 } from '../domain/ids.ts';
import type { MappedExtension, NewExtension, OrgUser } from '../ports.ts';

const columns = ['user_id', 'user_name', 'extension', 'primary'] as const;
type Column = (typeof columns)[number];

/** More rows than an org has users. */
export const longestImport = 100_000;

export const importFaults = [
  'unreadable',
  'no-extension-column',
  'no-user-column',
  'too-long',
  'user-unknown',
  'user-ambiguous',
  'extension-invalid',
] as const;

export interface ImportFault {
  /** Of the file, from 1. */
  readonly line: number;
  readonly fault: (typeof importFaults)[number];
  readonly value: string;
}

/**
 * The map as a table that spreadsheet programs open. Cells that such a program would take for a formula get an apostrophe in front,
 * which is taken away again when the file comes back.
 */
export const writeExtensionCsv = (extensions: readonly MappedExtension[]): string =>
  stringify(
    extensions.map(({ userId, userName, extension, isPrimary }) => ({
      user_id: userId,
      user_name: userName,
      extension,
      primary: isPrimary ? 'yes' : 'no',
    })),
    { header: true, columns: [...columns], escape_formulas: true, bom: true },
  );

/**
 * Reads a table with the columns `extension` and `user_id` or `user_name`, and maybe `primary`, in any order and case, separated by
 * commas, semicolons or tabs. Users are found among `users` by id, else by name. All faults are told; with one nothing is imported.
 */
export function readExtensionCsv(
  text: string,
  users: readonly Pick<OrgUser, 'id' | 'name'>[],
): { ok: true; extensions: readonly NewExtension[] } | { ok: false; faults: readonly ImportFault[] } {
  let rows: readonly { info: { lines: number }; record: Readonly<Partial<Record<string, string>>> }[];
  try {
    rows = parse(text, {
      bom: true,
      columns: (names: string[]) =>
        names.map((name) =>
          name
            .trim()
            .toLowerCase()
            .replace(/[\s-]+/g, '_'),
        ),
      delimiter: [',', ';', '\t'],
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      trim: true,
      to: longestImport + 1,
    });
  } catch {
    return { ok: false, faults: [{ line: 1, fault: 'unreadable', value: '' }] };
  }
  const [first] = rows;
  const has = (column: Column) => first === undefined || column in first.record;
  if (!has('extension')) return { ok: false, faults: [{ line: 1, fault: 'no-extension-column', value: '' }] };
  if (!has('user_id') && !has('user_name')) {
    return { ok: false, faults: [{ line: 1, fault: 'no-user-column', value: '' }] };
  }
  if (rows.length > longestImport)
    return { ok: false, faults: [{ line: longestImport, fault: 'too-long', value: '' }] };

  const byId = new Map(users.map((user) => [user.id, user]));
  const byName = Map.groupBy(users, ({ name }) => name.toLowerCase());
  const faults: ImportFault[] = [];
  const read = new Map<string, NewExtension[]>();
  for (const { info, record } of rows) {
    const cell = (column: Column) => (record[column] ?? '').replace(/^'(?=[=+\-@\t\r])/, '').trim();
    const fault = (name: ImportFault['fault'], value: string) => faults.push({ line: info.lines, fault: name, value });
    const id = toId18(cell('user_id'));
    const named = byName.get(cell('user_name').toLowerCase()) ?? [];
    const user = (id === undefined ? undefined : byId.get(id)) ?? (named.length === 1 ? named[0] : undefined);
    const extension = cell('extension');
    if (user === undefined) {
      fault(named.length > 1 ? 'user-ambiguous' : 'user-unknown', cell('user_name') || cell('user_id'));
    } else if (!isMappedExtension(extension)) fault('extension-invalid', extension);
    else {
      const isPrimary = /^(?:yes|true|1|x|ja|oui)$/i.test(cell('primary'));
      const others = read.get(user.id) ?? [];
      others.push({ userId: user.id, userName: user.name, extension, isPrimary, source: 'import' });
      read.set(user.id, others);
    }
  }
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, extensions: [...read.values()].flatMap(withOnePrimary) };
}
