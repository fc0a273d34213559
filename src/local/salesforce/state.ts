import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRecords } from './data/index.ts';
import { createGrants } from './grants.ts';
import type { Grants, GrantsSnapshot } from './grants.ts';
import { to18 } from './ids.ts';
import { defaultPolicies } from './policies.ts';
import type { Clock, Org, OrgRecords, Policies, User } from './types.ts';
import { orgDefinitions } from './users.ts';
import type { OrgDefinition } from './users.ts';

/** An org as the frame sees it: what the contract calls read-only is changed here, by the control endpoints. */
export interface OrgState extends Org {
  users: readonly User[];
  policies: Policies;
  records: OrgRecords;
}

export type UserChanges = Partial<Pick<User, 'active' | 'frozen' | 'licences' | 'permissions'>>;

/** The ports of the orgs' own hosts, by org id. */
export type Ports = Record<string, number>;

interface StateFile {
  readonly ports: Ports;
  readonly grants: GrantsSnapshot;
  readonly orgs: Record<
    string,
    { policies: Partial<Policies>; users: Record<string, UserChanges>; records: unknown } | undefined
  >;
}

export interface State {
  readonly orgs: readonly OrgState[];
  readonly grants: Grants;
  readonly ports: Ports;
  /** By an id of 15 or 18 characters. */
  org(id: string): OrgState | undefined;
  userOf(org: Org, id: string): User | undefined;
  /** Data, policies and users as they were in the beginning; every grant revoked. */
  reset(): void;
  /** Written soon: many changes, one file. */
  saveSoon(): void;
  /** Resolves when everything that happened before the call is on the disk. */
  save(): Promise<void>;
  close(): Promise<void>;
}

const fileName = 'salesforce-stand-in.json';
const saveDelayMs = 250;

async function readState(file: string): Promise<StateFile | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as StateFile;
  } catch (error) {
    throw new Error(`The stand-in's state in ${file} is not readable. Remove the file to start afresh.`, {
      cause: error,
    });
  }
}

/** Only what was set: a default of a later version of the stand-in shall hold for what was not. */
function changedPolicies(policies: Policies): Partial<Policies> {
  const defaults = Object.entries(defaultPolicies());
  const isDefault = (name: string, value: unknown): boolean =>
    defaults.some(([each, standard]) => each === name && JSON.stringify(standard) === JSON.stringify(value));
  return Object.fromEntries(Object.entries(policies).filter(([name, value]) => !isDefault(name, value)));
}

/** What an org was given at first; policies and users change in place, because records are derived from them. */
function openOrg(
  definition: OrgDefinition,
  saved: StateFile['orgs'][string],
  {
    grants,
    clock,
    contacts,
    onChange,
  }: Pick<StateOptions, 'clock' | 'contacts'> & { grants: Grants; onChange: () => void },
): { org: OrgState; reset: () => void } {
  const base: Omit<OrgState, 'records'> = {
    id: definition.id,
    name: definition.name,
    isSandbox: definition.isSandbox,
    instanceName: definition.instanceName,
    users: definition.users(),
    policies: { ...defaultPolicies(), ...saved?.policies },
    oauthTokens: () => grants.rows(base),
  };
  for (const user of base.users) Object.assign(user, saved?.users[user.username]);
  let isAsSeeded = saved === undefined;
  const noteChange = (): void => {
    isAsSeeded = false;
    onChange();
  };
  const fill = (snapshot?: unknown): OrgRecords =>
    createRecords({
      org: base,
      clock,
      contacts,
      onChange: noteChange,
      ...(snapshot === undefined ? {} : { snapshot }),
    });
  const org: OrgState = Object.assign(base, { records: fill(saved?.records) });
  return {
    org,
    reset: () => {
      org.users = definition.users();
      org.policies = defaultPolicies();
      // Seeding takes a while, and most of the time nothing was written.
      if (!isAsSeeded) org.records = fill();
      isAsSeeded = true;
    },
  };
}

export interface StateOptions {
  readonly clock: Clock;
  /** Without it nothing outlives the process. */
  readonly dataDir?: string | undefined;
  readonly contacts?: number | undefined;
}

/**
 * Opens the state of an earlier run, or begins. The file is written whole beside the old one and renamed over it, so that a crash leaves
 * the one or the other.
 */
export async function openState({ clock, dataDir, contacts }: StateOptions): Promise<State> {
  const file = dataDir === undefined ? undefined : join(dataDir, fileName);
  if (dataDir !== undefined) await mkdir(dataDir, { recursive: true });
  const saved = file === undefined ? undefined : await readState(file);

  const grants = createGrants(clock, saved?.grants);
  const ports: Ports = { ...saved?.ports };
  const opened = orgDefinitions.map((definition) =>
    openOrg(definition, saved?.orgs[definition.id], { grants, clock, contacts, onChange: () => saveSoon() }),
  );
  const orgs = opened.map(({ org }) => org);

  const serialise = (): string => {
    const content: StateFile = {
      ports,
      grants: grants.snapshot(),
      orgs: Object.fromEntries(
        orgs.map((org) => [
          org.id,
          {
            policies: changedPolicies(org.policies),
            users: Object.fromEntries(
              org.users.map(({ username, active, frozen, licences, permissions }) => [
                username,
                { active, frozen, licences, permissions },
              ]),
            ),
            records: org.records.snapshot(),
          },
        ]),
      ),
    };
    return JSON.stringify(content);
  };

  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;

  const write = async (target: string): Promise<void> => {
    await writeFile(`${target}.new`, serialise(), { mode: 0o600 });
    await rename(`${target}.new`, target);
  };
  const save = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (file === undefined) return Promise.resolve();
    // Whoever asks while a write runs waits for the next one, which all of them share.
    queued ??= writing
      .catch(() => undefined)
      .then(() => {
        queued = undefined;
        return (writing = write(file));
      });
    return queued;
  };
  const saveSoon = (): void => {
    if (file === undefined) return;
    timer ??= setTimeout(() => void save().catch(complain), saveDelayMs).unref();
  };
  const complain = (error: unknown): void => {
    process.emitWarning(`The stand-in's state could not be written: ${String(error)}`);
  };

  return {
    orgs,
    grants,
    ports,
    org: (id) => orgs.find((org) => org.id === to18(id)),
    userOf: (org, id) => org.users.find((user) => user.id === to18(id)),
    reset: () => {
      for (const { org, reset } of opened) {
        grants.revokeAll(org.id);
        reset();
      }
      saveSoon();
    },
    saveSoon,
    save,
    close: () => save(),
  };
}
