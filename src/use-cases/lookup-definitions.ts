import { isDeepStrictEqual } from 'node:util';
import { tripletId } from '../domain/ids.ts';
import type { DefinitionProblem, LookupDefinition } from '../domain/lookup.ts';
import type { DescribedObject, ListedObject, Lookups, OrgSchema, SecretTokens } from '../ports.ts';
import type { AskOrg, OrgOutcome } from './org-access.ts';
import { validateDefinition, type DefinitionDraft } from './validate-definition.ts';

const askLimitMs = 15_000;

export interface CheckedDefinition {
  readonly problems: readonly DefinitionProblem[];
  /** Why the org could not be asked, so that only the form was checked; undefined when it was. */
  readonly unchecked: Extract<OrgOutcome<never>, { ok: false }>['cause'] | undefined;
}

export type SavedDefinition =
  | { readonly ok: true; readonly lookup: LookupDefinition }
  | { readonly ok: false; readonly problems: readonly DefinitionProblem[] };

export interface LookupDefinitions {
  /** What the connected user may choose from. */
  objects(accountId: string): Promise<OrgOutcome<readonly ListedObject[]>>;
  object(accountId: string, name: string): Promise<OrgOutcome<DescribedObject | undefined>>;
  check(accountId: string, draft: DefinitionDraft): Promise<CheckedDefinition>;
  /** Makes a lookup, or with `id` changes it, unless something is wrong. Throws `LOOKUP_NOT_FOUND`. */
  save(accountId: string, draft: DefinitionDraft, id?: string): Promise<SavedDefinition>;
  /** A saved lookup, checked against the org at this moment; as it was where the org cannot be asked. */
  checked(lookup: LookupDefinition): Promise<LookupDefinition>;
  /** Checks all of an account's lookups against its org and notes what was found; answers with how many are broken. */
  recheck(accountId: string): Promise<number>;
}

/** The administrator's lookups, held to what the org has. An org that cannot be asked keeps nobody from saving: the next check tells. */
export function createLookupDefinitions(dependencies: {
  readonly lookups: Lookups;
  readonly schema: OrgSchema;
  readonly askOrg: AskOrg;
  readonly tokens: Pick<SecretTokens, 'bytes'>;
  readonly clock: { now(): number };
}): LookupDefinitions {
  const { lookups, schema, askOrg, tokens, clock } = dependencies;

  const objectOf = (accountId: string, name: string, signal: AbortSignal) =>
    askOrg(accountId, (session) => schema.object(session, name, signal));

  async function check(accountId: string, draft: DefinitionDraft): Promise<CheckedDefinition> {
    const signal = AbortSignal.timeout(askLimitMs);
    const described = new Map<string, Promise<DescribedObject | undefined>>();
    const describe = (name: string) => {
      const known =
        described.get(name) ??
        objectOf(accountId, name, signal).then((outcome) => {
          if (!outcome.ok) throw new UncheckedError(outcome.cause);
          return outcome.value;
        });
      described.set(name, known);
      return known;
    };
    try {
      return { problems: await validateDefinition(draft, describe), unchecked: undefined };
    } catch (error) {
      if (!(error instanceof UncheckedError)) throw error;
      return { problems: await validateDefinition(draft, undefined), unchecked: error.reason };
    }
  }

  /** Notes what was found; undefined where the org cannot be asked. */
  async function checkSaved(lookup: LookupDefinition): Promise<LookupDefinition | undefined> {
    const { problems, unchecked } = await check(lookup.accountId, lookup);
    if (unchecked !== undefined) return undefined;
    await lookups.noteCheck(lookup, problems);
    return { ...lookup, problems, checkedAtMs: clock.now() };
  }

  return {
    objects: (accountId) => askOrg(accountId, (session) => schema.objects(session, AbortSignal.timeout(askLimitMs))),

    object: (accountId, name) => objectOf(accountId, name, AbortSignal.timeout(askLimitMs)),

    check,

    async save(accountId, draft, id) {
      const { problems, unchecked } = await check(accountId, draft);
      if (problems.length > 0) return { ok: false, problems };
      const { kind, name, steps, fallbacks, fallbackExtension } = draft;
      const content = { name: name.trim(), steps, fallbacks, fallbackExtension };
      const checked = { problems, checkedAtMs: unchecked === undefined ? clock.now() : undefined };
      if (id === undefined) {
        const created = { id: tripletId(tokens.bytes(9)), accountId, kind, ...content, ...checked };
        return { ok: true, lookup: await lookups.create(created) };
      }
      // What the last check found stands as long as the steps do; of others nothing is known until the next.
      const stands = unchecked !== undefined && isDeepStrictEqual((await lookups.find(accountId, id))?.steps, steps);
      return { ok: true, lookup: await lookups.update({ id, accountId, ...content, ...(!stands && checked) }) };
    },

    checked: async (lookup) => (await checkSaved(lookup)) ?? lookup,

    async recheck(accountId) {
      let broken = 0;
      for (const lookup of await lookups.list(accountId)) {
        const checked = await checkSaved(lookup);
        if (checked === undefined) return broken;
        if (checked.problems.length > 0) broken += 1;
      }
      return broken;
    },
  };
}

class UncheckedError extends Error {
  override readonly name = 'UncheckedError';
  readonly reason: NonNullable<CheckedDefinition['unchecked']>;

  constructor(reason: NonNullable<CheckedDefinition['unchecked']>) {
    super('The org could not be asked.');
    this.reason = reason;
  }
}
