import { member, ok, runtimeOf, type ApiCall, type ApiRoute } from '../api.ts';
import { SalesforceError } from '../errors.ts';
import { mostResults, parseTerm, soqlOf, type Returning } from '../sosl/parse.ts';
import { runSearch, runSosl } from '../sosl/search.ts';
import { searchGroups, type SearchGroup } from '../sosl/search-index.ts';

/** SOSL, and the same without its grammar. */
export const searchRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/search',
    handle: (call) => {
      const sosl = call.query.get('q');
      if (sosl === null || sosl.trim() === '') {
        throw new SalesforceError(400, 'MALFORMED_SEARCH', 'No search query was specified.');
      }
      return ok({ searchRecords: runSosl(sosl, runtimeOf(call, []), call.records) });
    },
  },
  { method: 'GET', path: '/parameterizedSearch', handle: (call) => ok(parameterized(fromQuery(call.query), call)) },
  { method: 'POST', path: '/parameterizedSearch', handle: (call) => ok(parameterized(fromBody(call.body), call)) },
];

interface Parameters {
  readonly q: string;
  readonly in: string;
  readonly returning: readonly Returning[];
  readonly limit: number;
}

/** The braces of SOSL do not apply here: the term is text, and its reserved characters are searched for as they are. */
function parameterized(parameters: Parameters, call: ApiCall) {
  const group: SearchGroup | undefined = searchGroups.find((each) => each === parameters.in.toUpperCase());
  if (group === undefined) {
    throw new SalesforceError(400, 'INVALID_SEARCH', `Invalid search scope: ${parameters.in}`);
  }
  const escaped = parameters.q.replace(/[&|!{}[\]^~:\\'+()-]/g, '\\$&');
  const search = { expression: parseTerm(escaped), group, returning: parameters.returning, limit: parameters.limit };
  return { searchRecords: runSearch(search, runtimeOf(call, []), call.records) };
}

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(text) : []);

function returningOf(name: string, fields: readonly string[], where: string, limit: string): Returning {
  const clauses = [fields.join(', '), where === '' ? '' : `WHERE ${where}`, limit === '' ? '' : `LIMIT ${limit}`];
  return { object: name, soql: soqlOf(name, clauses.join(' ')) };
}

function fromBody(body: unknown): Parameters {
  const common = texts(member(body, 'fields'));
  const defaultLimit = text(member(body, 'defaultLimit'));
  const objects = member(body, 'sobjects');
  return {
    q: text(member(body, 'q')),
    in: text(member(body, 'in')) || 'ALL',
    limit: Number(text(member(body, 'overallLimit')) || mostResults),
    returning: (Array.isArray(objects) ? (objects as unknown[]) : []).map((each) => {
      const own = texts(member(each, 'fields'));
      return returningOf(
        text(member(each, 'name')),
        own.length > 0 ? own : common,
        text(member(each, 'where')),
        text(member(each, 'limit')) || defaultLimit,
      );
    }),
  };
}

function fromQuery(query: URLSearchParams): Parameters {
  const get = (name: string) => query.get(name) ?? '';
  return {
    q: get('q'),
    in: get('in') || 'ALL',
    limit: Number(get('overallLimit') || mostResults),
    returning: query
      .getAll('sobject')
      .flatMap((names) => names.split(','))
      .map((name) =>
        returningOf(
          name,
          (get(`${name}.fields`) || get('fields')).split(',').filter((field) => field !== ''),
          get(`${name}.where`),
          get(`${name}.limit`) || get('defaultLimit'),
        ),
      ),
  };
}
