import { isMappedExtension } from '../domain/extensions.ts';
import type { ExtensionSource, UserSource } from '../domain/lookup-step.ts';
import type {
  ExtensionMap,
  FoundRecord,
  RecordSearch,
  RecordSearchCall,
  RecordUser,
  SalesforceFailure,
} from '../ports.ts';
import type { AskedStep } from './record-matches.ts';

export type FoundExtension =
  | { readonly ok: true; readonly extension: string }
  | { readonly ok: true; readonly missing: 'no-extension' | 'owner-inactive' }
  | { readonly ok: false; readonly failure: SalesforceFailure };

export type ExtensionPlace = 'map' | 'user-field' | 'record' | 'nowhere';

/**
 * Whose extension a record stands for, for one question: each record of a step is asked about once, however often it is decided.
 *
 * Salesforce is asked once more only where the queries could not tell the user: one by name, since only Salesforce knows whether there
 * is one active user of that name, or one that the query told by id alone. Nobody's extension rings who is not active.
 */
export function createFindExtension(of: {
  readonly search: Pick<RecordSearch, 'user'>;
  readonly extensions: ExtensionMap;
  readonly call: () => RecordSearchCall;
  readonly tell: {
    readonly answered: (rows: number) => void;
    readonly extension: (step: number, from: ExtensionPlace) => void;
  };
}) {
  const { search, extensions, call, tell } = of;
  const known = new Map<string, Promise<FoundExtension>>();
  const asked = new Map<string, ReturnType<RecordSearch['user']>>();

  return ({ position }: AskedStep, source: ExtensionSource, record: FoundRecord): Promise<FoundExtension> => {
    const key = `${position} ${record.id}`;
    const found = known.get(key) ?? find(source, record, position);
    known.set(key, found);
    return found;
  };

  async function find(source: ExtensionSource, record: FoundRecord, position: number): Promise<FoundExtension> {
    /** A field of Salesforce may hold anything; what cannot be rung is no extension. */
    const from = (where: ExtensionPlace, value: string | undefined): FoundExtension => {
      const extension = value !== undefined && isMappedExtension(value) ? value : undefined;
      tell.extension(position, extension === undefined ? 'nowhere' : where);
      return extension === undefined ? { ok: true, missing: 'no-extension' } : { ok: true, extension };
    };
    if (source.from === 'record') return from('record', record.values[source.field]);
    const user = await userOf(source, record);
    if (!user.ok) return user;
    if (user.value?.kind !== 'user') return from('user-field', undefined);
    if (!user.value.isActive) return { ok: true, missing: 'owner-inactive' };
    const mapped = extensions.ofUser(user.value.id);
    return mapped === undefined ? from('user-field', user.value.fields[source.userField]) : from('map', mapped);
  }

  async function userOf(
    { user, userField }: Extract<ExtensionSource, { from: 'user' }>,
    record: FoundRecord,
  ): Promise<{ ok: true; value: RecordUser | undefined } | { ok: false; failure: SalesforceFailure }> {
    const told = user.is === 'field' ? record.users[user.field] : undefined;
    const name = nameOf(user, record);
    const by = told?.kind === 'user-id-only' ? { id: told.id } : name === undefined ? undefined : { name };
    if (by === undefined) return { ok: true, value: told };
    const key = JSON.stringify([by, userField]);
    const answering = asked.get(key) ?? ask(by, userField);
    asked.set(key, answering);
    return answering;
  }

  async function ask(by: Parameters<RecordSearch['user']>[0], userField: string): ReturnType<RecordSearch['user']> {
    const answer = await search.user(by, [userField], call());
    if (answer.ok) tell.answered(answer.value === undefined ? 0 : 1);
    return answer;
  }
}

function nameOf(user: UserSource, { values }: FoundRecord): string | undefined {
  switch (user.is) {
    case 'field':
      return undefined;
    case 'named':
      return user.name.trim();
    case 'named-in':
      return values[user.field];
  }
}
