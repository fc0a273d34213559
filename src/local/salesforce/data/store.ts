import { to18 } from '../ids.ts';
import type { Field, SObject, Value } from './schema.ts';

/** A record as it is kept: only fields that have a value need to be there. Datetimes are in Salesforce's form, so that texts compare. */
export type Row = Readonly<Record<string, Value>> & { readonly Id: string };

/** What a query reads. `lookup` answers the rows with a value (key of the index) in a field, or undefined when it has no index for it. */
export interface Table {
  readonly object: SObject;
  readonly size: number;
  get(id: string): Row | undefined;
  all(): Iterable<Row>;
  lookup(field: Field, key: string): readonly Row[] | undefined;
}

/** Rows that are computed from their number instead of being kept; see `grown.ts`. */
export interface GrownRows extends Omit<Table, 'object' | 'lookup'> {
  lookup(field: Field, key: string): readonly Row[] | undefined;
  /** Takes a row out, because it was changed (and is now kept) or deleted. */
  hide(id: string): void;
}

/** Text is compared without regard to case, ids are not. */
export const indexKey = (field: Field, value: Value): string =>
  field.type === 'id' || field.type === 'reference' ? String(value) : String(value).toLowerCase();

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The id of the n-th record of an object in an org: prefix, the org's letter, a counter. */
export function idOf(keyPrefix: string, orgId: string, number: number): string {
  let counter = '';
  for (let rest = number; counter.length < 6; rest = Math.floor(rest / 62)) {
    counter = base62.charAt(rest % 62) + counter;
  }
  return to18(`${keyPrefix}${orgId.charAt(3)}00000${counter}`);
}

/** The inverse of `idOf`: which number an id has; NaN for ids of another kind. */
export function numberOfId(id: string): number {
  let number = 0;
  for (const char of id.slice(9, 15)) {
    const digit = base62.indexOf(char);
    if (digit < 0) return NaN;
    number = number * 62 + digit;
  }
  return number;
}

const nothing: readonly Row[] = [];

/** The records of one object in one org, with hash indexes on the fields that the schema marks. */
export class StoredTable implements Table {
  readonly object: SObject;
  readonly #orgId: string;
  readonly #rows = new Map<string, Row>();
  readonly #indexes = new Map<Field, Map<string, Row[]>>();
  readonly #recycled = new Map<string, Row>();
  readonly #changed = new Set<string>();
  readonly #removed = new Set<string>();
  #nextNumber = 1;
  #seeding = true;
  #grown: GrownRows | undefined;

  constructor(object: SObject, orgId: string) {
    this.object = object;
    this.#orgId = orgId;
    for (const field of object.fields) {
      if (field.indexed && field.type !== 'id') this.#indexes.set(field, new Map());
    }
  }

  get size(): number {
    return this.#rows.size + (this.#grown?.size ?? 0);
  }

