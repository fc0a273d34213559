import { isId, to18 } from '../../ids.ts';
import { readDate, readDatetime, toDatetime } from '../dates.ts';
import { SalesforceError } from '../errors.ts';
import type { Field, FieldType, SObject, Value } from '../schema.ts';
import { indexKey, type Row } from '../store.ts';
import { periodOf, type Period } from './date-literals.ts';
import { blame, type Database, type Getter, type Runtime } from './fields.ts';
import { decodePattern, decodeString } from './lexer.ts';
import type {
  Comparison,
  ComparisonOperator,
  Expression,
  FieldExpression,
  Literal,
  Query,
  Statement,
} from './parse.ts';

/** A condition with the values of one execution. */
export interface Bound {
  test(row: Row): boolean;
  /** Rows among which all that match are, found by an index; undefined: every row must be looked at. */
  candidates(): readonly Row[] | undefined;
}

export type Condition = (runtime: Runtime) => Bound;

/** What a comparison compares: a field's value. `indexed` when the queried object's own index can find it. */
export interface Operand {
  readonly field: Field;
  readonly get: Getter;
  readonly indexed: boolean;
}

/** What the expression is about: how names are understood, and how sub-selects are run. */
export interface Scope {
  readonly statement: Statement;
  readonly object: SObject;
  operand(field: FieldExpression): Operand;
  /** Ids that a sub-select answers. */
  subselect(query: Query, outer: Field): (runtime: Runtime) => ReadonlySet<string>;
}

type Test = (value: Value) => boolean;

export function compileCondition(expression: Expression, scope: Scope): Condition {
  switch (expression.kind) {
    case 'not': {
      const part = compileCondition(expression.part, scope);
      return (runtime) => {
        const bound = part(runtime);
        return { test: (row) => !bound.test(row), candidates: () => undefined };
      };
    }
    case 'and': {
      const parts = expression.parts.map((part) => compileCondition(part, scope));
      return (runtime) => {
        const bound = parts.map((part) => part(runtime));
        return { test: (row) => bound.every((part) => part.test(row)), candidates: () => fewest(bound) };
      };
    }
    case 'or': {
      const parts = expression.parts.map((part) => compileCondition(part, scope));
      return (runtime) => {
        const bound = parts.map((part) => part(runtime));
        return { test: (row) => bound.some((part) => part.test(row)), candidates: () => union(bound) };
      };
    }
    case 'comparison':
      return compileComparison(expression, scope);
  }
}

function fewest(parts: readonly Bound[]): readonly Row[] | undefined {
  let best: readonly Row[] | undefined;
  for (const part of parts) {
    const rows = part.candidates();
    if (rows !== undefined && (best === undefined || rows.length < best.length)) best = rows;
  }
  return best;
}

function union(parts: readonly Bound[]): readonly Row[] | undefined {
  const all = new Set<Row>();
  for (const part of parts) {
    const rows = part.candidates();
    if (rows === undefined) return undefined;
    for (const row of rows) all.add(row);
  }
  return [...all];
}

const isText = (type: FieldType): boolean => ['string', 'picklist', 'phone', 'email', 'url', 'textarea'].includes(type);
const isIdentifier = (type: FieldType): boolean => type === 'id' || type === 'reference';

/** What Salesforce calls the type in its complaint. */
const complaintType = (type: FieldType): string =>
  isText(type) ? 'string' : type === 'datetime' ? 'dateTime' : isIdentifier(type) ? 'reference' : type;

function checkOperator(operator: ComparisonOperator, field: Field, path: string, statement: Statement): void {
  if (!field.filterable) {
    throw blame(statement, path, 'INVALID_FIELD', `field '${field.name}' can not be filtered in a query call`);
  }
  const refused =
    operator === 'INCLUDES' || operator === 'EXCLUDES'
      ? true
      : operator === 'LIKE'
        ? !isText(field.type)
        : ['<', '<=', '>', '>='].includes(operator) && (field.type === 'boolean' || isIdentifier(field.type));
  if (refused) {
    const type = isIdentifier(field.type) ? 'id' : complaintType(field.type);
    throw blame(statement, path, 'INVALID_QUERY_FILTER_OPERATOR', `invalid operator on ${type} field`);
  }
}

