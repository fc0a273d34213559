import {
  parseQuery,
  type Condition as LibraryCondition,
  type FieldType,
  type FunctionExp,
  type GroupByClause,
  type HavingClause,
  type LiteralType,
  type OrderByClause,
  type Query as LibraryQuery,
  type Subquery,
  type WhereClause,
} from '@jetstreamapp/soql-parser-js';
import { SalesforceError } from '../errors.ts';
import { errorAt, lex, type Token } from './lexer.ts';

/** A value in a statement. Strings are parameters: their place in the list of the statement's strings. */
export type Literal =
  | { readonly kind: 'string'; readonly parameter: number }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'date' | 'datetime'; readonly text: string }
  | { readonly kind: 'dateLiteral'; readonly name: string; readonly n: number };

export type ComparisonOperator =
  '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE' | 'IN' | 'NOT IN' | 'INCLUDES' | 'EXCLUDES';

/** A field by its path, perhaps within a function: `COUNT(Id)`. */
export interface FieldExpression {
  readonly path: string;
  readonly fn: string | null;
}

export interface Comparison {
  readonly kind: 'comparison';
  readonly field: FieldExpression;
  readonly operator: ComparisonOperator;
  readonly values: readonly Literal[] | Query;
}

export type Expression =
  | Comparison
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly part: Expression };

export type Selected =
  | { readonly kind: 'field'; readonly path: string; readonly alias: string | null }
  | { readonly kind: 'function'; readonly fn: string; readonly path: string | null; readonly alias: string | null }
  | { readonly kind: 'typeof'; readonly reference: string; readonly cases: readonly TypeofCase[] }
  | { readonly kind: 'subquery'; readonly query: Query };

export interface TypeofCase {
  /** Null for ELSE. */
  readonly object: string | null;
  readonly paths: readonly string[];
}

export interface Ordering {
  readonly field: FieldExpression;
  readonly descending: boolean;
  readonly nullsLast: boolean;
}

export interface Query {
  /** Object, or relationship in a child sub-query. */
  readonly from: string;
  readonly alias: string | null;
  readonly select: readonly Selected[];
  readonly where: Expression | null;
  readonly groupBy: readonly string[];
  readonly having: Expression | null;
  readonly orderBy: readonly Ordering[];
  readonly limit: number | null;
  readonly offset: number;
}

/** A statement read: its grammar, and the strings that its parameters stand for. */
export interface Statement {
  readonly source: string;
  readonly tokens: readonly Token[];
  /** The same for statements that differ in their strings only. */
  readonly shape: string;
  readonly query: Query;
  /** Undecoded: what an escape means depends on the operator. */
  readonly strings: readonly string[];
}

/** Grammars of statements seen before, by shape: clients ask the same questions with other strings, and reading one takes 0.1 ms and more. */
const known = new Map<string, Query>();
const knownLimit = 1_000;

const longestStatement = 100_000;
const longestString = 4_000;

/** Reads SOQL, or with `partial` the clauses of a SOSL RETURNING (`WHERE … ORDER BY … LIMIT …`). Errors are Salesforce's. */
export function parseSoql(source: string, { partial = false } = {}): Statement {
  if (source.length > longestStatement) {
    throw new SalesforceError(
      400,
      'QUERY_TOO_LONG',
      `SOQL statements cannot be longer than ${longestStatement} characters.`,
    );
  }
  const tokens = lex(source);
  const strings: string[] = [];
  let shape = '';
  let copied = 0;
  for (const token of tokens) {
    if (token.kind !== 'string') continue;
    if (token.text.length > longestString) {
      throw errorAt(source, token.at, 'MALFORMED_QUERY', `string literal is longer than ${longestString} characters`);
    }
    shape += `${source.slice(copied, token.at)}'${strings.length}'`;
    copied = token.at + token.text.length + 2;
    strings.push(token.text);
  }
  shape += source.slice(copied);
  let query = known.get(shape);
  if (query === undefined) {
    query = read(shape, source, tokens, partial);
    if (known.size >= knownLimit) known.delete(known.keys().next().value ?? '');
    known.set(shape, query);
  }
  return { source, tokens, shape, query, strings };
}

