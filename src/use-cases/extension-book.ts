import { isMappedExtension, splitExtensions, withOnePrimary, type GivenExtension } from '../domain/extensions.ts';
import type { Extensions, MappedExtension, NewExtension, OrgUser, OrgUsers } from '../ports.ts';
import { readExtensionCsv, writeExtensionCsv, type ImportFault } from './extension-csv.ts';
import type { AskOrg, OrgOutcome } from './org-access.ts';

const askLimitMs = 30_000;

export interface BookUser {
  readonly userId: string;
  readonly userName: string;
  /** Primary first. */
  readonly extensions: readonly MappedExtension[];
  /** False for a user who has extensions here but is no active user of the org. */
  readonly isInOrg: boolean;
}

export interface ExtensionBook {
  /** All users of the org with their extensions, by name; when the org cannot be asked, those who have one. */
  users(accountId: string): Promise<{
    readonly users: readonly BookUser[];
    readonly unavailable: Extract<OrgOutcome<never>, { ok: false }>['cause'] | undefined;
  }>;
  /** Takes the extensions from a field of the users, in place of those taken before; what people typed or imported stays. */
  fill(
    accountId: string,
    userField: string,
  ): Promise<OrgOutcome<{ readonly filled: number; readonly refused: number }>>;
  /** Replaces a user's extensions; false when one of them is none. */
  set(
    accountId: string,
    user: { readonly userId: string; readonly userName: string },
    extensions: readonly GivenExtension[],
  ): Promise<boolean>;
  export(accountId: string): Promise<string>;
  /** Replaces the extensions of the users that the file names. */
  import(
    accountId: string,
    csv: string,
  ): Promise<
    { readonly ok: true; readonly imported: number } | { readonly ok: false; readonly faults: readonly ImportFault[] }
  >;
}

/** The extensions of an org's users. */
export function createExtensionBook(dependencies: {
  readonly extensions: Extensions;
  readonly users: OrgUsers;
  readonly askOrg: AskOrg;
}): ExtensionBook {
  const { extensions, users: orgUsers, askOrg } = dependencies;

  const usersOf = (accountId: string, userField = 'Extension') =>
    askOrg(accountId, (session) => orgUsers.list(session, userField, AbortSignal.timeout(askLimitMs)));

  return {
    async users(accountId) {
      const [known, outcome] = await Promise.all([extensions.list(accountId), usersOf(accountId)]);
      const inOrg: readonly OrgUser[] = outcome.ok ? outcome.value : [];
      const mapped = Map.groupBy(known, ({ userId }) => userId);
      const names = new Map<string, string>([
        ...known.map(({ userId, userName }) => [userId, userName] as const),
        ...inOrg.map(({ id, name }) => [id, name] as const),
      ]);
      const active = new Set(inOrg.map(({ id }) => id));
      const users = [...names]
        .map(([userId, userName]) => ({
          userId,
          userName,
          extensions: mapped.get(userId) ?? [],
          isInOrg: !outcome.ok || active.has(userId),
        }))
        .sort((one, other) => one.userName.localeCompare(other.userName) || (one.userId < other.userId ? -1 : 1));
      return { users, unavailable: outcome.ok ? undefined : outcome.cause };
    },

    async fill(accountId, userField) {
      const outcome = await usersOf(accountId, userField);
      if (!outcome.ok) return outcome;
      const taken: NewExtension[] = [];
      let refused = 0;
      for (const { id, name, extension = '' } of outcome.value) {
        for (const part of splitExtensions(extension)) {
          if (!isMappedExtension(part)) refused += 1;
          else taken.push({ userId: id, userName: name, extension: part, isPrimary: false, source: 'salesforce' });
        }
      }
      await extensions.rewrite(accountId, (known) =>
        byUser([...known.filter(({ source }) => source !== 'salesforce'), ...taken]),
      );
      return { ok: true, value: { filled: taken.length, refused } };
    },

    async set(accountId, user, given) {
      if (!given.every(({ extension }) => isMappedExtension(extension))) return false;
      await extensions.setOfUser(
        accountId,
        user,
        withOnePrimary(given).map(({ extension, isPrimary }) => ({ extension, isPrimary, source: 'hand' })),
      );
      return true;
    },

    export: async (accountId) => writeExtensionCsv(await extensions.list(accountId)),

    async import(accountId, csv) {
      const outcome = await usersOf(accountId);
      const inMap = (await extensions.list(accountId)).map(
        ({ userId, userName }) => [userId, { id: userId, name: userName }] as const,
      );
      const inOrg = outcome.ok ? outcome.value.map((user) => [user.id, user] as const) : [];
      const read = readExtensionCsv(csv, [...new Map([...inMap, ...inOrg]).values()]);
      if (!read.ok) return read;
      const named = new Set(read.extensions.map(({ userId }) => userId));
      // Salesforce may have taken half a minute, in which somebody changed others' extensions: they stay.
      await extensions.rewrite(accountId, (known) => [
        ...known.filter(({ userId }) => !named.has(userId)),
        ...read.extensions,
      ]);
      return { ok: true, imported: read.extensions.length };
    },
  };
}

/** What was kept comes before what was taken, so that its primary one stays so. */
const byUser = (all: readonly NewExtension[]): readonly NewExtension[] =>
  [...Map.groupBy(all, ({ userId }) => userId).values()].flatMap(withOnePrimary);