/** Kinds of literals that a field of a type may be compared with; null goes with every type but boolean. */
function accepts(type: FieldType, literal: Literal): boolean {
  if (literal.kind === 'null') return type !== 'boolean';
  switch (type) {
    case 'boolean':
      return literal.kind === 'boolean';
    case 'int':
    case 'double':
    case 'currency':
      return literal.kind === 'number';
    case 'date':
      return literal.kind === 'date' || literal.kind === 'dateLiteral';
    case 'datetime':
      return literal.kind === 'datetime' || literal.kind === 'dateLiteral';
    case 'id':
    case 'reference':
    case 'string':
    case 'picklist':
    case 'phone':
    case 'email':
    case 'url':
    case 'textarea':
      return literal.kind === 'string';
  }
}

function checkLiteral(literal: Literal, field: Field, path: string, statement: Statement): void {
  if (accepts(field.type, literal)) return;
  const quotes = isText(field.type) || isIdentifier(field.type) ? 'should be enclosed' : 'should not be enclosed';
  throw blame(
    statement,
    path,
    'INVALID_FIELD',
    `value of filter criterion for field '${field.name}' must be of type ${complaintType(field.type)} and ${quotes} in quotes`,
  );
}

function compileComparison(comparison: Comparison, scope: Scope): Condition {
  const { operator, values } = comparison;
  const operand = scope.operand(comparison.field);
  const { field, get, indexed } = operand;
  checkOperator(operator, field, comparison.field.path, scope.statement);

  if (!Array.isArray(values)) {
    const ids = scope.subselect(values as Query, field);
    return (runtime) => {
      const found = ids(runtime);
      const negated = operator === 'NOT IN';
      return bind(runtime, (value) => found.has(String(value)) !== negated, negated ? undefined : [...found]);
    };
  }
  const literals = values as readonly Literal[];
  for (const literal of literals) checkLiteral(literal, field, comparison.field.path, scope.statement);

  return (runtime) => {
    const [test, keys] = testOf(operator, field, literals, runtime);
    return bind(runtime, test, keys);
  };

  function bind(runtime: Runtime, test: Test, keys: readonly string[] | undefined): Bound {
    const database: Database = runtime.database;
    return {
      test: (row) => test(get(row, database)),
      candidates: () => {
        if (!indexed || keys === undefined) return undefined;
        const table = database.table(scope.object);
        const [only] = keys;
        if (keys.length === 1 && only !== undefined) return table.lookup(field, only);
        const rows: Row[] = [];
        for (const key of new Set(keys)) {
          const found = table.lookup(field, key);
          if (found === undefined) return undefined;
          rows.push(...found);
        }
        return rows;
      },
    };
  }
}

/** The test of a comparison, and for equality the index keys of what it can match. */
function testOf(
  operator: ComparisonOperator,
  field: Field,
  literals: readonly Literal[],
  runtime: Runtime,
): [test: Test, keys?: readonly string[] | undefined] {
  const [first] = literals;
  if (operator === 'LIKE') {
    const pattern = first?.kind === 'string' ? likePattern(runtime.strings[first.parameter] ?? '') : undefined;
    if (pattern === undefined) return [(value) => value === null];
    return [(value) => typeof value === 'string' && pattern.test(value)];
  }
  if (first?.kind === 'dateLiteral') {
    const tests = literals.map((literal) => periodTest(operator, field, literal, runtime));
    const negated = operator === 'NOT IN' || operator === '!=';
    return [(value) => (negated ? tests.every((test) => test(value)) : tests.some((test) => test(value)))];
  }
  const wanted = literals.map((literal) => comparable(literal, field, runtime));
  switch (operator) {
    case '=':
    case 'IN': {
      const set = new Set(wanted);
      const keys = wanted.includes(null) ? undefined : wanted.map((value) => indexKey(field, value));
      return [(value) => set.has(folded(field, value)), keys];
    }
    case '!=':
    case 'NOT IN': {
      const set = new Set(wanted);
      return [(value) => !set.has(folded(field, value))];
    }
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const limit = wanted[0] ?? null;
      return [(value) => value !== null && limit !== null && holds(operator, compare(folded(field, value), limit))];
    }
    case 'INCLUDES':
    case 'EXCLUDES':
      throw new SalesforceError(400, 'INVALID_QUERY_FILTER_OPERATOR', `invalid operator on ${field.type} field`);
  }
}

