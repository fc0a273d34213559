import type {
  DescribedField,
  DescribedObject,
  ListedObject,
  OrgSchema,
  SalesforceResources,
  SalesforceResult,
  SalesforceSession,
} from '../ports.ts';
import { apiName } from './soql.ts';

export interface OrgSchemaLimits {
  /** Known that long without asking. */
  readonly freshMs: number;
  /** Known that long if Salesforce says that nothing has changed; it does not count what a user may see as a change. */
  readonly keptMs: number;
  readonly entries: number;
}

const defaults: OrgSchemaLimits = { freshMs: 5 * 60_000, keptMs: 60 * 60_000, entries: 500 };

interface Entry {
  readonly value: unknown;
  readonly lastModified: string | undefined;
  readonly readAtMs: number;
  readonly askedAtMs: number;
}

/** The org's objects by describe, kept in memory for some minutes. */
export function createOrgSchema(
  { data, clock }: { data: SalesforceResources; clock: { now(): number } },
  limits: Partial<OrgSchemaLimits> = {},
): OrgSchema {
  const { freshMs, keptMs, entries } = { ...defaults, ...limits };
  const known = new Map<string, Entry>();

  async function read<T>(
    session: SalesforceSession,
    path: string,
    signal: AbortSignal,
    parse: (body: unknown) => T,
  ): Promise<SalesforceResult<T>> {
    const key = `${session.orgId} ${path}`;
    const nowMs = clock.now();
    const entry = known.get(key);
    const value = entry?.value as T;
    if (entry && nowMs - entry.askedAtMs < freshMs) return { ok: true, value, apiUsage: undefined };
    const since = entry && nowMs - entry.readAtMs < keptMs ? entry.lastModified : undefined;
    const answer = await data.resource(session, path, signal, since);
    if (!answer.ok) return answer;
    const { apiUsage } = answer;
    if (answer.value === undefined) {
      if (entry) remember(key, { ...entry, askedAtMs: nowMs });
      return { ok: true, value, apiUsage };
    }
    const parsed = parse(answer.value.body);
    remember(key, {
      value: parsed,
      lastModified: answer.value.lastModified,
      readAtMs: nowMs,
      askedAtMs: nowMs,
    });
    return { ok: true, value: parsed, apiUsage };
  }

  /** The one that was asked for longest ago makes room. */
  function remember(key: string, entry: Entry): void {
    known.delete(key);
    known.set(key, entry);
    const [oldest] = known.keys();
    if (known.size > entries && oldest !== undefined) known.delete(oldest);
  }

  return {
    objects: (session, signal) =>
      read(session, '/sobjects', signal, (body) => listOf(body, 'sobjects').map(readListed)),

    async object(session, name, signal) {
      if (!isName(name)) return { ok: true, value: undefined, apiUsage: undefined };
      const described = await read(session, `/sobjects/${name}/describe`, signal, readDescribed);
      return !described.ok && described.failure.answer === 'NOT_FOUND'
        ? { ok: true, value: undefined, apiUsage: undefined }
        : described;
    },
  };
}

function isName(name: string): boolean {
  try {
    return apiName(name) === name;
  } catch {
    return false;
  }
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function listOf(body: unknown, name: string): readonly Json[] {
  const list = isObject(body) ? body[name] : undefined;
  return Array.isArray(list) ? list.filter(isObject) : [];
}

const readListed = (object: Json): ListedObject => ({
  name: textOf(object['name']),
  label: textOf(object['label']),
  isCustom: object['custom'] === true,
  queryable: object['queryable'] === true,
  searchable: object['searchable'] === true,
});

const readDescribed = (body: unknown): DescribedObject => ({
  ...readListed(isObject(body) ? body : {}),
  fields: listOf(body, 'fields').map(readField),
});

function readField(field: Json): DescribedField {
  const { referenceTo, relationshipName } = field;
  return {
    name: textOf(field['name']),
    label: textOf(field['label']),
    type: textOf(field['type']),
    filterable: field['filterable'] === true,
    sortable: field['sortable'] === true,
    externalId: field['externalId'] === true,
    referenceTo: Array.isArray(referenceTo) ? referenceTo.filter((name) => typeof name === 'string') : [],
    relationshipName: typeof relationshipName === 'string' ? relationshipName : undefined,
  };
}
