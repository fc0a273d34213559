import { Connection } from 'jsforce';
import { StreamPromise } from 'jsforce/lib/util/promise.js';
import { PassThrough } from 'node:stream';
import type {
  SalesforceData,
  SalesforceResources,
  SalesforceFailure,
  SalesforceRecord,
  SalesforceResult,
  SalesforceSession,
} from '../ports.ts';
import { failureOfAnswer, failureOfPart, MalformedAnswerError, toFailure } from './failures.ts';
import { headerOf, singleValues, type HttpAnswer, type SalesforceHttp } from './http.ts';
import { addUri, uriValue } from './soql.ts';

type JsforceTransport = Connection['_transport'];
type JsforceRequest = Parameters<JsforceTransport['httpRequest']>[0];

/** Salesforce's own limit on queries in one composite request. */
export const maxQueriesInComposite = 5;

const beforeQueries = '{"allOrNone":false,"compositeRequest":[';
const afterQueries = Buffer.from(']}');

const mebibyte = 1024 * 1024;
/** Five queries of a lookup with all the rows that it asks for, at a kilobyte each. */
const maxFoundBytes = mebibyte;
/** A page has at most 2,000 rows; those who list, unlike those who look up, have nobody waiting on the telephone. */
const maxPageBytes = 4 * mebibyte;
/** The describe of an object with 800 fields. */
const maxResourceBytes = 8 * mebibyte;

/**
 * The data API. Pages of queries come by jsforce, on a transport of ours: jsforce's own waits 15 s on a 503, has no time limit on bodies, and a body that is
 * cut ends the process (measured with 3.10.26). A connection lasts for one call and holds no refresh token, so that it never refreshes.
 */
