import { childRelationshipsOf, isPolymorphic, sobjectOfId, sobjects, type Field, type SObject } from '../schema.ts';
import type { Row } from '../store.ts';
import {
  blame,
  fieldGetter,
  noSuchColumn,
  parentOf,
  relationshipOf,
  resolve,
  rowOf,
  targetOf,
  unknownRelationship,
  unsupportedObject,
  type Runtime,
} from './fields.ts';
import type { Query, Selected, Statement, TypeofCase } from './parse.ts';

export type OutputRecord = Record<string, unknown>;
/** Writes one part of a record into the answer. */
type Writer = (row: Row, into: OutputRecord, runtime: Runtime) => void;
/** Answers a record as JSON shows it. */
export type Projection = (row: Row, runtime: Runtime) => OutputRecord;

/** Runs a child sub-query for one parent; given by the plan, which knows how to run queries. */
export type ChildRunner = (query: Query, child: SObject, link: Field) => (parent: Row, runtime: Runtime) => unknown;

/** `attributes` of a record. */
export const attributesOf = (row: Row, object: SObject, runtime: Runtime): { type: string; url: string } => ({
  type: object.name,
  url: `/services/data/${runtime.version}/sobjects/${(sobjectOfId(row.Id) ?? object).name}/${row.Id}`,
});

/** Selected fields below one object: its own, and those of its parents, in the order of the statement. */
interface Node {
  readonly object: SObject;
  readonly writers: Writer[];
  readonly parents: Map<string, Node>;
}

/** Compiles the SELECT list of a query that does not aggregate. */
export function compileSelect(
  statement: Statement,
  object: SObject,
  query: Query,
  childRunner: ChildRunner,
): Projection {
  const root: Node = { object, writers: [], parents: new Map() };
  for (const selected of query.select) addSelected(selected);
  return projection(root);

  function addSelected(selected: Selected): void {
    switch (selected.kind) {
      case 'field':
        if (selected.alias !== null) {
          throw blame(statement, selected.alias, 'MALFORMED_QUERY', 'only aggregate expressions use field aliasing');
        }
        addPath(selected.path);
        return;
      case 'function':
        addFunction(selected.fn, selected.path, selected.alias);
        return;
      case 'typeof':
        addTypeof(selected.reference, selected.cases);
        return;
      case 'subquery':
        addSubquery(selected.query);
        return;
    }
  }

  function addPath(path: string): void {
    const { via, field } = resolve(statement, object, path, query.alias);
    const node = nodeOf(root, via);
    const get = fieldGetter(field);
    node.writers.push((row, into, runtime) => {
      into[field.name] = get(row, runtime.database);
    });
  }

  function addFunction(fn: string, path: string | null, alias: string | null): void {
    if (fn === 'FIELDS') {
      const group = path?.toUpperCase();
      for (const field of object.fields) {
        if (group === 'ALL' || (group === 'CUSTOM') === field.custom) addPath(field.name);
      }
      return;
    }
    if (path === null || !['TOLABEL', 'FORMAT', 'CONVERTCURRENCY'].includes(fn)) {
      throw blame(statement, fn, 'MALFORMED_QUERY', `unexpected token: '${fn}'`);
    }
    const { via, field } = resolve(statement, object, path, query.alias);
    const get = fieldGetter(field);
    nodeOf(root, via).writers.push((row, into, runtime) => {
      const value = get(row, runtime.database);
      into[alias ?? field.name] = fn === 'FORMAT' && value !== null ? String(value) : value;
    });
  }

  function addTypeof(referencePath: string, cases: readonly TypeofCase[]): void {
    const reference = relationshipOf(object, referencePath);
    if (reference === undefined) {
      throw blame(statement, referencePath, 'INVALID_FIELD', noSuchColumn(referencePath, object));
    }
    if (!isPolymorphic(reference)) {
      throw blame(
        statement,
        referencePath,
        'INVALID_FIELD',
        `Cannot use TYPEOF with non-polymorphic relationship '${referencePath}'`,
      );
    }
    const byObject = new Map<string, Projection>();
    let otherwise: Projection | undefined;
    for (const each of cases) {
      if (each.object === null) {
        otherwise = compileSelect(statement, targetOf(reference), simpleQuery(each.paths), childRunner);
        continue;
      }
      const target = sobjects.get(each.object.toLowerCase());
      if (target === undefined || !reference.referenceTo.includes(target.name)) {
        throw blame(statement, each.object, 'INVALID_TYPE', unsupportedObject(each.object));
      }
      byObject.set(target.name, compileSelect(statement, target, simpleQuery(each.paths), childRunner));
    }
    const name = reference.relationshipName ?? referencePath;
    root.writers.push((row, into, runtime) => {
      const id = row[reference.name];
      const target = typeof id === 'string' ? sobjectOfId(id) : undefined;
      const parent = typeof id === 'string' ? rowOf(id, runtime.database) : undefined;
      const known = target === undefined ? undefined : byObject.get(target.name);
      if (target === undefined || parent === undefined) into[name] = null;
      else if (known !== undefined) into[name] = known(parent, runtime);
      else {
        const named = parentOf(row, reference, runtime.database);
        into[name] =
          otherwise === undefined || named === undefined
            ? null
            : { ...otherwise(named, runtime), attributes: attributesOf(parent, target, runtime) };
      }
    });
  }

  function addSubquery(inner: Query): void {
    const relationship = childRelationshipsOf(object).find(
      (each) => each.name.toLowerCase() === inner.from.toLowerCase(),
    );
    if (relationship === undefined) {
      throw blame(statement, inner.from, 'INVALID_TYPE', unknownRelationship(inner.from, 'FROM part of query call'));
    }
    const run = childRunner(inner, relationship.child, relationship.field);
    root.writers.push((row, into, runtime) => {
      into[relationship.name] = run(row, runtime);
    });
  }
}

const simpleQuery = (paths: readonly string[]): Query => ({
  from: '',
  alias: null,
  select: paths.map((path) => ({ kind: 'field', path, alias: null })),
  where: null,
  groupBy: [],
  having: null,
  orderBy: [],
  limit: null,
  offset: 0,
});

/** The node that a chain of references leads to, made on the way where it is missing. */
function nodeOf(root: Node, via: readonly Field[]): Node {
  let node = root;
  for (const reference of via) {
    const name = reference.relationshipName ?? reference.name;
    let next = node.parents.get(name);
    if (next === undefined) {
      next = { object: targetOf(reference), writers: [], parents: new Map() };
      node.parents.set(name, next);
      const project = projection(next);
      node.writers.push((row, into, runtime) => {
        const parent = parentOf(row, reference, runtime.database);
        into[name] = parent === undefined ? null : project(parent, runtime);
      });
    }
    node = next;
  }
  return node;
}

const projection =
  (node: Node): Projection =>
  (row, runtime) => {
    const into: OutputRecord = { attributes: attributesOf(row, node.object, runtime) };
    for (const write of node.writers) write(row, into, runtime);
    return into;
  };
