import { isId, to18 } from '../../ids.ts';
import { ok, runtimeOf, type ApiAnswer, type ApiCall, type ApiRoute } from '../api.ts';
import { describe, describeGlobal } from '../describe.ts';
import { notFound, SalesforceError, SeveralMatches } from '../errors.ts';
import { sobjects, type Field, type SObject, type Value } from '../schema.ts';
import { planSoql } from '../soql/plan.ts';
import { indexKey, type Row } from '../store.ts';
import { checkedValues } from '../writes.ts';

/** Objects and their records: list, describe, create, read, change, upsert, delete. */
export const sobjectRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/sobjects',
    handle: (call) =>
      ok({
        encoding: 'UTF-8',
        maxBatchSize: 200,
        sobjects: visible(call).map((object) => describeGlobal(object, call.version)),
      }),
  },
  {
    method: 'GET',
    path: '/sobjects/:object',
    handle: (call) => ok({ objectDescribe: describeGlobal(objectOf(call), call.version), recentItems: [] }),
  },
  { method: 'POST', path: '/sobjects/:object', handle: create },
  { method: 'GET', path: '/sobjects/:object/describe', handle: describeObject },
  { method: 'GET', path: '/sobjects/:object/:id', handle: (call) => read(call, rowById(call)) },
  { method: 'PATCH', path: '/sobjects/:object/:id', handle: (call) => change(call, rowById(call)) },
  { method: 'DELETE', path: '/sobjects/:object/:id', handle: (call) => remove(call, rowById(call)) },
  { method: 'GET', path: '/sobjects/:object/:field/:value', handle: (call) => read(call, rowByExternalId(call)) },
  { method: 'PATCH', path: '/sobjects/:object/:field/:value', handle: upsert },
  { method: 'DELETE', path: '/sobjects/:object/:field/:value', handle: (call) => remove(call, rowByExternalId(call)) },
];

/** The schema does not change while the stand-in runs; clients may keep what they have read since this moment. */
const schemaModifiedAt = Date.UTC(2026, 5, 30);

const canSee = (object: SObject, call: ApiCall): boolean =>
  object.name !== 'Name' && (object.requires === null || call.caller.user.permissions.includes(object.requires));

const visible = (call: ApiCall): readonly SObject[] => [...sobjects.values()].filter((object) => canSee(object, call));

function objectOf(call: ApiCall): SObject {
  const object = sobjects.get((call.params['object'] ?? '').toLowerCase());
  if (object === undefined || !canSee(object, call)) throw notFound();
  return object;
}

function describeObject(call: ApiCall): ApiAnswer {
  const object = objectOf(call);
  const since = Date.parse(call.headers['if-modified-since'] ?? '');
  if (since >= schemaModifiedAt) return { status: 304 };
  return {
    status: 200,
    body: describe(object, call.version),
    headers: { 'last-modified': new Date(schemaModifiedAt).toUTCString() },
  };
}

/** The record that the path names; its id must be one of the object's. */
function rowById(call: ApiCall): Row {
  const object = objectOf(call);
  const id = call.params['id'] ?? '';
  if (!isId(id) || (object.keyPrefix !== null && !id.startsWith(object.keyPrefix))) {
    throw new SalesforceError(400, 'MALFORMED_ID', `${object.label} ID: id value of incorrect type: ${id}`, ['Id']);
  }
  const row = call.records.database(call.caller.user).table(object).get(to18(id));
  if (row === undefined) {
    if (call.records.isDeleted(to18(id))) {
      throw new SalesforceError(404, 'ENTITY_IS_DELETED', 'entity is deleted', []);
    }
    throw notFound();
  }
  return row;
}

function externalField(call: ApiCall, object: SObject): Field {
  const name = call.params['field'] ?? '';
  const field = object.fieldsByName.get(name.toLowerCase());
  if (field === undefined || !(field.externalId || field.type === 'id')) {
    throw notFound(`Provided external ID field does not exist or is not accessible: ${name}`);
  }
  return field;
}

