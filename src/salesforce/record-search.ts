import type {
  FoundRecord,
  FoundRecords,
  RecordOwner,
  RecordSearch,
  SalesforceData,
  SalesforceRecord,
  SearchedObject,
} from '../ports.ts';
import { maxQueriesInComposite } from './data.ts';
import { queriesByValues, queryOfUser } from './soql.ts';
import { searchPhoneFields } from './sosl.ts';

export function createRecordSearch(data: SalesforceData): RecordSearch {
  return {
    async byValues(objects, values, call) {
      const asked = objects.flatMap((searched) =>
        queriesByValues(searched, values).map((soql) => ({ searched, soql })),
      );
      if (asked.length === 0) return { ok: true, value: { records: [], refused: [] }, apiUsage: undefined };
      call.onQueries?.(asked.map(({ soql }) => soql));
      const composites = Array.from({ length: Math.ceil(asked.length / maxQueriesInComposite) }, (_, position) =>
        asked.slice(position * maxQueriesInComposite, (position + 1) * maxQueriesInComposite),
      );
      const answers = await Promise.all(
        composites.map(async (part) => ({
          part,
          answer: await data.queries(
            call.session,
            part.map(({ soql }) => soql),
            call.signal,
          ),
        })),
      );
      const records: FoundRecord[] = [];
      const refused = new Map<string, FoundRecords['refused'][number]>();
      let apiUsage: { used: number; max: number } | undefined;
      for (const { part, answer } of answers) {
        if (!answer.ok) return answer;
        apiUsage = answer.apiUsage ?? apiUsage;
        for (const [position, { searched }] of part.entries()) {
          const result = answer.value[position];
          if (result === undefined) continue;
          if (result.ok) records.push(...result.value.map((record) => toFound(record, searched)));
          else refused.set(searched.object, { object: searched.object, failure: result.failure });
        }
      }
      return { ok: true, value: { records, refused: [...refused.values()] }, apiUsage };
    },

    async byDigits(objects, digits, call) {
      const sosl = searchPhoneFields(objects, digits);
      call.onQueries?.([sosl]);
      const answer = await data.search(call.session, sosl, call.signal);
      if (!answer.ok) return answer;
      const records = answer.value.flatMap((record) => {
        const searched = objects.find(({ object }) => object === typeOf(record));
        return searched === undefined ? [] : [toFound(record, searched)];
      });
      return { ...answer, value: { records, refused: [] } };
    },

    async user(userId, fields, call) {
      const soql = queryOfUser(userId, fields);
      call.onQueries?.([soql]);
      const answer = await data.query(call.session, soql, call.signal);
      if (!answer.ok) return answer;
      const user = answer.value[0];
      return { ...answer, value: user === undefined ? undefined : userOwner(user, fields) };
    },
  };
}

function toFound(record: SalesforceRecord, searched: SearchedObject): FoundRecord {
  const values: Record<string, string> = {};
  for (const field of searched.fields) {
    const value = textOf(record[field]);
    if (value !== undefined) values[field] = value;
  }
  return {
    object: searched.object,
    id: textOf(record['Id']) ?? '',
    // Salesforce writes the offset as +0000, which is no ISO 8601 that every parser takes.
    lastModifiedAtMs: Date.parse((textOf(record['LastModifiedDate']) ?? '').replace(/\+0000$/, 'Z')) || 0,
    values,
    owner: toOwner(record, searched.ownerFields),
  };
}

/** A queue is a Group: its id begins with 00G, a user's with 005. */
function toOwner(record: SalesforceRecord, ownerFields: readonly string[]): RecordOwner {
  const ownerId = textOf(record['OwnerId']) ?? '';
  if (!ownerId.startsWith('005')) return { kind: 'queue' };
  const owner = record['Owner'];
  return typeof owner === 'object' && owner !== null && 'IsActive' in owner
    ? userOwner(owner, ownerFields)
    : { kind: 'user-id-only', userId: ownerId };
}

const userOwner = (user: SalesforceRecord, fields: readonly string[]): RecordOwner => ({
  kind: 'user',
  isActive: user['IsActive'] === true,
  fields: Object.fromEntries(fields.map((field) => [field, textOf(user[field])])),
});

function typeOf(record: SalesforceRecord): string | undefined {
  const attributes = record['attributes'];
  return typeof attributes === 'object' && attributes !== null && 'type' in attributes
    ? textOf(attributes.type)
    : undefined;
}

/** A field's value as text; empty and blank count as nothing. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).trim();
  return text === '' ? undefined : text;
}