function read(shape: string, source: string, tokens: readonly Token[], partial: boolean): Query {
  if (!partial && tokens[0]?.text.toUpperCase() !== 'SELECT') throw unexpected(source, tokens[0]);
  let parsed: LibraryQuery;
  try {
    parsed = parseQuery(shape, { allowPartialQuery: partial });
  } catch (error) {
    throw unexpected(source, offender(tokens, error instanceof Error ? error.message : ''));
  }
  return new Reader(source, tokens).query(parsed, parsed.sObject ?? '');
}

/** Which token the parser stumbled over. It names the text only; the first SELECT list without FROM is blamed as Salesforce does. */
function offender(tokens: readonly Token[], message: string): Token | undefined {
  const found = /found(?::| -->)\s*'(.*?)'(?: <--)?(?:\s|$)/s.exec(message)?.[1] ?? '';
  if (found === '') return undefined;
  const index = tokens.findIndex((token) => (token.kind === 'string' ? `'` + token.text + `'` : token.text) === found);
  const before = tokens[index - 1];
  const early =
    before?.kind === 'word' && tokens[index - 2]?.kind === 'word' && /expecting token of type --> from/i.test(message);
  return early ? before : tokens[index];
}

const unexpected = (source: string, token: Token | undefined): SalesforceError =>
  token === undefined
    ? new SalesforceError(400, 'MALFORMED_QUERY', "unexpected token: '<EOF>'")
    : errorAt(source, token.at, 'MALFORMED_QUERY', `unexpected token: '${token.text}'`);

