import type { DataCaller } from '../types.ts';
import { notFound, SalesforceError, SeveralMatches } from './errors.ts';
import { recordsOf, type Records } from './records.ts';
import type { Runtime } from './soql/fields.ts';

/** One call of the API, whether it came over HTTP or as a part of a composite request. */
export interface ApiCall {
  readonly caller: DataCaller;
  readonly records: Records;
  /** `v67.0`. */
  readonly version: string;
  /** Decoded values of the path's `:name` parts. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
  readonly nowMs: number;
  /** Makes the whole answer come this much later. */
  readonly delay: (ms: number) => void;
  /** Carries out another call of the same caller: what composite requests are made of. */
  dispatch(method: string, url: string, body: unknown, headers?: Readonly<Record<string, string>>): ApiAnswer;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Below `/services/data/vNN.0`. */
  readonly path: string;
  readonly handle: (call: ApiCall) => ApiAnswer;
}

export const ok = (body: unknown): ApiAnswer => ({ status: 200, body });

/** The runtime of a query of this call. */
export const runtimeOf = (call: ApiCall, strings: readonly string[], includeDeleted = false): Runtime => ({
  database: call.records.database(call.caller.user),
  strings,
  nowMs: call.nowMs,
  version: call.version,
  includeDeleted,
});

/** An error as an answer; what is no error of Salesforce's goes on as it is. */
export function answerOf(error: unknown): ApiAnswer {
  if (!(error instanceof SalesforceError)) throw error;
  if (error instanceof SeveralMatches) return { status: error.status, body: error.urls };
  return { status: error.status, body: [error.toBody()] };
}

/** Finds routes by method and path, for the parts of composite requests. */
export class Router {
  readonly #routes: readonly { readonly route: ApiRoute; readonly segments: readonly string[] }[];

  constructor(routes: readonly ApiRoute[]) {
    this.#routes = routes.map((route) => ({ route, segments: route.path.split('/').slice(1) }));
  }

  /** Carries out a call by its URL. Errors of Salesforce's become answers. */
  dispatch(
    context: Pick<ApiCall, 'caller' | 'nowMs' | 'delay'>,
    method: string,
    url: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): ApiAnswer {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const path = /^\/services\/data\/(v\d+\.\d+)\/(.*?)\/?$/.exec(pathname);
    // A part of a path that cannot be decoded names nothing.
    if (path === null || /%(?![0-9a-f]{2})/i.test(pathname)) return answerOf(notFound());
    const given = (path[2] ?? '').split('/').map((segment) => decodeURIComponent(segment));
    let known = false;
    for (const { route, segments } of this.#routes) {
      const params = match(segments, given);
      if (params === undefined) continue;
      known = true;
      if (route.method !== method.toUpperCase()) continue;
      return run(route, {
        ...context,
        records: recordsOf(context.caller.org),
        version: path[1] ?? '',
        params,
        query: searchParams,
        headers,
        body,
        dispatch: (...rest) => this.dispatch(context, ...rest),
      });
    }
    return answerOf(
      known ? new SalesforceError(405, 'METHOD_NOT_ALLOWED', `HTTP Method '${method}' not allowed.`) : notFound(),
    );
  }
}

export function run(route: ApiRoute, call: ApiCall): ApiAnswer {
  try {
    return route.handle(call);
  } catch (error) {
    return answerOf(error);
  }
}

function match(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const value = given[index] ?? '';
    if (segment.startsWith(':')) params[segment.slice(1)] = value;
    else if (segment !== value) return undefined;
  }
  return params;
}

/** A member of a JSON object of unknown shape. */
export const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
