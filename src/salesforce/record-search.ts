import { madeOnce } from '../made-once.ts';
import type {
  AskedValues,
  EncodedQuery,
  FoundRecord,
  RecordQuestion,
  RecordSearch,
  RecordUser,
  SalesforceData,
  SalesforceRecord,
  SalesforceResult,
} from '../ports.ts';
import { maxQueriesInComposite } from './data.ts';
import { orderOf, queriesByValues, queryOfUser, userPath } from './soql.ts';
import { searchPhoneFields } from './sosl.ts';

export function createRecordSearch(data: SalesforceData): RecordSearch {
  return {
    async byValues(asked, call) {
      const results = asked.map(() => nothing);
      const queries: EncodedQuery[] = [];
      /** Whose each query is. */
      const positions: number[] = [];
      for (const [position, each] of asked.entries()) {
        for (const query of each.values.length === 0 ? [] : queriesOrTrouble(each)) {
          if ('failure' in query) results[position] = query;
          else {
            queries.push(query);
            positions.push(position);
          }
        }
      }
      if (queries.length === 0) return { ok: true, value: results, apiUsage: undefined };
      call.onQueries?.(queries.length, () => queries.map(({ soql }) => soql));
      const calls: ReturnType<SalesforceData['queries']>[] = [];
      for (let first = 0; first < queries.length; first += maxQueriesInComposite)
        calls.push(data.queries(call.session, queries.slice(first, first + maxQueriesInComposite), call.signal));
      let apiUsage: { used: number; max: number } | undefined;
      let query = 0;
      for (const answer of await Promise.all(calls)) {
        if (!answer.ok) return answer;
        apiUsage = answer.apiUsage ?? apiUsage;
        for (const result of answer.value) {
          const position = positions[query++] ?? 0;
          results[position] = together(results[position], result, asked[position]);
        }
      }
      return { ok: true, value: results, apiUsage };
    },

    async byDigits(questions, digits, call) {
      const layers = layersOf(questions);
      const searches = layers.map((layer) => searchPhoneFields(layer, digits));
      call.onQueries?.(searches.length, () => searches);
      const answers = await Promise.all(searches.map((sosl) => data.search(call.session, sosl, call.signal)));
      const rows = new Map<string, readonly SalesforceRecord[]>();
      let apiUsage: { used: number; max: number } | undefined;
      for (const [position, answer] of answers.entries()) {
        if (!answer.ok) return answer;
        apiUsage = answer.apiUsage ?? apiUsage;
        for (const merged of layers[position] ?? []) {
          rows.set(
            searchKey(merged),
            answer.value.filter((row) => typeOf(row) === merged.object),
          );
        }
      }
      return {
        ok: true,
        value: questions.map((question) => (rows.get(searchKey(question)) ?? []).map(read(question))),
        apiUsage,
      };
    },

    async user(by, fields, call) {
      const soql = queryOfUser(by, fields);
      call.onQueries?.(1, () => [soql]);
      const answer = await data.query(call.session, soql, call.signal);
      if (!answer.ok) return answer;
      const [first, second] = answer.value;
      const isAmbiguous = first?.['IsActive'] === true && second?.['IsActive'] === true;
      return {
        ...answer,
        value: first && !isAmbiguous ? readUser(first, textOf(first['Id']) ?? '', fields) : undefined,
      };
    },
  };
}

type Records = SalesforceResult<readonly FoundRecord[]>;

const nothing: Records = { ok: true, value: [], apiUsage: undefined };

/** What Salesforce would say of a question that no query can be made of. */
const notAskable: Extract<Records, { ok: false }> = {
  ok: false,
  failure: { kind: 'failure', cause: 'request-refused', answer: 'INVALID_QUESTION', retryable: false },
};

/** A definition that was saved under other rules is its own trouble, not that of the steps beside it. */
function queriesOrTrouble(asked: AskedValues): readonly (EncodedQuery | typeof notAskable)[] {
  try {
    return queriesByValues(asked);
  } catch (error) {
    if (error instanceof RangeError) return [notAskable];
    throw error;
  }
}

/** What the queries of one question have told: one of them that is refused refuses the question. */
function together(
  before: Records = nothing,
  result: SalesforceResult<readonly SalesforceRecord[]>,
  asked: AskedValues | undefined,
): Records {
  if (!before.ok || asked === undefined || (result.ok && result.value.length === 0)) return before;
  if (!result.ok) return result;
  return { ok: true, value: [...before.value, ...result.value.map(read(asked.question))], apiUsage: undefined };
}

