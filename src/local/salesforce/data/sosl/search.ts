import { blame, unsupportedObject, type Runtime } from '../soql/fields.ts';
import { parseSoql } from '../soql/parse.ts';
import { narrow, planSoql } from '../soql/plan.ts';
import { sobjects, type SObject } from '../schema.ts';
import { mostResults, parseSosl, soqlOf, type Search, type SearchExpression } from './parse.ts';
import type { SearchGroup, Term } from './search-index.ts';

/** Where words are looked up. */
export interface Searchable {
  /** Ids of the records of an object that have a word in a group of fields. */
  find(object: SObject, group: SearchGroup, term: Term): ReadonlySet<string>;
  /** Every id of an object: what NOT takes away from. */
  everything(object: SObject): ReadonlySet<string>;
}

/** The records that a SOSL statement finds, as JSON shows them. */
export function runSosl(source: string, runtime: Omit<Runtime, 'strings'>, index: Searchable): readonly unknown[] {
  return runSearch(parseSosl(source), runtime, index);
}

export function runSearch(search: Search, runtime: Omit<Runtime, 'strings'>, index: Searchable): readonly unknown[] {
  const returning =
    search.returning.length > 0
      ? search.returning
      : [...sobjects.values()]
          .filter((object) => object.searchable)
          .map((object) => ({ object: object.name, soql: soqlOf(object.name, '') }));
  const records: unknown[] = [];
  for (const { object: name, soql } of returning) {
    if (sobjects.get(name.toLowerCase())?.searchable !== true) {
      throw blame(parseSoql(soql), name, 'INVALID_TYPE', unsupportedObject(name));
    }
    const { plan, statement } = planSoql(soql);
    const ids = matching(search.expression, plan.object, search.group, index);
    if (ids.size === 0) continue;
    const narrowed: Runtime = {
      ...runtime,
      strings: statement.strings,
      database: narrow(runtime.database, plan.object, ids),
    };
    for (const row of plan.rows(narrowed)) {
      if (records.length >= Math.min(search.limit, mostResults)) return records;
      records.push(plan.project(row, { ...narrowed, database: runtime.database }));
    }
  }
  return records;
}

type Ids = ReadonlySet<string>;

const without = (ids: Ids, others: Ids): Ids => new Set([...ids].filter((id) => !others.has(id)));
const within = (ids: Ids, others: Ids): Ids => new Set([...ids].filter((id) => others.has(id)));

function matching(expression: SearchExpression, object: SObject, group: SearchGroup, index: Searchable): Ids {
  switch (expression.kind) {
    case 'term':
      return index.find(object, group, expression.term);
    case 'not':
      return without(index.everything(object), matching(expression.part, object, group, index));
    case 'or':
      return new Set(expression.parts.flatMap((part) => [...matching(part, object, group, index)]));
    case 'and': {
      const [first, ...rest] = expression.parts;
      let found: Ids = first === undefined ? new Set() : matching(first, object, group, index);
      for (const part of rest) {
        if (found.size === 0) return found;
        found =
          part.kind === 'not'
            ? without(found, matching(part.part, object, group, index))
            : within(found, matching(part, object, group, index));
      }
      return found;
    }
  }
}
