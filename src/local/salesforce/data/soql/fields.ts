import type { User } from '../../types.ts';
import type { SalesforceError } from '../errors.ts';
import { isPolymorphic, sobjectNamed, sobjectOfId, type Field, type SObject, type Value } from '../schema.ts';
import type { Row, Table } from '../store.ts';
import { errorAt } from './lexer.ts';
import type { Statement } from './parse.ts';

/** Where queries find records, as one user sees them. */
export interface Database {
  table(object: SObject): Table;
  /** Deleted records of an object, for `queryAll`. */
  recycled(object: SObject): Iterable<Row>;
  readonly user: User;
}

/** One execution of a statement. */
export interface Runtime {
  readonly database: Database;
  /** The statement's strings, undecoded. */
  readonly strings: readonly string[];
  readonly nowMs: number;
  /** `v67.0`: for the URLs of records. */
  readonly version: string;
  readonly includeDeleted: boolean;
}

export type Getter = (row: Row, database: Database) => Value;

/** A path that was understood. */
export interface ResolvedField {
  readonly object: SObject;
  readonly field: Field;
  /** The references on the way, from the queried object upwards. */
  readonly via: readonly Field[];
  readonly get: Getter;
}

const customHint = 'Please reference your WSDL or the describe call for the appropriate names.';

/** Blames the first place of the statement where the text stands. */
export function blame(statement: Statement, text: string, errorCode: string, message: string): SalesforceError {
  const wanted = text.toLowerCase();
  const token = statement.tokens.find((each) => each.kind === 'word' && each.text.toLowerCase() === wanted);
  return errorAt(statement.source, token?.at ?? 0, errorCode, message);
}

export const noSuchColumn = (name: string, object: SObject): string =>
  `No such column '${name}' on entity '${object.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. ${customHint}`;

export const unsupportedObject = (name: string): string =>
  `sObject type '${name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. ${customHint}`;

export const unknownRelationship = (name: string, where: string): string =>
  `Didn't understand relationship '${name}' in ${where}. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. ${customHint}`;

/** Understands a path such as `Account.Owner.Name` from an object; `alias` is the query's own name for that object. */
export function resolve(statement: Statement, object: SObject, path: string, alias: string | null): ResolvedField {
  const segments = path.split('.');
  const first = segments[0]?.toLowerCase();
  if (segments.length > 1 && (first === alias?.toLowerCase() || first === object.name.toLowerCase())) {
    // A relationship of the object's own name (Case.Parent is none) wins over the object itself only when there is one.
    if (relationshipOf(object, segments[0] ?? '') === undefined) segments.shift();
  }
  const name = segments.pop() ?? '';
  const via: Field[] = [];
  let at = object;
  for (const segment of segments) {
    const reference = relationshipOf(at, segment);
    if (reference === undefined) {
      throw blame(statement, path, 'INVALID_FIELD', unknownRelationship(segment, 'field path'));
    }
    via.push(reference);
    at = targetOf(reference);
  }
  const field = at.fieldsByName.get(name.toLowerCase());
  if (field === undefined) throw blame(statement, path, 'INVALID_FIELD', noSuchColumn(name, at));
  return { object: at, field, via, get: getter(via, field) };
}

export const relationshipOf = (object: SObject, name: string): Field | undefined =>
  object.fields.find((field) => field.relationshipName?.toLowerCase() === name.toLowerCase());

/** Without TYPEOF a polymorphic reference shows the Name object. */
export const targetOf = (reference: Field): SObject =>
  sobjectNamed(isPolymorphic(reference) ? 'Name' : (reference.referenceTo[0] ?? 'Name'));

function getter(via: readonly Field[], field: Field): Getter {
  const read = fieldGetter(field);
  if (via.length === 0) return read;
  return (row, database) => {
    let at: Row | undefined = row;
    for (const reference of via) {
      at = parentOf(at, reference, database);
      if (at === undefined) return null;
    }
    return read(at, database);
  };
}

/** The value of a field of a row; formulas are worked out. */
export function fieldGetter(field: Field): Getter {
  const name = field.name;
  if (field.formula === null) return (row) => row[name] ?? (field.type === 'boolean' ? false : null);
  const [reference, source] = field.formula;
  return (row, database) => {
    const id = row[reference];
    const parent = typeof id === 'string' ? rowOf(id, database) : undefined;
    return parent?.[source] ?? null;
  };
}

/** The record with an id, of whatever object. */
export function rowOf(id: string, database: Database): Row | undefined {
  const object = sobjectOfId(id);
  return object === undefined ? undefined : database.table(object).get(id);
}

/** The record that a reference points to, as the Name object where the reference is polymorphic. */
export function parentOf(row: Row, reference: Field, database: Database): Row | undefined {
  const id = row[reference.name];
  if (typeof id !== 'string') return undefined;
  const parent = rowOf(id, database);
  if (parent === undefined || !isPolymorphic(reference)) return parent;
  const type = sobjectOfId(id);
  // A queue calls itself Queue here, although its object is Group.
  const kind = type?.name === 'Group' ? (parent['Type'] ?? null) : (type?.name ?? null);
  return { ...parent, Type: kind, Name: parent[type?.nameField ?? 'Name'] ?? parent['Subject'] ?? null };
}