/** Questions with the same key are asked together: they differ only in what is compared and told. */
const searchKey = ({ object, only, filters, order }: RecordQuestion): string =>
  JSON.stringify([object, only, filters, order]);

/** A search names each object once, so that questions which ask one under other conditions go in another search. */
function layersOf(questions: readonly RecordQuestion[]): readonly (readonly RecordQuestion[])[] {
  const merged = new Map<string, RecordQuestion>();
  for (const question of questions) {
    const key = searchKey(question);
    const known = merged.get(key);
    merged.set(key, known === undefined ? question : mergedWith(known, question));
  }
  const layers: RecordQuestion[][] = [];
  for (const question of merged.values()) {
    const layer = layers.find((each) => each.every(({ object }) => object !== question.object));
    if (layer === undefined) layers.push([question]);
    else layer.push(question);
  }
  return layers;
}

const mergedWith = (one: RecordQuestion, other: RecordQuestion): RecordQuestion => ({
  ...one,
  fields: [...one.fields, ...other.fields],
  wanted: [...one.wanted, ...other.wanted],
  users: [...new Set([...one.users, ...other.users])],
  userFields: [...one.userFields, ...other.userFields],
});

/** How the rows of a question are read, its paths taken apart once. */
interface RowReading {
  readonly values: readonly { readonly field: string; readonly path: Path }[];
  readonly rank: readonly Path[];
  readonly users: readonly {
    readonly field: string;
    readonly path: Path;
    /** Where the user is told; undefined where the query cannot tell. */
    readonly toUser: Path | undefined;
  }[];
}

/** A field, after the parents that lead to it. */
type Path = readonly string[];

const readingOf = madeOnce((question: RecordQuestion): RowReading => ({
  values: [...question.fields, ...question.wanted].map((field) => ({ field, path: field.split('.') })),
  rank: orderOf(question).map(({ field }) => field.split('.')),
  users: question.users.map((field) => {
    const { relationship, isPolymorphic } = userPath(question.object, field);
    const toUser = relationship ?? (isPolymorphic ? 'Owner' : undefined);
    return { field, path: field.split('.'), toUser: toUser?.split('.') };
  }),
}));

const read = (question: RecordQuestion) => {
  const reading = readingOf(question);
  return (record: SalesforceRecord): FoundRecord => {
    const values: Record<string, string> = {};
    for (const { field, path } of reading.values) {
      const value = textOf(valueAt(record, path));
      if (value !== undefined) values[field] = value;
    }
    const users: Record<string, RecordUser> = {};
    for (const { field, path, toUser } of reading.users) users[field] = userAt(record, question, path, toUser);
    return {
      object: question.object,
      id: textOf(record['Id']) ?? '',
      values,
      rank: reading.rank.map((path) => comparableOf(valueAt(record, path))),
      users,
    };
  };
};

/** Parents come as records of their own, or null. */
function valueAt(record: SalesforceRecord, path: Path): unknown {
  let value: unknown = record;
  for (const name of path) value = isRecord(value) ? value[name] : undefined;
  return value;
}

/** A queue is a Group: its id begins with 00G, a user's with 005. */
function userAt(
  record: SalesforceRecord,
  { userFields }: RecordQuestion,
  path: Path,
  toUser: Path | undefined,
): RecordUser {
  const id = textOf(valueAt(record, path)) ?? '';
  if (!id.startsWith('005')) return { kind: 'none' };
  const user = toUser && valueAt(record, toUser);
  return isRecord(user) && 'IsActive' in user ? readUser(user, id, userFields) : { kind: 'user-id-only', id };
}

const readUser = (user: SalesforceRecord, id: string, fields: readonly string[]): RecordUser => ({
  kind: 'user',
  id,
  isActive: user['IsActive'] === true,
  fields: Object.fromEntries(fields.map((field) => [field, textOf(user[field])])),
});

const isRecord = (value: unknown): value is SalesforceRecord => typeof value === 'object' && value !== null;

function typeOf(record: SalesforceRecord): string | undefined {
  const attributes = record['attributes'];
  return isRecord(attributes) ? textOf(attributes['type']) : undefined;
}

/** A field's value as text; empty and blank count as nothing. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  const text = String(value).trim();
  return text === '' ? undefined : text;
}

const comparableOf = (value: unknown): string | number | boolean | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