  get nextNumber(): number {
    return this.#nextNumber;
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id) ?? this.#grown?.get(id);
  }

  *all(): Iterable<Row> {
    yield* this.#rows.values();
    if (this.#grown !== undefined) yield* this.#grown.all();
  }

  /** Deleted records, for `queryAll`. */
  recycled(): Iterable<Row> {
    return this.#recycled.values();
  }

  /** Whether a record with this id was deleted. */
  isRecycled(id: string): boolean {
    return this.#recycled.has(id);
  }

  lookup(field: Field, key: string): readonly Row[] | undefined {
    if (field.type === 'id') {
      const row = this.get(key);
      return row === undefined ? nothing : [row];
    }
    const index = this.#indexes.get(field);
    if (index === undefined) return undefined;
    const kept = index.get(key) ?? nothing;
    if (this.#grown === undefined) return kept;
    const grown = this.#grown.lookup(field, key);
    if (grown === undefined) return undefined;
    return grown.length === 0 ? kept : [...kept, ...grown];
  }

  /** Adds a record or puts it in the place of the one with its id; `derived` when the new values follow from what others keep. */
  put(row: Row, { derived = false } = {}): void {
    const before = this.#rows.get(row.Id);
    if (before !== undefined) this.#unindex(before);
    else this.#grown?.hide(row.Id);
    this.#rows.set(row.Id, row);
    for (const [field, index] of this.#indexes) {
      const value = row[field.name];
      if (value === null || value === undefined) continue;
      const key = indexKey(field, value);
      const bucket = index.get(key);
      if (bucket === undefined) index.set(key, [row]);
      else bucket.push(row);
    }
    this.#recycled.delete(row.Id);
    if (this.#seeding || derived) return;
    this.#changed.add(row.Id);
    this.#removed.delete(row.Id);
  }

  remove(id: string): Row | undefined {
    const row = this.get(id);
    if (row === undefined) return undefined;
    if (this.#rows.delete(id)) this.#unindex(row);
    else this.#grown?.hide(id);
    this.#recycled.set(id, { ...row, IsDeleted: true });
    this.#changed.delete(id);
    this.#removed.add(id);
    return row;
  }

  /** Keeps what there is under an id, to be put back as if nothing had happened since. */
  savepoint(id: string): () => void {
    const row = this.get(id);
    const recycled = this.#recycled.get(id);
    const [changed, removed] = [this.#changed.has(id), this.#removed.has(id)];
    return () => {
      if (row === undefined) this.remove(id);
      else this.#putBack(row);
      if (recycled === undefined) this.#recycled.delete(id);
      else this.#recycled.set(id, recycled);
      if (changed) this.#changed.add(id);
      else this.#changed.delete(id);
      if (removed) this.#removed.add(id);
      else this.#removed.delete(id);
    };
  }

  /** The id of the next new record. */
  newId(): string {
    return idOf(this.object.keyPrefix ?? '000', this.#orgId, this.#nextNumber++);
  }

  /** From here on changes count as differences from the seed. */
  endSeed(grown: GrownRows | undefined): void {
    this.#seeding = false;
    this.#grown = grown;
  }

  snapshot(): TableSnapshot | undefined {
    if (this.#changed.size === 0 && this.#removed.size === 0) return undefined;
    return {
      next: this.#nextNumber,
      rows: [...this.#changed].flatMap((id) => this.#rows.get(id) ?? []),
      removed: [...this.#removed],
    };
  }

  restore(snapshot: TableSnapshot): void {
    for (const row of snapshot.rows) this.put(row);
    for (const id of snapshot.removed) this.remove(id);
    this.#nextNumber = Math.max(this.#nextNumber, snapshot.next);
  }

  /** A scan comes by rows in the order of their ids, also by one that had been gone. */
  #putBack(row: Row): void {
    const wasGone = !this.#rows.has(row.Id);
    this.put(row);
    if (!wasGone) return;
    const rows = [...this.#rows.values()].sort((left, right) => (left.Id < right.Id ? -1 : 1));
    this.#rows.clear();
    for (const each of rows) this.#rows.set(each.Id, each);
  }

  #unindex(row: Row): void {
    for (const [field, index] of this.#indexes) {
      const value = row[field.name];
      if (value === null || value === undefined) continue;
      const key = indexKey(field, value);
      const bucket = index.get(key)?.filter((each) => each !== row) ?? [];
      if (bucket.length === 0) index.delete(key);
      else index.set(key, bucket);
    }
  }
}

export interface TableSnapshot {
  readonly next: number;
  readonly rows: readonly Row[];
  readonly removed: readonly string[];
}

/** A table whose rows are worked out when asked: few, and different from one question to the next. */
export class DerivedTable implements Table {
  readonly object: SObject;
  readonly #rows: () => readonly Row[];

  constructor(object: SObject, rows: () => readonly Row[]) {
    this.object = object;
    this.#rows = rows;
  }

  get size(): number {
    return this.#rows().length;
  }

  get(id: string): Row | undefined {
    return this.#rows().find((row) => row.Id === id);
  }

  all(): Iterable<Row> {
    return this.#rows();
  }

  lookup(): undefined {
    return undefined;
  }
}
