import { SyntaxValidator } from 'fast-xml-validator';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import type { HTTPMethods, InjectOptions, LightMyRequestResponse } from 'fastify';

/*
 * A client that knows an API from its OpenAPI document alone: it makes up requests, right ones and wrong ones, and holds every answer to
 * what the document says of it.
 */

export interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly examples?: readonly string[];
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
  readonly example?: string;
  readonly schema: Schema;
}

interface Response {
  readonly headers?: Readonly<Record<string, { readonly schema: Schema; readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly responses: Readonly<Record<string, Response>>;
}

export interface OpenApiDocument {
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface DescribedOperation extends Operation {
  readonly method: HTTPMethods;
  readonly path: string;
  /** Everything that may be asked of the same path. */
  readonly methods: readonly HTTPMethods[];
  /** Names of the security schemes, any of which will do. */
  readonly schemes: readonly string[];
}

/** What a request is made of, before it is one. */
export interface Ask {
  readonly operation: DescribedOperation;
  readonly method: HTTPMethods;
  readonly prefix: string;
  readonly slash: string;
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly body: { readonly contentType: string; readonly text: string } | undefined;
  readonly accept: string | undefined;
  readonly credentials: string | undefined;
}

/** How a request is given leave to ask, by the name of a security scheme. */
export type Credentials = Readonly<Record<string, (request: Request) => Request>>;

const toMethod = (name: string) => name.toUpperCase();

export type Request = InjectOptions & { readonly url: string };

export const operationsOf = ({ paths, security }: OpenApiDocument): readonly DescribedOperation[] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      ...operation,
      method: toMethod(method),
      path,
      methods: Object.keys(operations).map(toMethod),
      schemes: (operation.security ?? security).flatMap((scheme) => Object.keys(scheme)),
      [fc.toStringMethod]: () => operation.operationId,
    })),
  );

const anyText = (maxLength: number) => fc.string({ unit: 'binary', maxLength }).map((text) => text.toWellFormed());

/** Texts that the schema allows. */
export function valid(schema: Schema): fc.Arbitrary<string> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(valid));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const { minLength = 0, maxLength = 64, examples = [] } = schema;
  return fc
    .oneof(fc.constantFrom(...examples, ...sentByPhoneSystems), anyText(maxLength))
    .filter((text) => text.length >= minLength && text.length <= maxLength);
}

const sentByPhoneSystems = [
  '+4975253099803',
  '0752543312',
  'anonymous',
  '101',
  'sip:+4975253099803@provider.example;user=phone',
];

/** Texts that the schema forbids; none where it allows all. */
export function invalid(schema: Schema): readonly fc.Arbitrary<string>[] {
  if (schema.anyOf) {
    const known = schema.anyOf.flatMap((each) => each.enum ?? []);
    return known.length === 0
      ? []
      : [fc.string({ maxLength: 10 }).filter((text) => !known.includes(text.toLowerCase()))];
  }
  const { maxLength } = schema;
  return maxLength === undefined ? [] : [fc.string({ minLength: maxLength + 1, maxLength: maxLength + 20 })];
}

const valuesOf = (schema: Schema): fc.Arbitrary<string> =>
  fc.oneof({ weight: 4, arbitrary: valid(schema) }, ...invalid(schema).map((arbitrary) => ({ weight: 1, arbitrary })));

/** Whether a value is sent at all. */
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });

const bodies = ({ requestBody }: Operation, values: (schema: Schema) => fc.Arbitrary<string>) =>
  Object.entries(requestBody?.content ?? {}).map(([contentType, { schema }]) =>
    fc
      .record(
        Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, each]) => [name, maybe(values(each))])),
      )
      .map((fields) => {
        const sent = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
        const text = contentType.includes('json')
          ? JSON.stringify(sent)
          : new URLSearchParams(sent as Record<string, string>).toString();
        return { contentType, text };
      }),
  );

const otherBodies = fc.record({
  contentType: fc.constantFrom(
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
    'image/png',
    'nonsense',
  ),
  text: fc.oneof(fc.json(), anyText(200), fc.constant('{'), fc.constant('x'.repeat(70_000))),
});

const accepts = [
  '*/*',
  'text/plain',
  'application/json',
  'application/xml;q=0.9, */*;q=0.1',
  'application/x-www-form-urlencoded',
  'image/png',
  ';;,q=',
];

/** Requests that keep to the document, with credentials, about what its examples name. */
export const rightAsk = (operation: DescribedOperation, credentials: Credentials): fc.Arbitrary<Ask> =>
  askBy(operation, {
    method: fc.constant(operation.method),
    path: ({ example = '' }) => fc.constant(example),
    query: ({ schema }) => valid(schema),
    body: operation.requestBody ? fc.oneof(...bodies(operation, valid)) : fc.constant(undefined),
    credentials: fc.constantFrom(...operation.schemes.filter((scheme) => scheme in credentials)),
  });

