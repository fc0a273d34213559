import { randomBytes } from 'node:crypto';
import { to18 } from '../../ids.ts';
import { ok, runtimeOf, type ApiCall, type ApiRoute } from '../api.ts';
import { SalesforceError } from '../errors.ts';
import type { Records } from '../records.ts';
import type { Row } from '../store.ts';
import type { Runtime } from '../soql/fields.ts';
import { planSoql, tableOf, type Plan } from '../soql/plan.ts';

const largestBatch = 2_000;
const smallestBatch = 200;
const cursorLifeMs = 2 * 86_400_000;
const mostCursors = 100;

/** What is left of a query whose answer did not fit into one batch. */
interface Cursor {
  readonly user: string;
  readonly plan: Plan;
  readonly runtime: Runtime;
  readonly rows: readonly Row[];
  readonly endsAtMs: number;
}

/** The cursors of an org end with its records; a locator is good for its own user only. */
const cursorsByOrg = new WeakMap<Records, Map<string, Cursor>>();

function cursorsOf(records: Records): Map<string, Cursor> {
  const known = cursorsByOrg.get(records) ?? new Map<string, Cursor>();
  cursorsByOrg.set(records, known);
  return known;
}

/** `/query`, `/queryAll`, their further pages, and query plans. */
export const queryRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: '/query', handle: (call) => query(call, 'query') },
  { method: 'GET', path: '/queryAll', handle: (call) => query(call, 'queryAll') },
  { method: 'GET', path: '/query/:locator', handle: (call) => more(call, 'query') },
  { method: 'GET', path: '/queryAll/:locator', handle: (call) => more(call, 'queryAll') },
];

type Resource = 'query' | 'queryAll';

function query(call: ApiCall, resource: Resource) {
  const explain = call.query.get('explain');
  if (explain !== null) return ok(explanation(explain, call));
  const soql = call.query.get('q');
  if (soql === null || soql.trim() === '') {
    throw new SalesforceError(400, 'MALFORMED_QUERY', 'A query string has to be specified');
  }
  const { plan, statement } = planSoql(soql);
  const runtime = runtimeOf(call, statement.strings, resource === 'queryAll');
  if (plan.scansPhones) call.delay(call.caller.org.policies.phoneLikeLatencyMs);
  const rows = plan.rows(runtime);
  if (plan.countOnly) return ok({ totalSize: rows.length, done: true, records: [] });
  const batch = batchOf(call.headers['sforce-query-options']);
  if (rows.length <= batch) {
    return ok({ totalSize: rows.length, done: true, records: rows.map((row) => plan.project(row, runtime)) });
  }
  const id = to18(`01g${call.caller.org.id.charAt(3)}00000${randomBytes(3).toString('hex')}`);
  const cursors = cursorsOf(call.records);
  if (cursors.size >= mostCursors) cursors.delete(cursors.keys().next().value ?? '');
  const cursor: Cursor = {
    user: call.caller.user.id,
    plan,
    runtime,
    rows,
    endsAtMs: call.nowMs + cursorLifeMs,
  };
  cursors.set(id, cursor);
  return ok(page(call, resource, id, cursor, 0, batch));
}

function more(call: ApiCall, resource: Resource) {
  const [, id = '', start = ''] = /^(\w{15,18})-(\d+)$/.exec(call.params['locator'] ?? '') ?? [];
  const cursor = cursorsOf(call.records).get(id);
  if (cursor?.user !== call.caller.user.id || cursor.endsAtMs <= call.nowMs) {
    throw new SalesforceError(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
  }
  return ok(page(call, resource, id, cursor, Number(start), batchOf(call.headers['sforce-query-options'])));
}

function page(call: ApiCall, resource: Resource, id: string, cursor: Cursor, start: number, batch: number) {
  const end = start + batch;
  const done = end >= cursor.rows.length;
  return {
    totalSize: cursor.rows.length,
    done,
    ...(done ? {} : { nextRecordsUrl: `/services/data/${call.version}/${resource}/${id}-${end}` }),
    records: cursor.rows.slice(start, end).map((row) => cursor.plan.project(row, cursor.runtime)),
  };
}

/** `Sforce-Query-Options: batchSize=500`; what is out of range becomes the nearest that is not. */
function batchOf(options: string | undefined): number {
  const wanted = /batchSize\s*=\s*(\d+)/i.exec(options ?? '')?.[1];
  return wanted === undefined ? largestBatch : Math.min(largestBatch, Math.max(smallestBatch, Number(wanted)));
}

/** Fields that the real platform has indexes on; phone fields are not among them. */
const platformIndexed = [
  'Id',
  'Name',
  'CreatedDate',
  'SystemModstamp',
  'LastModifiedDate',
  'RecordTypeId',
  'CaseNumber',
  'Username',
];

function explanation(soql: string, call: ApiCall) {
  const { plan, statement } = planSoql(soql);
  const runtime = runtimeOf(call, statement.strings);
  const size = tableOf(plan.object, runtime).size;
  const cardinality = plan.rows(runtime).length;
  const field = plan.leading?.field;
  const byIndex =
    field !== undefined &&
    (platformIndexed.includes(field.name) || field.type === 'reference' || field.type === 'email' || field.externalId);
  return {
    plans: [
      {
        cardinality,
        fields: byIndex ? [field.name] : [],
        leadingOperationType: byIndex ? 'Index' : 'TableScan',
        notes: byIndex
          ? []
          : [
              {
                description: 'Not considering filter for optimization because unindexed',
                fields: field === undefined ? [] : [field.name],
                tableEnumOrId: plan.object.name,
              },
            ],
        relativeCost: byIndex ? Math.min(0.9, cardinality / Math.max(1, size)) : 1.5,
        sobjectCardinality: size,
        sobjectType: plan.object.name,
      },
    ],
    sourceQuery: soql,
  };
}
