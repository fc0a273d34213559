import type { Sql } from 'postgres';
import type { Sealer } from '../ports.ts';

/** Every column that holds something sealed, with the key of its row. */
export const sealedColumns = {
  'authorizations.code_verifier_sealed': 'id',
  'authorizations.code_sealed': 'id',
  'authorizations.grant_sealed': 'id',
  'authorizations.former_grant_sealed': 'id',
  'credentials.access_token_sealed': 'org_id',
  'credentials.refresh_token_sealed': 'org_id',
  'pbxs.signing_secret_sealed': 'id',
  'pbxs.imported_secret_sealed': 'id',
  'package_keys.secret_sealed': 'connection_id',
  'alert_targets.secret_sealed': 'id',
  'lookup_runs.question_sealed': 'id',
  'lookup_runs.trace_sealed': 'id',
  'lookup_runs.found_trace_sealed': 'id',
} as const;

export type SealedColumn = keyof typeof sealedColumns;

/** The associated data of a sealed value: where it stands. Moved to another row or column, it does not open. */
export const sealContext = (column: SealedColumn, rowKey: string): string => `${column} ${rowKey}`;

export interface Resealed {
  readonly column: SealedColumn;
  readonly resealed: number;
  /** Values that no key opens; they are left as they are. */
  readonly unreadable: number;
}

const batch = 500;

/**
 * Seals again, with the first key, whatever another key sealed. Runs beside a working product: a value that changes meanwhile is left
 * to whoever changed it, who seals with the first key anyway.
 */
export async function reseal(sql: Sql, sealer: Sealer, firstKeyId: string, column: SealedColumn): Promise<Resealed> {
  const [table = '', name = ''] = column.split('.');
  const key = sealedColumns[column];
  let resealed = 0;
  let unreadable = 0;
  for (let after: string | undefined; ;) {
    const rows: { key: string; sealed: string | null }[] = await sql<{ key: string; sealed: string | null }[]>`
      select ${sql(key)}::text as key, ${sql(name)} as sealed from ${sql(table)}
      ${after === undefined ? sql`` : sql`where ${sql(key)} > ${after}`} order by ${sql(key)} limit ${batch}`;
    for (const row of rows) {
      if (row.sealed === null || row.sealed.startsWith(`${firstKeyId}:`)) continue;
      let plain: string;
      try {
        plain = sealer.open(row.sealed, sealContext(column, row.key));
      } catch {
        unreadable += 1;
        continue;
      }
      const sealed = sealer.seal(plain, sealContext(column, row.key));
      await sql`update ${sql(table)} set ${sql({ [name]: sealed, ...derived(column, plain, sealer) })}
        where ${sql(key)} = ${row.key} and ${sql(name)} = ${row.sealed}`;
      resealed += 1;
    }
    after = rows.at(-1)?.key;
    if (rows.length < batch) return { column, resealed, unreadable };
  }
}

/** The keyed hash of a number follows the first key, too, or nobody would find old runs by their number. */
function derived(column: SealedColumn, plain: string, sealer: Sealer): Record<string, string> {
  if (column !== 'lookup_runs.question_sealed') return {};
  const { number } = JSON.parse(plain) as { number?: string };
  return number === undefined ? {} : { number_hash: sealer.keyedHash(number) };
}