function rowsByExternalId(call: ApiCall, object: SObject, field: Field): readonly Row[] {
  const value = call.params['value'] ?? '';
  const key = field.type === 'id' ? to18(value) : indexKey(field, value);
  return call.records.database(call.caller.user).table(object).lookup(field, key) ?? [];
}

function rowByExternalId(call: ApiCall): Row {
  const object = objectOf(call);
  const rows = rowsByExternalId(call, object, externalField(call, object));
  const [row] = rows;
  if (row === undefined) throw notFound();
  if (rows.length > 1) throw new SeveralMatches(urlsOf(rows, object, call));
  return row;
}

const urlsOf = (rows: readonly Row[], object: SObject, call: ApiCall): readonly string[] =>
  rows.map((row) => `/services/data/${call.version}/sobjects/${object.name}/${row.Id}`);

function read(call: ApiCall, row: Row): ApiAnswer {
  const object = objectOf(call);
  const wanted = call.query.get('fields');
  const fields = wanted === null || wanted === '' ? object.fields.map((field) => field.name) : wanted.split(',');
  const { plan, statement } = planSoql(`SELECT ${fields.join(', ')} FROM ${object.name}`);
  return ok(plan.project(row, runtimeOf(call, statement.strings)));
}

function create(call: ApiCall): ApiAnswer {
  const object = objectOf(call);
  const database = call.records.database(call.caller.user);
  const values = checkedValues(object, call.body, { kind: 'insert' }, database);
  checkUnique(call, object, values, undefined);
  return created(call, object, values);
}

function created(call: ApiCall, object: SObject, values: Readonly<Record<string, Value>>): ApiAnswer {
  const id = call.records.create(object, values, call.caller.user);
  return {
    status: 201,
    body: { id, success: true, errors: [] },
    headers: { Location: `/services/data/${call.version}/sobjects/${object.name}/${id}` },
  };
}

function change(call: ApiCall, before: Row): ApiAnswer {
  const object = objectOf(call);
  const database = call.records.database(call.caller.user);
  const values = checkedValues(object, call.body, { kind: 'update', before }, database);
  checkUnique(call, object, values, before.Id);
  call.records.update(object, before.Id, values, call.caller.user);
  return { status: 204 };
}

function remove(call: ApiCall, row: Row): ApiAnswer {
  const object = objectOf(call);
  if (!object.deletable) {
    throw new SalesforceError(
      400,
      'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY',
      `entity type ${object.name} does not support delete`,
    );
  }
  call.records.delete(row.Id);
  return { status: 204 };
}

/** External ids are unique, without regard to case. */
function checkUnique(
  call: ApiCall,
  object: SObject,
  values: Readonly<Record<string, Value>>,
  ownId: string | undefined,
): void {
  for (const field of object.fields) {
    const value = values[field.name];
    if (!field.externalId || value === null || value === undefined) continue;
    const table = call.records.database(call.caller.user).table(object);
    const other = table.lookup(field, indexKey(field, value))?.find((row) => row.Id !== ownId);
    if (other === undefined) continue;
    throw new SalesforceError(
      400,
      'DUPLICATE_VALUE',
      `duplicate value found: ${field.name} duplicates value on record with id: ${other.Id}`,
      [],
    );
  }
}

/** PATCH by external id: creates or changes; several matches are 300 with their URLs. */
function upsert(call: ApiCall): ApiAnswer {
  const object = objectOf(call);
  const field = externalField(call, object);
  const rows = rowsByExternalId(call, object, field);
  const [before] = rows;
  if (rows.length > 1) throw new SeveralMatches(urlsOf(rows, object, call));
  if (before !== undefined) {
    change(call, before);
    return ok({ id: before.Id, success: true, errors: [], created: false });
  }
  if (field.type === 'id') throw notFound();
  const database = call.records.database(call.caller.user);
  const values = {
    ...checkedValues(object, call.body, { kind: 'insert' }, database),
    [field.name]: call.params['value'] ?? null,
  };
  const answer = created(call, object, values);
  return { ...answer, body: { ...(answer.body as object), created: true } };
}