export function createSalesforceData(options: {
  http: SalesforceHttp;
  apiVersion: string;
}): SalesforceData & SalesforceResources {
  const { http, apiVersion } = options;
  const root = `/services/data/v${apiVersion}`;
  /** What a query is in a URL has nothing in it that JSON would escape. */
  const aroundQueries = Array.from({ length: maxQueriesInComposite }, (_, position) => ({
    before: Buffer.from(`${position === 0 ? beforeQueries : ','}{"method":"GET","url":"${root}/query?q=`),
    after: Buffer.from(`","referenceId":"q${position}"}`),
  }));

  async function call<T>(
    session: SalesforceSession,
    signal: AbortSignal,
    maxAnswerBytes: number,
    ask: (connection: Connection) => Promise<T>,
  ): Promise<SalesforceResult<T>> {
    const seen: { answer: HttpAnswer | undefined } = { answer: undefined };
    try {
      const value = await ask(connect(session, signal, maxAnswerBytes, seen));
      return { ok: true, value, apiUsage: apiUsageOf(seen.answer) };
    } catch (error) {
      return { ok: false, failure: toFailure(error, signal, seen.answer) };
    }
  }

  function connect(
    session: SalesforceSession,
    signal: AbortSignal,
    maxAnswerBytes: number,
    seen: { answer: HttpAnswer | undefined },
  ): Connection {
    const { instanceUrl, accessToken } = session;
    const connection = new Connection({ instanceUrl, accessToken, version: apiVersion });
    connection._transport = {
      httpRequest: (request: JsforceRequest) =>
        StreamPromise.create(() => ({
          stream: new PassThrough(),
          promise: (async () => {
            seen.answer = undefined;
            seen.answer = await http.send(
              {
                method: request.method,
                url: request.url,
                headers: { accept: 'application/json', ...request.headers },
                body: typeof request.body === 'string' ? request.body : undefined,
                maxAnswerBytes,
              },
              signal,
            );
            return { ...seen.answer, headers: singleValues(seen.answer) };
          })(),
        })),
    } as unknown as JsforceTransport;
    return connection;
  }

  /** What a lookup waits for goes straight to the transport: jsforce would add a tenth to the lookup's own work. */
  async function ask<T>(
    { instanceUrl, accessToken }: SalesforceSession,
    { method, path, body }: { method: 'GET' | 'POST'; path: string; body?: Uint8Array },
    signal: AbortSignal,
    read: (answer: unknown) => T,
  ): Promise<SalesforceResult<T>> {
    let answer: HttpAnswer | undefined;
    try {
      answer = await http.send(
        {
          method,
          url: `${instanceUrl}${root}${path}`,
          headers: {
            accept: 'application/json',
            authorization: `Bearer ${accessToken}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          body,
          maxAnswerBytes: maxFoundBytes,
        },
        signal,
      );
      if (answer.statusCode !== 200) return failed(failureOfAnswer(answer));
      return { ok: true, value: read(JSON.parse(answer.body)), apiUsage: apiUsageOf(answer) };
    } catch (error) {
      return failed(toFailure(error, signal, answer));
    }
  }

  return {
    query: (session, soql, signal) =>
      call(session, signal, maxPageBytes, async (connection) => {
        const records: SalesforceRecord[] = [];
        let page = readPage(await connection.request(`/query?q=${uriValue(soql)}`));
        records.push(...page.records);
        while (page.next !== undefined) {
          page = readPage(await connection.request(page.next));
          records.push(...page.records);
        }
        return records;
      }),

    queries: (session, soql, signal) => {
      const pieces: Uint8Array[] = [];
      for (const [position, query] of soql.entries()) {
        const around = aroundQueries[position];
        if (around === undefined)
          return Promise.reject(new RangeError('A composite request takes at most five queries.'));
        pieces.push(around.before);
        if (typeof query === 'string') pieces.push(Buffer.from(uriValue(query)));
        else addUri(pieces, query);
        pieces.push(around.after);
      }
      pieces.push(afterQueries);
      const body = Buffer.concat(pieces);
      return ask(session, { method: 'POST', path: '/composite', body }, signal, (answer) => {
        const parts = readParts(answer);
        return soql.map((_, position) => readPart(parts.get(`q${position}`)));
      });
    },

    search: (session, sosl, signal) =>
      ask(session, { method: 'GET', path: `/search?q=${uriValue(sosl)}` }, signal, (answer) =>
        readRecords(isObject(answer) ? answer['searchRecords'] : undefined),
      ),

    async resource({ instanceUrl, accessToken }, path, signal, ifModifiedSince) {
      let answer: HttpAnswer | undefined;
      try {
        answer = await http.send(
          {
            method: 'GET',
            url: `${instanceUrl}${root}${path}`,
            headers: {
              accept: 'application/json',
              authorization: `Bearer ${accessToken}`,
              ...(ifModifiedSince !== undefined && { 'if-modified-since': ifModifiedSince }),
            },
            maxAnswerBytes: maxResourceBytes,
          },
          signal,
        );
        const apiUsage = apiUsageOf(answer);
        if (answer.statusCode === 304) return { ok: true, value: undefined, apiUsage };
        if (answer.statusCode !== 200) return failed(failureOfAnswer(answer));
        const body: unknown = JSON.parse(answer.body);
        return { ok: true, value: { body, lastModified: headerOf(answer, 'last-modified') }, apiUsage };
      } catch (error) {
        return failed(toFailure(error, signal, answer));
      }
    },
  };
}

/** `api-usage=18/15000` of the header that every answer carries. */
function apiUsageOf(answer: HttpAnswer | undefined): { used: number; max: number } | undefined {
  const usage = /(?:^|[\s;])api-usage=(\d+)\/(\d+)/.exec((answer && headerOf(answer, 'sforce-limit-info')) ?? '');
  return usage === null ? undefined : { used: Number(usage[1]), max: Number(usage[2]) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readRecords(value: unknown): readonly SalesforceRecord[] {
  if (!Array.isArray(value) || !value.every(isObject)) throw new MalformedAnswerError('The answer holds no records.');
  return value;
}

function readPage(body: unknown): { records: readonly SalesforceRecord[]; next: string | undefined } {
  if (!isObject(body)) throw new MalformedAnswerError('The answer is no page of records.');
  const next = body['nextRecordsUrl'];
  const follow = body['done'] === false && typeof next === 'string' && next.startsWith('/services/data/');
  return { records: readRecords(body['records']), next: follow ? next : undefined };
}

interface Part {
  readonly status: number;
  readonly body: unknown;
}

function readParts(answer: unknown): ReadonlyMap<string, Part> {
  const response = isObject(answer) ? answer['compositeResponse'] : undefined;
  if (!Array.isArray(response)) throw new MalformedAnswerError('The answer is not that of a composite request.');
  const parts = new Map<string, Part>();
  for (const part of response.filter(isObject)) {
    const { referenceId, httpStatusCode: status, body } = part;
    if (typeof referenceId === 'string' && typeof status === 'number') parts.set(referenceId, { status, body });
  }
  return parts;
}

function readPart(part: Part | undefined): SalesforceResult<readonly SalesforceRecord[]> {
  if (part === undefined) throw new MalformedAnswerError('A part of the composite answer is missing.');
  if (part.status < 200 || part.status >= 300) return failed(failureOfPart(part.status, part.body));
  return { ok: true, value: readPage(part.body).records, apiUsage: undefined };
}

const failed = (failure: SalesforceFailure): { ok: false; failure: SalesforceFailure } => ({ ok: false, failure });
