import { isId, to18 } from '../ids.ts';
import { readDate, readDatetime } from './dates.ts';
import { jsonError, SalesforceError } from './errors.ts';
import { sobjectOfId, type Field, type SObject, type Value } from './schema.ts';
import { rowOf, type Database } from './soql/fields.ts';
import type { Row } from './store.ts';

export type Change = { readonly kind: 'insert' } | { readonly kind: 'update'; readonly before: Row };

/**
 * Checks the body of a create or update as Salesforce does and answers the values to store, by the schema's names. The first rule broken is
 * the error.
 */
export function checkedValues(
  object: SObject,
  body: unknown,
  change: Change,
  database: Database,
): Readonly<Record<string, Value>> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw jsonError(
      'Unexpected character (or end of input): a JSON object with the fields of the record is expected at [line:1, column:1]',
    );
  }
  if (change.kind === 'insert' ? !object.createable : !object.updateable) {
    throw new SalesforceError(
      400,
      'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY',
      `entity type ${object.name} does not support ${change.kind}`,
    );
  }
  const values: Record<string, Value> = {};
  const refused: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (name === 'attributes') continue;
    const field = object.fieldsByName.get(name.toLowerCase());
    if (field === undefined) {
      throw new SalesforceError(400, 'INVALID_FIELD', `No such column '${name}' on sobject of type ${object.name}`);
    }
    if (change.kind === 'insert' ? !field.createable : !field.updateable) refused.push(field.name);
    else values[field.name] = checkedValue(field, value, object, database);
  }
  if (refused.length > 0) {
    throw new SalesforceError(
      400,
      'INVALID_FIELD_FOR_INSERT_UPDATE',
      `Unable to create/update fields: ${refused.join(', ')}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`,
      refused,
    );
  }
  checkRequired(object, values, change);
  checkActivity(values, change);
  return values;
}

function checkRequired(object: SObject, values: Readonly<Record<string, Value>>, change: Change): void {
  const isPerson = object.name === 'Account' && (values['LastName'] ?? null) !== null;
  const missing = object.fields
    .filter((field) => field.required && !(isPerson && field.name === 'Name'))
    .filter((field) => {
      const value = values[field.name];
      return change.kind === 'insert' ? (value ?? '') === '' : value === null || value === '';
    })
    .map((field) => field.name);
  if (missing.length === 0) return;
  throw new SalesforceError(
    400,
    'REQUIRED_FIELD_MISSING',
    `Required fields are missing: [${missing.join(', ')}]`,
    missing,
  );
}

/** A lead stands for itself: an activity with a lead has no other record beside it. */
function checkActivity(values: Readonly<Record<string, Value>>, change: Change): void {
  const before = change.kind === 'update' ? change.before : undefined;
  const who = values['WhoId'] ?? before?.['WhoId'];
  const what = values['WhatId'] ?? before?.['WhatId'];
  if (typeof who === 'string' && typeof what === 'string' && who.startsWith('00Q')) {
    throw new SalesforceError(
      400,
      'FIELD_INTEGRITY_EXCEPTION',
      'If the WhoId field is set to a lead, the WhatId field must be empty.',
      ['WhatId'],
    );
  }
}

/** A value as it is stored, or the error that its type calls for. */
function checkedValue(field: Field, value: unknown, object: SObject, database: Database): Value {
  if (value === null || value === undefined) return field.type === 'boolean' ? refuseType(field, value) : null;
  switch (field.type) {
    case 'boolean':
      return typeof value === 'boolean' ? value : refuseType(field, value);
    case 'int':
    case 'double':
    case 'currency': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) return refuseType(field, value);
      if (field.type === 'int' && !Number.isInteger(number)) return refuseType(field, value);
      return number;
    }
    case 'date':
      if (value === '') return null;
      return (
        (typeof value === 'string' ? (readDate(value) ?? readDatetime(value)?.slice(0, 10)) : undefined) ??
        refuseType(field, value)
      );
    case 'datetime':
      if (value === '') return null;
      return (typeof value === 'string' ? readDatetime(value) : undefined) ?? refuseType(field, value);
    case 'id':
    case 'reference':
      return value === '' ? null : checkedReference(field, value, object, database);
    case 'email':
    case 'string':
    case 'picklist':
    case 'phone':
    case 'url':
    case 'textarea':
      return checkedText(field, value);
  }
}

function refuseType(field: Field, value: unknown): never {
  const names: Partial<Record<Field['type'], string>> = {
    int: 'int',
    currency: 'double',
    date: 'date',
    datetime: 'datetime',
  };
  const given = value === null ? 'VALUE_NULL' : `VALUE_${typeof value}`.toUpperCase();
  throw jsonError(
    `Cannot deserialize instance of ${names[field.type] ?? field.type} from ${given} value ${String(value)} or request may be missing a required field at [line:1, column:2]`,
  );
}

function checkedReference(field: Field, value: unknown, object: SObject, database: Database): Value {
  const id = typeof value === 'string' ? value : '';
  const target = isId(id) ? sobjectOfId(id) : undefined;
  if (target === undefined || !field.referenceTo.includes(target.name)) {
    throw new SalesforceError(400, 'MALFORMED_ID', `${field.label}: id value of incorrect type: ${String(value)}`, [
      field.name,
    ]);
  }
  if (rowOf(to18(id), database) === undefined) {
    throw new SalesforceError(400, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', []);
  }
  // A queue may own what the schema says it may; on others only users may.
  if (
    object.name === 'Task' &&
    field.name === 'OwnerId' &&
    target.name === 'User' &&
    rowOf(to18(id), database)?.['IsActive'] !== true
  ) {
    throw new SalesforceError(
      400,
      'INACTIVE_OWNER_OR_USER',
      'operation performed with inactive user [' + to18(id) + '] as owner of task',
      ['OwnerId'],
    );
  }
  return to18(id);
}

function checkedText(field: Field, value: unknown): Value {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    return refuseType(field, value);
  }
  const text = String(value).trim();
  if (text === '') return null;
  if (text.length > field.length) {
    throw new SalesforceError(
      400,
      'STRING_TOO_LONG',
      `${field.label}: data value too large: ${text} (max length=${field.length})`,
      [field.name],
    );
  }
  if (field.type === 'email' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) {
    throw new SalesforceError(400, 'INVALID_EMAIL_ADDRESS', `${field.label}: invalid email address: ${text}`, [
      field.name,
    ]);
  }
  return text;
}