/** Requests of all kinds: with unknown ids, values that are forbidden, sent twice or not at all, other methods, other bodies, no leave. */
export const anyAsk = (operation: DescribedOperation, credentials: Credentials): fc.Arbitrary<Ask> =>
  askBy(operation, {
    method: fc.oneof(
      { weight: 4, arbitrary: fc.constant(operation.method) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<HTTPMethods[]>('GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'),
      },
    ),
    path: ({ example = '' }) =>
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(example, example.toLowerCase(), example.slice(0, -3)) },
        {
          weight: 1,
          arbitrary: fc
            .string({ unit: 'grapheme', minLength: 1, maxLength: 230 })
            .filter((text) => !/^\.+$/.test(text)),
        },
      ),
    query: ({ schema }) => valuesOf(schema),
    body: maybe(fc.oneof(...bodies(operation, valuesOf), otherBodies)),
    credentials: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...Object.keys(credentials)) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
  });

function askBy(
  operation: DescribedOperation,
  {
    method,
    path,
    query,
    body,
    credentials,
  }: {
    method: fc.Arbitrary<HTTPMethods>;
    path: (parameter: Parameter) => fc.Arbitrary<string>;
    query: (parameter: Parameter) => fc.Arbitrary<string>;
    body: fc.Arbitrary<Ask['body']>;
    credentials: fc.Arbitrary<string | undefined>;
  },
): fc.Arbitrary<Ask> {
  const parameters = operation.parameters ?? [];
  const ofPath = parameters.filter((parameter) => parameter.in === 'path');
  const ofQuery = parameters.filter((parameter) => parameter.in === 'query');
  return fc
    .record({
      method,
      prefix: fc.constantFrom('', '/acd'),
      slash: fc.constantFrom('', '/'),
      path: fc.record(Object.fromEntries(ofPath.map((parameter) => [parameter.name, path(parameter)]))),
      sent: fc.record(Object.fromEntries(ofQuery.map((parameter) => [parameter.name, maybe(query(parameter))]))),
      body,
      accept: maybe(fc.constantFrom(...accepts)),
      credentials,
    })
    .map(({ sent, ...ask }) => ({
      ...ask,
      operation,
      query: Object.entries(sent).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    }));
}

export function toRequest(ask: Ask, credentials: Credentials): Request {
  const path = ask.operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ask.path[name] ?? ''));
  const query = new URLSearchParams(Object.fromEntries(ask.query)).toString();
  const body = ['GET', 'HEAD', 'OPTIONS'].includes(ask.method) ? undefined : ask.body;
  const request: Request = {
    method: ask.method,
    url: `${ask.prefix}${path}${ask.slash}${query === '' ? '' : `?${query}`}`,
    headers: {
      ...(ask.accept !== undefined && { accept: ask.accept }),
      ...(body && { 'content-type': body.contentType }),
    },
    ...(body && { payload: body.text }),
  };
  return (credentials[ask.credentials ?? ''] ?? ((same) => same))(request);
}

const ajv = new Ajv2020({ strictTypes: false, strictRequired: false, allErrors: true });
addFormats.default(ajv);

/** Throws with what is wrong where an answer is not as the document says. */
export function holdToDocument(ask: Ask, answer: LightMyRequestResponse): void {
  const { operation, method } = ask;
  if (answer.statusCode >= 500) throw new Error(`it failed with ${String(answer.statusCode)}: ${answer.body}`);
  if (method === 'OPTIONS' || (method !== 'HEAD' && !operation.methods.includes(method))) {
    const expected = method === 'OPTIONS' ? 204 : 405;
    const allow = String(answer.headers.allow).split(', ');
    if (answer.statusCode === 404 && isUnreachable(ask)) return;
    if (answer.statusCode !== expected || !operation.methods.every((each) => allow.includes(each))) {
      throw new Error(`${method} is answered with ${String(answer.statusCode)}, allow: ${allow.join(', ')}`);
    }
    return;
  }
  // HEAD is answered as GET is, and a path may know another method than the one that was picked.
  const asked = method === 'HEAD' ? 'GET' : method;
  const described = asked === operation.method ? operation : undefined;
  if (!described) return;
  const response = described.responses[String(answer.statusCode)];
  if (!response) throw new Error(`status ${String(answer.statusCode)} is not described: ${answer.body}`);
  for (const [name, { schema, required }] of Object.entries(response.headers ?? {})) {
    const value = answer.headers[name.toLowerCase()];
    if (value === undefined && required !== true) continue;
    if (value === undefined) throw new Error(`the header ${name} is missing`);
    if (!ajv.validate(schema, schema.type === 'integer' ? Number(value) : value)) {
      throw new Error(`the header ${name} is ${String(value)}: ${ajv.errorsText()}`);
    }
  }
  const mediaType = String(answer.headers['content-type']).split(';')[0] ?? '';
  const content = response.content?.[mediaType];
  if (!content) throw new Error(`${String(answer.statusCode)} came as ${mediaType}, which is not described`);
  if (method === 'HEAD') {
    if (answer.body !== '') throw new Error('HEAD is answered with a body');
    return;
  }
  if (!ajv.validate(content.schema, parse(mediaType, answer.body))) {
    throw new Error(`${answer.body} is not as described: ${ajv.errorsText()}`);
  }
}

/** Longer than anything that is looked at. */
const isUnreachable = ({ path }: Ask): boolean =>
  Object.values(path).some((value) => encodeURIComponent(value).length > 200);

/** A body as its media type means it; the types that have no structure of their own are texts. */
function parse(mediaType: string, body: string): unknown {
  if (mediaType.endsWith('json')) return JSON.parse(body);
  if (mediaType === 'application/xml') {
    SyntaxValidator.validate(body); // throws
  }
  return body;
}
