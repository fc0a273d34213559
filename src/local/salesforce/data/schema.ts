import { definitions } from './objects.ts';

/**
 * The objects and fields that the stand-in knows, as a table (see `objects.ts`). Describe, the checks of queries, the checks of writes, the indexes and the
 * search groups are all read from it, so that a field is added in one place.
 */
export type Value = string | number | boolean | null;

export type FieldType =
  | 'id'
  | 'reference'
  | 'string'
  | 'picklist'
  | 'phone'
  | 'email'
  | 'url'
  | 'textarea'
  | 'boolean'
  | 'int'
  | 'double'
  | 'currency'
  | 'date'
  | 'datetime';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  readonly length: number;
  readonly required: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  /** False for long text only. */
  readonly filterable: boolean;
  readonly externalId: boolean;
  readonly custom: boolean;
  /** Part of the record's name: searched by `IN NAME FIELDS`. */
  readonly nameField: boolean;
  /** Kept in a hash index of the store. The real platform has none on phone fields; `explain` answers as it would. */
  readonly indexed: boolean;
  readonly referenceTo: readonly string[];
  readonly relationshipName: string | null;
  /** How the referenced object calls the list of these records; null when it has none. */
  readonly childRelationship: string | null;
  readonly values: readonly string[];
  readonly defaultValue: Value;
  /** A formula: the field of a parent, by its path. */
  readonly formula: readonly [reference: string, field: string] | null;
}

export interface SObject {
  readonly name: string;
  readonly label: string;
  readonly labelPlural: string;
  readonly keyPrefix: string | null;
  readonly custom: boolean;
  readonly searchable: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  readonly deletable: boolean;
  /** Rows are derived from users, tokens and policies, not stored. */
  readonly derived: boolean;
  /** Without this permission the object does not exist for the user. */
  readonly requires: string | null;
  readonly nameField: string | null;
  readonly fields: readonly Field[];
  /** By name in lower case. */
  readonly fieldsByName: ReadonlyMap<string, Field>;
}

/** By name in lower case. */
export const sobjects: ReadonlyMap<string, SObject> = new Map(
  definitions.map((each) => [each.name.toLowerCase(), each]),
);

const byPrefix = new Map(
  definitions.flatMap((each) => (each.keyPrefix === null ? [] : [[each.keyPrefix, each] as const])),
);

/** An object of the table; for names that the code itself writes. */
export function sobjectNamed(name: string): SObject {
  const found = sobjects.get(name.toLowerCase());
  if (found === undefined) throw new Error(`The schema has no object ${name}`);
  return found;
}

/** The object that an id belongs to, by its first three characters. */
export const sobjectOfId = (recordId: string): SObject | undefined => byPrefix.get(recordId.slice(0, 3));

export interface ChildRelationship {
  readonly name: string;
  readonly child: SObject;
  readonly field: Field;
}

const childRelationships = new Map<string, ChildRelationship[]>();
for (const child of definitions) {
  for (const each of child.fields) {
    if (each.childRelationship === null) continue;
    for (const parent of each.referenceTo) {
      const known = childRelationships.get(parent) ?? [];
      known.push({ name: each.childRelationship, child, field: each });
      childRelationships.set(parent, known);
    }
  }
}

/** The lists of records that hang on an object: `Account.Contacts`. */
export const childRelationshipsOf = (object: SObject): readonly ChildRelationship[] =>
  childRelationships.get(object.name) ?? [];

/** Whether a reference may point to several objects, and is then read through the Name object or TYPEOF. */
export const isPolymorphic = (reference: Field): boolean => reference.referenceTo.length > 1;
