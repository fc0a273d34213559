import { SalesforceError } from '../errors.ts';
import { sobjects, type Field, type SObject, type Value } from '../schema.ts';
import type { Row, Table } from '../store.ts';
import { aggregates, compileAggregation, isPlainCount } from './aggregate.ts';
import { compare, compileCondition, folded, type Condition, type Operand, type Scope } from './conditions.ts';
import { blame, resolve, unsupportedObject, type Database, type Runtime } from './fields.ts';
import { parseSoql, type Expression, type Query, type Statement } from './parse.ts';
import { compileSelect, type OutputRecord, type Projection } from './select.ts';

/** A query that was understood against the schema; it can be run many times, with other strings too. */
export interface Plan {
  readonly object: SObject;
  /** The rows that match, ordered and cut; or groups, when the query aggregates. */
  rows(runtime: Runtime): readonly Row[];
  project: Projection;
  /** `SELECT COUNT()`: the answer is the number of rows alone. */
  readonly countOnly: boolean;
  /** Whether an index of the real platform would serve: for `explain`. */
  readonly leading: Operand | null;
  /** Whether a phone field is compared by LIKE, which no index serves. */
  readonly scansPhones: boolean;
}

const plans = new Map<string, Plan>();
const plansLimit = 1_000;
const largestOffset = 2_000;

/** Reads and understands SOQL. Successes are remembered by shape; errors show the text itself, so they are worked out each time. */
export function planSoql(source: string): { plan: Plan; statement: Statement } {
  const statement = parseSoql(source);
  let plan = plans.get(statement.shape);
  if (plan === undefined) {
    plan = compileQuery(statement, statement.query, objectNamed(statement, statement.query.from));
    if (plans.size >= plansLimit) plans.delete(plans.keys().next().value ?? '');
    plans.set(statement.shape, plan);
  }
  return { plan, statement };
}

function objectNamed(statement: Statement, name: string): SObject {
  const object = sobjects.get(name.toLowerCase());
  if (object === undefined || object.name === 'Name') {
    throw blame(statement, name, 'INVALID_TYPE', unsupportedObject(name));
  }
  return object;
}

/** Compiles a query on an object; SOSL does so with the clauses of a RETURNING. */
export function compileQuery(statement: Statement, query: Query, object: SObject): Plan {
  if (query.offset > largestOffset) {
    throw new SalesforceError(400, 'NUMBER_OUTSIDE_VALID_RANGE', `Maximum SOQL offset allowed is ${largestOffset}`);
  }
  const usesFields = query.select.find((each) => each.kind === 'function' && each.fn === 'FIELDS');
  if (usesFields?.kind === 'function' && usesFields.path?.toUpperCase() !== 'STANDARD' && (query.limit ?? 201) > 200) {
    throw new SalesforceError(400, 'MALFORMED_QUERY', 'The SOQL FIELDS function must have a LIMIT of at most 200');
  }
  const scope: Scope = {
    statement,
    object,
    operand: ({ path, fn }) => {
      if (fn !== null) throw blame(statement, fn, 'MALFORMED_QUERY', `unexpected token: '${fn}'`);
      const { field, get, via } = resolve(statement, object, path, query.alias);
      return { field, get, indexed: via.length === 0 && field.formula === null };
    },
    subselect: (inner, outer) => compileSubselect(statement, inner, outer),
  };
  const where = query.where === null ? null : compileCondition(query.where, scope);
  const leading = query.where?.kind === 'comparison' ? scope.operand(query.where.field) : null;
  const countOnly = isPlainCount(query);
  const scansPhones = query.where !== null && likesPhone(query.where, scope);

  if (aggregates(query) && !countOnly) {
    const aggregation = compileAggregation(statement, object, query);
    const order = compileOrder(statement, query, (field) => aggregation.operand(field));
    const { having } = aggregation;
    return {
      object,
      countOnly: false,
      leading,
      scansPhones,
      project: (group): OutputRecord => aggregation.project(group),
      rows: (runtime) => {
        const bound = having?.(runtime);
        const groups = aggregation.groups(matching(object, where, runtime, undefined), runtime);
        const kept = bound === undefined ? [...groups] : groups.filter((group) => bound.test(group));
        if (order !== null) kept.sort(order(runtime.database));
        return cut(kept, query);
      },
    };
  }
  const order = compileOrder(statement, query, (field) => scope.operand(field));
  const project: Projection = countOnly
    ? () => ({})
    : compileSelect(statement, object, query, (inner, child, link) => {
        const plan = compileQuery(statement, inner, child);
        return (parent, runtime) => childRows(plan, inner, link, parent, runtime);
      });
  return {
    object,
    countOnly,
    leading,
    scansPhones,
    project,
    rows: (runtime) => {
      if (where === null && countOnly && query.limit === null && !runtime.includeDeleted) {
        return new Array<Row>(tableOf(object, runtime).size);
      }
      const enough = order === null && query.limit !== null ? query.limit + query.offset : undefined;
      const found = matching(object, where, runtime, enough);
      if (order !== null) found.sort(order(runtime.database));
      return cut(found, query);
    },
  };
}

function likesPhone(expression: Expression, scope: Scope): boolean {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.parts.some((part) => likesPhone(part, scope));
    case 'not':
      return likesPhone(expression.part, scope);
    case 'comparison':
      return expression.operator === 'LIKE' && scope.operand(expression.field).field.type === 'phone';
  }
}