const listed = <T>(value: T | T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

type Flat = '(' | ')' | 'AND' | 'OR' | 'NOT' | LibraryCondition;

/** Turns the library's tree, whose conditions are a chain with counted parentheses, into one with precedence. */
class Reader {
  readonly #source: string;
  readonly #tokens: readonly Token[];

  constructor(source: string, tokens: readonly Token[]) {
    this.#source = source;
    this.#tokens = tokens;
  }

  query(parsed: LibraryQuery | Subquery, from: string): Query {
    return {
      from,
      alias: parsed.sObjectAlias ?? null,
      select: (parsed.fields ?? []).map((field) => this.#selected(field)),
      where: this.#expression(parsed.where),
      groupBy: listed<GroupByClause>(parsed.groupBy).map((clause) =>
        'field' in clause ? clause.field : this.#fail(clause.fn.functionName ?? ''),
      ),
      having: this.#expression(parsed.having),
      orderBy: listed<OrderByClause>(parsed.orderBy).map((clause) => ({
        field: 'field' in clause ? { path: clause.field, fn: null } : this.#function(clause.fn),
        descending: clause.order === 'DESC',
        nullsLast: clause.nulls === 'LAST',
      })),
      limit: parsed.limit ?? null,
      offset: parsed.offset ?? 0,
    };
  }

  #selected(field: FieldType): Selected {
    switch (field.type) {
      case 'Field':
        return {
          kind: 'field',
          path: 'objectPrefix' in field ? field.rawValue : field.field,
          alias: field.alias ?? null,
        };
      case 'FieldRelationship':
        return {
          kind: 'field',
          path: field.rawValue ?? [...field.relationships, field.field].join('.'),
          alias: 'alias' in field ? field.alias : null,
        };
      case 'FieldFunctionExpression': {
        const [parameter] = field.parameters;
        if (parameter !== undefined && typeof parameter !== 'string') this.#fail(field.functionName);
        return {
          kind: 'function',
          fn: field.functionName.toUpperCase(),
          path: typeof parameter === 'string' ? parameter : null,
          alias: field.alias ?? null,
        };
      }
      case 'FieldTypeof':
        return {
          kind: 'typeof',
          reference: field.field,
          cases: field.conditions.map((each) => ({ object: each.objectType ?? null, paths: each.fieldList })),
        };
      case 'FieldSubquery':
        return { kind: 'subquery', query: this.query(field.subquery, field.subquery.relationshipName) };
    }
  }

  #function(fn: FunctionExp): FieldExpression {
    const [parameter] = fn.parameters ?? [];
    if (parameter !== undefined && typeof parameter !== 'string') this.#fail(fn.functionName ?? '');
    return { path: typeof parameter === 'string' ? parameter : '', fn: (fn.functionName ?? '').toUpperCase() };
  }

  #fail(text: string): never {
    throw unexpected(
      this.#source,
      this.#tokens.find((token) => token.text.toLowerCase() === text.toLowerCase()),
    );
  }

  #expression(clause: WhereClause | HavingClause | undefined): Expression | null {
    if (clause === undefined) return null;
    const flat: Flat[] = [];
    for (let rest: WhereClause | HavingClause = clause; ; rest = rest.right) {
      const left: LibraryCondition | { valueQuery: LibraryQuery } | null = rest.left;
      const parens = (count: number | undefined, paren: '(' | ')') => {
        for (let index = 0; index < (count ?? 0); index++) flat.push(paren);
      };
      if (left !== null) {
        parens('openParen' in left ? left.openParen : 0, '(');
        if ('operator' in left) flat.push(left);
        parens('closeParen' in left ? left.closeParen : 0, ')');
      }
      if (!('right' in rest)) break;
      flat.push(rest.operator);
    }
    let at = 0;

    /** Operands of one operator: Salesforce refuses AND beside OR without parentheses. */
    const chain = (): Expression => {
      const [first, leadingNot] = operand();
      const operator = flat[at];
      if (operator !== 'AND' && operator !== 'OR') return first;
      if (leadingNot) this.#failAtOperator(operator);
      const parts = [first];
      while (flat[at] === operator) {
        at++;
        parts.push(operand()[0]);
      }
      const next = flat[at];
      if (next === 'AND' || next === 'OR') this.#failAtOperator(next);
      return { kind: operator === 'AND' ? 'and' : 'or', parts };
    };
    const operand = (): [expression: Expression, isNot: boolean] => {
      const item = flat[at++];
      if (item === 'NOT') return [{ kind: 'not', part: operand()[0] }, true];
      if (item === '(') {
        const inner = chain();
        if (flat[at++] !== ')') this.#failAtOperator(item);
        return [inner, false];
      }
      if (item === undefined || typeof item === 'string') return this.#failAtOperator(item);
      return [this.#comparison(item), false];
    };
    const whole = chain();
    return at < flat.length ? this.#failAtOperator(flat[at]) : whole;
  }

  /** Blames the last operator of that name: the chain is read from the left, and its last one was too much. */
  #failAtOperator(operator: Flat | undefined): never {
    const text = typeof operator === 'string' ? operator : '';
    throw unexpected(
      this.#source,
      this.#tokens.findLast((token) => token.kind !== 'string' && token.text.toUpperCase() === text),
    );
  }

  #comparison(condition: LibraryCondition): Comparison {
    if (!('operator' in condition)) return this.#failAtOperator('NOT');
    const field = 'fn' in condition ? this.#function(condition.fn) : { path: condition.field, fn: null };
    const operator = condition.operator;
    if ('valueQuery' in condition) {
      const inner = condition.valueQuery as LibraryQuery;
      return { kind: 'comparison', field, operator, values: this.query(inner, inner.sObject ?? '') };
    }
    const texts = Array.isArray(condition.value) ? condition.value : [condition.value];
    const variables = 'dateLiteralVariable' in condition ? listed(condition.dateLiteralVariable) : [];
    const values = texts.map((text, index) => {
      const type = Array.isArray(condition.literalType) ? condition.literalType[index] : condition.literalType;
      return this.#literal(text, type, variables[index] ?? 0);
    });
    return { kind: 'comparison', field, operator, values };
  }

  #literal(text: string, type: LiteralType | undefined, n: number): Literal {
    switch (type) {
      case 'STRING':
        return { kind: 'string', parameter: Number(text.slice(1, -1)) };
      case 'INTEGER':
      case 'DECIMAL':
        return { kind: 'number', value: Number(text) };
      case 'INTEGER_WITH_CURRENCY_PREFIX':
      case 'DECIMAL_WITH_CURRENCY_PREFIX':
        return { kind: 'number', value: Number(text.slice(3)) };
      case 'BOOLEAN':
        return { kind: 'boolean', value: text.toUpperCase() === 'TRUE' };
      case 'NULL':
        return { kind: 'null' };
      case 'DATE':
        return { kind: 'date', text };
      case 'DATETIME':
        return { kind: 'datetime', text };
      case 'DATE_LITERAL':
        return { kind: 'dateLiteral', name: text.toUpperCase(), n: 0 };
      case 'DATE_N_LITERAL':
        return { kind: 'dateLiteral', name: text.replace(/:.*$/, '').toUpperCase(), n };
      case 'APEX_BIND_VARIABLE':
      case 'SUBQUERY':
      case undefined:
        return this.#fail(text);
    }
  }
}
