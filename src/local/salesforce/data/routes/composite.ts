import { isId, to18 } from '../../ids.ts';
import { member, ok, type ApiAnswer, type ApiCall, type ApiRoute } from '../api.ts';
import { jsonError, SalesforceError } from '../errors.ts';
import { sobjectOfId } from '../schema.ts';

const mostParts = 25;
const mostQueries = 5;
const mostRecords = 200;

/** Several calls in one: a chain with references, a batch, or many records of any objects. */
export const compositeRoutes: readonly ApiRoute[] = [
  { method: 'POST', path: '/composite', handle: (call) => ok(composite(call)) },
  { method: 'POST', path: '/composite/batch', handle: (call) => ok(batch(call)) },
  { method: 'GET', path: '/composite/sobjects/:object', handle: (call) => ok(retrieve(call)) },
  { method: 'POST', path: '/composite/sobjects', handle: (call) => ok(eachRecord(call, create)) },
  { method: 'PATCH', path: '/composite/sobjects', handle: (call) => ok(eachRecord(call, update)) },
  { method: 'DELETE', path: '/composite/sobjects', handle: (call) => ok(eachDeletion(call)) },
];

interface Part {
  readonly method: string;
  readonly url: string;
  readonly referenceId: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

interface PartAnswer {
  readonly body: unknown;
  readonly httpHeaders: Readonly<Record<string, string>>;
  readonly httpStatusCode: number;
  readonly referenceId: string;
}

function partsOf(body: unknown, name: string): readonly unknown[] {
  const parts = member(body, name);
  if (!Array.isArray(parts) || parts.length === 0) throw jsonError(`Required field is missing: ${name}`);
  if (parts.length > mostParts) {
    throw new SalesforceError(
      400,
      'LIMIT_EXCEEDED',
      `You can't perform more than ${mostParts} subrequests in one composite request.`,
    );
  }
  return parts;
}

function composite(call: ApiCall): { compositeResponse: readonly PartAnswer[] } {
  const parts = partsOf(call.body, 'compositeRequest').map(readPart);
  const references = new Set<string>();
  for (const { referenceId } of parts) {
    if (references.has(referenceId)) {
      throw new SalesforceError(400, 'INVALID_INPUT', `Duplicate referenceId: ${referenceId}`);
    }
    references.add(referenceId);
  }
  const queries = parts.filter(({ url }) =>
    /^\/services\/data\/v[\d.]+\/(query|queryAll|sobjects\/?$)/.test(url),
  ).length;
  if (queries > mostQueries) {
    throw new SalesforceError(
      400,
      'LIMIT_EXCEEDED',
      `You can't perform more than ${mostQueries} query operations in one composite request.`,
    );
  }
  const allOrNone = member(call.body, 'allOrNone') === true;
  return call.records.transaction((rollBack) => {
    const answers: PartAnswer[] = [];
    const bodies = new Map<string, unknown>();
    let failed = false;
    for (const part of parts) {
      if (failed && allOrNone) {
        answers.push(halted(part));
        continue;
      }
      const answer = perform(part, bodies, call);
      if (answer.httpStatusCode >= 400) failed = true;
      else bodies.set(part.referenceId, answer.body);
      answers.push(answer);
    }
    if (!failed || !allOrNone) return { compositeResponse: answers };
    rollBack();
    return {
      compositeResponse: answers.map((answer, index) => {
        const part = parts[index];
        return answer.httpStatusCode < 400 && part !== undefined ? halted(part) : answer;
      }),
    };
  });
}

const halted = ({ referenceId }: Part): PartAnswer => ({
  body: [
    {
      errorCode: 'PROCESSING_HALTED',
      message: 'The transaction was rolled back since another operation in the same transaction failed.',
    },
  ],
  httpHeaders: {},
  httpStatusCode: 400,
  referenceId,
});

function readPart(value: unknown): Part {
  const [method, url, referenceId] = ['method', 'url', 'referenceId'].map((name) => {
    const found = member(value, name);
    if (typeof found !== 'string' || found === '') throw jsonError(`Required field is missing: ${name}`);
    return found;
  });
  if (!/^[A-Za-z]\w*$/.test(referenceId ?? '')) {
    throw new SalesforceError(400, 'INVALID_INPUT', `Invalid referenceId: ${referenceId ?? ''}`);
  }
  const headers = member(value, 'httpHeaders') as Readonly<Record<string, string>> | undefined;
  return {
    method: method ?? '',
    url: url ?? '',
    referenceId: referenceId ?? '',
    body: member(value, 'body'),
    headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name.toLowerCase(), text])),
  };
}

function perform(part: Part, bodies: ReadonlyMap<string, unknown>, call: ApiCall): PartAnswer {
  const { referenceId } = part;
  try {
    const url = fill(part.url, bodies);
    const body = fillAll(part.body, bodies);
    const resource = /^\/services\/data\/v[\d.]+\/(\w+)/.exec(url)?.[1] ?? '';
    if (!['query', 'queryAll', 'sobjects'].includes(resource)) {
      throw new SalesforceError(400, 'INVALID_INPUT', `The URL ${url} is not supported in a composite request.`);
    }
    const answer = call.dispatch(part.method, url, body, part.headers);
    return {
      body: answer.body ?? null,
      httpHeaders: answer.headers ?? {},
      httpStatusCode: answer.status,
      referenceId,
    };
  } catch (error) {
    if (!(error instanceof SalesforceError)) throw error;
    return { body: [error.toBody()], httpHeaders: {}, httpStatusCode: error.status, referenceId };
  }
}