/** The list of a child sub-query: null when the parent has none. */
function childRows(plan: Plan, query: Query, link: Field, parent: Row, runtime: Runtime): unknown {
  const table = runtime.database.table(plan.object);
  const linked = new Set(
    (table.lookup(link, parent.Id) ?? [...table.all()].filter((row) => row[link.name] === parent.Id)).map(
      (row) => row.Id,
    ),
  );
  if (linked.size === 0) return null;
  // Order and limits of the sub-query hold within the parent's rows, so that the plan runs over those alone.
  const narrowed: Runtime = {
    ...runtime,
    includeDeleted: false,
    database: narrow(runtime.database, plan.object, linked),
  };
  const rows = plan.rows(narrowed);
  if (rows.length === 0 && query.limit !== 0) return null;
  return { totalSize: rows.length, done: true, records: rows.map((row) => plan.project(row, runtime)) };
}

/** The same database, with only some rows of one object to be found. */
export function narrow(database: Database, object: SObject, ids: ReadonlySet<string>): Database {
  const whole = database.table(object);
  const rows = [...ids].flatMap((id) => whole.get(id) ?? []);
  const part: Table = {
    object,
    size: rows.length,
    get: (id) => whole.get(id),
    all: () => rows,
    lookup: () => undefined,
  };
  return {
    user: database.user,
    recycled: (each) => database.recycled(each),
    table: (each) => (each === object ? part : database.table(each)),
  };
}

function compileSubselect(statement: Statement, inner: Query, outer: Field): (runtime: Runtime) => ReadonlySet<string> {
  const object = objectNamed(statement, inner.from);
  const [selected] = inner.select;
  if (inner.select.length !== 1 || selected?.kind !== 'field') {
    throw blame(statement, inner.from, 'MALFORMED_QUERY', 'only one column is allowed in the SELECT of a nested query');
  }
  const { field, get } = resolve(statement, object, selected.path, inner.alias);
  const isId = (each: Field) => each.type === 'id' || each.type === 'reference';
  if (!isId(field) || !isId(outer)) {
    throw blame(
      statement,
      selected.path,
      'INVALID_QUERY_FILTER_OPERATOR',
      `The inner and outer selects should be on ID or reference fields`,
    );
  }
  const plan = compileQuery(statement, { ...inner, select: [{ kind: 'field', path: 'Id', alias: null }] }, object);
  return (runtime) => {
    const ids = new Set<string>();
    for (const row of plan.rows({ ...runtime, includeDeleted: false })) {
      const id = get(row, runtime.database);
      if (typeof id === 'string') ids.add(id);
    }
    return ids;
  };
}

/** The table of an object, for users who may see the object at all. */
export function tableOf(object: SObject, runtime: Runtime): Table {
  if (object.requires !== null && !runtime.database.user.permissions.includes(object.requires)) {
    throw new SalesforceError(400, 'INVALID_TYPE', `\n${unsupportedObject(object.name)}`);
  }
  return runtime.database.table(object);
}

/** Rows that match, through an index where one serves. Found through an index they come in order of id, as they would from a scan. */
function matching(object: SObject, where: Condition | null, runtime: Runtime, enough: number | undefined): Row[] {
  const table = tableOf(object, runtime);
  const found: Row[] = [];
  if (enough === 0) return found;
  const bound = where?.(runtime);
  const candidates = bound?.candidates();
  for (const row of candidates ?? table.all()) {
    if (bound !== undefined && !bound.test(row)) continue;
    found.push(row);
    if (candidates === undefined && found.length === enough) return found;
  }
  if (candidates !== undefined && found.length > 1) found.sort((left, right) => compare(left.Id, right.Id));
  if (runtime.includeDeleted) {
    for (const row of runtime.database.recycled(object)) if (bound?.test(row) ?? true) found.push(row);
  }
  return found;
}

const cut = (rows: readonly Row[], query: Query): readonly Row[] =>
  query.limit === null && query.offset === 0
    ? rows
    : rows.slice(query.offset, query.limit === null ? undefined : query.offset + query.limit);

type Order = (database: Database) => (left: Row, right: Row) => number;

/** Nulls come first, whichever the direction, unless the query says otherwise; equal rows come in order of id. */
function compileOrder(
  statement: Statement,
  query: Query,
  operandOf: (field: Query['orderBy'][number]['field']) => Operand,
): Order | null {
  if (query.orderBy.length === 0) return null;
  const keys = query.orderBy.map(({ field, descending, nullsLast }) => {
    const operand = operandOf(field);
    if (!operand.field.filterable) {
      throw blame(
        statement,
        field.path,
        'INVALID_FIELD',
        `field '${operand.field.name}' can not be sorted in a query call`,
      );
    }
    return { operand, direction: descending ? -1 : 1, nulls: nullsLast ? 1 : -1 };
  });
  return (database) => (left, right) => {
    for (const { operand, direction, nulls } of keys) {
      const [a, b]: [Value, Value] = [operand.get(left, database), operand.get(right, database)];
      if (a === null || b === null) {
        if (a !== b) return a === null ? nulls : -nulls;
        continue;
      }
      const order = compare(folded(operand.field, a), folded(operand.field, b));
      if (order !== 0) return order * direction;
    }
    return compare(left.Id, right.Id);
  };
}
