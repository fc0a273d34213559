import type { ErrorCode } from '../../src/errors.ts';

/*
 * As much of an OpenAPI 3.1 document as the API page shows. The document is ours, made from the schemas of the routes.
 */

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly examples?: readonly unknown[];
}

interface Body {
  readonly required?: boolean;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: Body;
  readonly responses?: Readonly<Record<string, Body & { readonly description?: string }>>;
}

export interface ApiDocument {
  readonly security?: Operation['security'];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface FieldView {
  readonly name: string;
  readonly where: string;
  readonly isRequired: boolean;
  readonly kind: string;
  readonly choices: readonly string[];
  readonly description: string;
}

export interface OperationView {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly access: readonly string[];
  readonly fields: readonly FieldView[];
  readonly responses: readonly {
    readonly status: string;
    readonly description: string;
    readonly mediaTypes: readonly string[];
    readonly members: readonly FieldView[];
  }[];
}

export function presentApi(document: ApiDocument): readonly OperationView[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      id: operation.operationId ?? `${method}-${path}`,
      method: method.toUpperCase(),
      path,
      summary: operation.summary ?? '',
      description: operation.description ?? '',
      access: [...new Set((operation.security ?? document.security ?? []).flatMap((scheme) => Object.keys(scheme)))],
      fields: [
        ...(operation.parameters ?? []).map(({ name, in: where, required = false, description, schema = {} }) =>
          field(name, where, required, { ...schema, ...(description !== undefined && { description }) }),
        ),
        ...membersOf(operation.requestBody, 'body'),
      ],
      responses: Object.entries(operation.responses ?? {}).map(([status, response]) => ({
        status,
        description: response.description ?? '',
        mediaTypes: Object.keys(response.content ?? {}),
        members: membersOf(response, ''),
      })),
    })),
  );
}

/** Of the JSON form of a body; the others have the same members. */
function membersOf(body: Body | undefined, where: string): readonly FieldView[] {
  const schemas = Object.values(body?.content ?? {}).map(({ schema }) => schema);
  const schema = schemas.find((each) => each?.properties !== undefined);
  return Object.entries(schema?.properties ?? {}).map(([name, member]) =>
    field(name, where, schema?.required?.includes(name) ?? false, member),
  );
}

function field(name: string, where: string, isRequired: boolean, schema: Schema): FieldView {
  const constants = [...(schema.anyOf ?? []).map((each) => each.const), ...(schema.enum ?? [])];
  return {
    name,
    where,
    isRequired,
    kind: schema.format ?? schema.type ?? (constants.length > 0 ? 'string' : ''),
    choices: constants.filter((choice) => choice !== undefined).map(String),
    description: schema.description ?? '',
  };
}

/** The errors that a phone system can meet. */
export const apiErrors = [
  'REQUEST_INVALID',
  'PBX_TOKEN_INVALID',
  'PBX_TOKEN_WRONG_PBX',
  'PBX_ADDRESS_NOT_ALLOWED',
  'PBX_NOT_FOUND',
  'LOOKUP_NOT_FOUND',
  'LOOKUP_WRONG_KIND',
  'TOO_MANY_REQUESTS',
] as const satisfies readonly ErrorCode[];