/** Replaces `@{reference.path[0].field}` by what that part answered. */
function fill(text: string, bodies: ReadonlyMap<string, unknown>): string {
  return text.replace(/@\{(\w+)([^}]*)\}/g, (whole, reference: string, path: string) => {
    let value: unknown = bodies.get(reference);
    for (const [, name, index] of path.matchAll(/\.?(\w+)|\[(\d+)\]/g)) {
      value = index === undefined ? member(value, name ?? '') : member(value, index);
    }
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw new SalesforceError(
        400,
        'PROCESSING_HALTED',
        `Invalid reference specified. No value for ${whole.slice(2, -1)} found in ${reference}`,
      );
    }
    return String(value);
  });
}

function fillAll(value: unknown, bodies: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === 'string') return fill(value, bodies);
  if (Array.isArray(value)) return value.map((each) => fillAll(each, bodies));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fillAll(each, bodies)]));
}

function batch(call: ApiCall): { hasErrors: boolean; results: readonly { statusCode: number; result: unknown }[] } {
  const halt = member(call.body, 'haltOnError') === true;
  let failed = false;
  const results = partsOf(call.body, 'batchRequests').map((part) => {
    if (failed && halt) {
      return {
        statusCode: 412,
        result: [{ errorCode: 'BATCH_PROCESSING_HALTED', message: 'Batch processing halted per request' }],
      };
    }
    const [method, url] = [member(part, 'method'), member(part, 'url')];
    if (typeof method !== 'string' || typeof url !== 'string') throw jsonError('Required field is missing: url');
    const rooted = url.startsWith('/services/data/') ? url : `/services/data/${url.replace(/^\//, '')}`;
    const answer = call.dispatch(method, rooted, member(part, 'richInput'));
    if (answer.status >= 400) failed = true;
    return { statusCode: answer.status, result: answer.body ?? null };
  });
  return { hasErrors: failed, results };
}

type RecordResult =
  | { readonly id: string; readonly success: true; readonly errors: readonly [] }
  | {
      readonly success: false;
      readonly errors: readonly { statusCode: string; message: string; fields: readonly string[] }[];
    };

const create = (call: ApiCall, object: string, values: unknown): ApiAnswer =>
  call.dispatch('POST', `/services/data/${call.version}/sobjects/${object}`, values);

function update(call: ApiCall, object: string, values: unknown): ApiAnswer {
  const { id, Id, ...rest } = values as { id?: unknown; Id?: unknown };
  const recordId = text(id ?? Id);
  const answer = call.dispatch('PATCH', `/services/data/${call.version}/sobjects/${object}/${recordId}`, rest);
  return answer.status === 204 ? ok({ id: isId(recordId) ? to18(recordId) : recordId }) : answer;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Up to 200 records, each with its own result in its place. */
function eachRecord(
  call: ApiCall,
  act: (call: ApiCall, object: string, values: unknown) => ApiAnswer,
): readonly RecordResult[] {
  const records = member(call.body, 'records');
  if (!Array.isArray(records)) throw jsonError('Required field is missing: records');
  checkCount(records.length);
  return eachOrNone(call, member(call.body, 'allOrNone') === true, records as readonly unknown[], (record) => {
    const { attributes, ...values } = record as { attributes?: unknown };
    return resultOf(act(call, text(member(attributes, 'type')), values));
  });
}

/** With `allOrNone`, nothing has happened when one of them fails. */
function eachOrNone<Item>(
  call: ApiCall,
  allOrNone: boolean,
  items: readonly Item[],
  act: (item: Item) => RecordResult,
): readonly RecordResult[] {
  return call.records.transaction((rollBack) => {
    const results = items.map(act);
    if (!allOrNone || results.every(({ success }) => success)) return results;
    rollBack();
    return results.map((result) => (result.success ? rolledBack : result));
  });
}

const rolledBack: RecordResult = {
  success: false,
  errors: [
    {
      statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK',
      message: 'Record rolled back because not all records were valid and the request was using AllOrNone header',
      fields: [],
    },
  ],
};

function checkCount(count: number): void {
  if (count > mostRecords) {
    throw new SalesforceError(
      400,
      'EXCEEDED_ID_LIMIT',
      `record limit reached. cannot submit more than ${mostRecords} records in this request`,
    );
  }
}

function resultOf(answer: ApiAnswer, knownId = ''): RecordResult {
  if (answer.status < 300) return { id: text(member(answer.body, 'id')) || knownId, success: true, errors: [] };
  const errors = answer.body as readonly { errorCode: string; message: string; fields?: readonly string[] }[];
  return {
    success: false,
    errors: errors.map(({ errorCode, message, fields }) => ({ statusCode: errorCode, message, fields: fields ?? [] })),
  };
}

function eachDeletion(call: ApiCall): readonly RecordResult[] {
  const ids = (call.query.get('ids') ?? '').split(',').filter((id) => id !== '');
  checkCount(ids.length);
  return eachOrNone(call, call.query.get('allOrNone') === 'true', ids, (id) => {
    const object = sobjectOfId(id)?.name ?? '';
    return resultOf(call.dispatch('DELETE', `/services/data/${call.version}/sobjects/${object}/${id}`, undefined), id);
  });
}

function retrieve(call: ApiCall): readonly unknown[] {
  const ids = (call.query.get('ids') ?? '').split(',').filter((id) => id !== '');
  checkCount(ids.length);
  const fields = call.query.get('fields') ?? 'Id';
  return ids.map((id) => {
    const path = `/services/data/${call.version}/sobjects/${call.params['object'] ?? ''}/${id}`;
    const answer = call.dispatch('GET', `${path}?fields=${encodeURIComponent(fields)}`, undefined);
    return answer.status === 200 ? answer.body : null;
  });
}