function holds(operator: '<' | '<=' | '>' | '>=', order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** Order of two values that are not null and of one type. */
export function compare(left: Value, right: Value): number {
  if (left === right) return 0;
  return (left ?? '') < (right ?? '') ? -1 : 1;
}

/** As it is compared: text without case. */
export const folded = (field: Field, value: Value): Value =>
  typeof value === 'string' && isText(field.type) ? value.toLowerCase() : value;

function comparable(literal: Literal, field: Field, runtime: Runtime): Value {
  switch (literal.kind) {
    case 'null':
      return null;
    case 'number':
    case 'boolean':
      return literal.value;
    case 'date':
      return readDate(literal.text) ?? invalidDate(literal.text);
    case 'datetime':
      return readDatetime(literal.text) ?? invalidDate(literal.text);
    case 'dateLiteral':
      return invalidDate(literal.name);
    case 'string': {
      const text = decodeString(runtime.strings[literal.parameter] ?? '');
      if (!isIdentifier(field.type)) return text === '' ? null : text.toLowerCase();
      if (!isId(text) && text !== '') {
        throw new SalesforceError(400, 'INVALID_QUERY_FILTER_OPERATOR', `invalid ID field: ${text}`);
      }
      return text === '' ? null : to18(text);
    }
  }
}

function invalidDate(text: string): never {
  throw new SalesforceError(400, 'MALFORMED_QUERY', `Invalid date: ${text}`);
}

function periodTest(operator: ComparisonOperator, field: Field, literal: Literal, runtime: Runtime): Test {
  const period = literal.kind === 'dateLiteral' ? periodOf(literal.name, literal.n, runtime.nowMs) : undefined;
  if (period === undefined) return invalidDate(literal.kind === 'dateLiteral' ? literal.name : '');
  const text = (ms: number) => (field.type === 'date' ? toDatetime(ms).slice(0, 10) : toDatetime(ms));
  const [start, end] = [text((period satisfies Period).start), text(period.end)];
  const within = (value: Value) => typeof value === 'string' && value >= start && value < end;
  switch (operator) {
    case '=':
    case 'IN':
      return within;
    case '!=':
    case 'NOT IN':
      return (value) => !within(value);
    case '<':
      return (value) => typeof value === 'string' && value < start;
    case '<=':
      return (value) => typeof value === 'string' && value < end;
    case '>':
      return (value) => typeof value === 'string' && value >= end;
    case '>=':
      return (value) => typeof value === 'string' && value >= start;
    case 'LIKE':
    case 'INCLUDES':
    case 'EXCLUDES':
      return () => false;
  }
}

/** A LIKE pattern as a regular expression: the whole value, without regard to case. */
function likePattern(raw: string): RegExp {
  const body = decodePattern(raw).map((part) => {
    switch (part.kind) {
      case 'any':
        return '.*';
      case 'one':
        return '.';
      case 'text':
        return part.text.replace(/[$()*+./?[\\\]^{|}]/g, '\\$&');
    }
  });
  return new RegExp(`^${body.join('')}$`, 'isu');
}
