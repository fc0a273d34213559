import type { Field, SObject, Value } from '../schema.ts';
import { sobjectNamed } from '../schema.ts';
import type { Row } from '../store.ts';
import { compare, compileCondition, type Condition, type Operand, type Scope } from './conditions.ts';
import { blame, resolve, type Getter, type Runtime } from './fields.ts';
import type { FieldExpression, Query, Selected, Statement } from './parse.ts';
import type { OutputRecord } from './select.ts';

const functions = ['COUNT', 'COUNT_DISTINCT', 'MIN', 'MAX', 'SUM', 'AVG'] as const;
type AggregateFunction = (typeof functions)[number];

const isAggregate = (name: string): name is AggregateFunction => (functions as readonly string[]).includes(name);

/** Whether a query answers groups instead of records. `SELECT COUNT()` alone answers neither: see `isPlainCount`. */
export const aggregates = (query: Query): boolean =>
  query.groupBy.length > 0 || query.select.some((selected) => selected.kind === 'function' && isAggregate(selected.fn));

/** `SELECT COUNT() FROM …`: the number is the totalSize. */
export function isPlainCount(query: Query): boolean {
  const [only] = query.select;
  return query.select.length === 1 && only?.kind === 'function' && only.fn === 'COUNT' && only.path === null;
}

/** One column of the answer: how it is worked out from the rows of a group. */
interface Column {
  readonly key: string;
  /** As HAVING and ORDER BY name it. */
  readonly expression: string;
  readonly field: Field;
  value(rows: readonly Row[], runtime: Runtime): Value;
}

export interface Aggregation {
  groups(rows: readonly Row[], runtime: Runtime): readonly Row[];
  operand(field: FieldExpression): Operand;
  readonly having: Condition | null;
  project(group: Row): OutputRecord;
}

const expressionOf = (fn: string | null, path: string): string => (fn === null ? path : `${fn}(${path})`).toLowerCase();

/** Compiles GROUP BY and the aggregate functions. A group is kept as a row whose columns are the selected values. */
export function compileAggregation(statement: Statement, object: SObject, query: Query): Aggregation {
  const grouped = query.groupBy.map((path) => {
    const resolved = resolve(statement, object, path, query.alias);
    if (!resolved.field.filterable) {
      throw blame(
        statement,
        path,
        'INVALID_FIELD',
        `field '${resolved.field.name}' can not be grouped in a query call`,
      );
    }
    return { path: path.toLowerCase(), ...resolved };
  });
  let unnamed = 0;
  const selected = query.select.map((each) => columnOf(each));
  const hidden: Column[] = [];

  const operand = (expression: FieldExpression): Operand => {
    const name = expressionOf(expression.fn, expression.path);
    let column = [...selected, ...hidden].find((each) => each.expression === name || each.key.toLowerCase() === name);
    if (column === undefined) {
      const { fn, path } = expression;
      column = columnOf(
        fn === null
          ? { kind: 'field', path, alias: `hidden${hidden.length}` }
          : { kind: 'function', fn, path, alias: `hidden${hidden.length}` },
      );
      hidden.push(column);
    }
    const { key, field } = column;
    return { field, get: (row) => row[key] ?? null, indexed: false };
  };
  const scope: Scope = {
    statement,
    object,
    operand,
    subselect: () => {
      throw blame(statement, 'HAVING', 'MALFORMED_QUERY', 'nesting is not allowed in HAVING');
    },
  };
  const having = query.having === null ? null : compileCondition(query.having, scope);

  return {
    operand,
    having,
    groups(rows, runtime) {
      const groups = new Map<string, Row[]>();
      if (grouped.length === 0) groups.set('', [...rows]);
      for (const row of grouped.length === 0 ? [] : rows) {
        const key = JSON.stringify(grouped.map(({ get }) => get(row, runtime.database)));
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [row]);
        else group.push(row);
      }
      return [...groups.values()].map((group) => ({
        Id: '',
        ...Object.fromEntries([...selected, ...hidden].map((column) => [column.key, column.value(group, runtime)])),
      }));
    },
    project: (group) => ({
      attributes: { type: 'AggregateResult' },
      ...Object.fromEntries(selected.map(({ key }) => [key, group[key] ?? null])),
    }),
  };

  function columnOf(each: Selected): Column {
    if (each.kind === 'field') {
      const column = grouped.find(({ path }) => path === each.path.toLowerCase());
      if (column === undefined) {
        throw blame(statement, each.path, 'MALFORMED_QUERY', `Field must be grouped or aggregated: ${each.path}`);
      }
      return {
        key: each.alias ?? column.field.name,
        expression: column.path,
        field: column.field,
        value: ([row], runtime) => (row === undefined ? null : column.get(row, runtime.database)),
      };
    }
    if (each.kind !== 'function' || !isAggregate(each.fn)) {
      const text = each.kind === 'function' ? each.fn : 'SELECT';
      throw blame(
        statement,
        text,
        'MALFORMED_QUERY',
        'Grouped query cannot use child relationships in the SELECT list',
      );
    }
    const key = each.alias ?? `expr${unnamed++}`;
    const expression = expressionOf(each.fn, each.path ?? '');
    if (each.path === null) return { key, expression, field: countField, value: (rows) => rows.length };
    const { get, field } = resolve(statement, object, each.path, query.alias);
    const fn = each.fn;
    if ((fn === 'SUM' || fn === 'AVG') && !['int', 'double', 'currency'].includes(field.type)) {
      throw blame(statement, fn, 'MALFORMED_QUERY', `field ${field.name} does not support aggregate operator ${fn}`);
    }
    return {
      key,
      expression,
      field: fn === 'COUNT' || fn === 'COUNT_DISTINCT' ? countField : field,
      value: (rows, runtime) => aggregate(fn, get, rows, runtime),
    };
  }
}

/** The type of counts. */
const countField: Field = numberField();

function numberField(): Field {
  const field = sobjectNamed('Task').fieldsByName.get('calldurationinseconds');
  if (field === undefined) throw new Error('The schema has no whole number on Task');
  return field;
}

function aggregate(fn: AggregateFunction, get: Getter, rows: readonly Row[], runtime: Runtime): Value {
  const values = rows.map((row) => get(row, runtime.database)).filter((value) => value !== null);
  const sum = () => values.reduce<number>((total, value) => total + Number(value), 0);
  switch (fn) {
    case 'COUNT':
      return values.length;
    case 'COUNT_DISTINCT':
      return new Set(values).size;
    case 'MIN':
      return values.toSorted(compare)[0] ?? null;
    case 'MAX':
      return values.toSorted(compare).at(-1) ?? null;
    case 'SUM':
      return values.length === 0 ? null : sum();
    case 'AVG':
      return values.length === 0 ? null : sum() / values.length;
  }
}
