import type { Connection } from '../../../src/domain/connection.ts';
import type { DialingRules } from '../../../src/domain/dialing-rules.ts';
import type { LookupDefinition } from '../../../src/domain/lookup.ts';
import type { Credentials, DirectoryPbx, ExtensionMap, PbxToken, PhoneDirectory } from '../../../src/ports.ts';
import { noExtensions, rules } from './lookups.ts';

export interface FakePhoneDirectory extends PhoneDirectory {
  readonly pbxs: Map<string, DirectoryPbx>;
  readonly tokens: Map<string, PbxToken>;
  readonly lookups: Map<string, LookupDefinition>;
  /** Sets by id; the rules of any country are those of Germany. */
  readonly ruleSets: Map<string, DialingRules>;
  /** By account. */
  readonly extensionMaps: Map<string, ExtensionMap>;
  /** By account. */
  readonly connections: Map<string, Connection>;
  readonly used: Map<string, number>;
  /** What the next reading of the row finds; and what is in memory from then on. */
  stored: Credentials | undefined;
  /** Likewise of the connection. */
  storedConnection: Connection | undefined;
  rereads: number;
  setCredentials(credentials: Credentials | undefined): void;
  setConnection(connection: Connection): void;
}

/** A directory of one org, changed by hand. */
export function createFakePhoneDirectory(): FakePhoneDirectory {
  let known: Credentials | undefined;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  const fake: FakePhoneDirectory = {
    pbxs: new Map(),
    tokens: new Map(),
    lookups: new Map(),
    ruleSets: new Map(),
    extensionMaps: new Map(),
    connections: new Map(),
    used: new Map(),
    stored: undefined,
    storedConnection: undefined,
    rereads: 0,
    pbx: (id) => fake.pbxs.get(id),
    token: (id) => fake.tokens.get(id),
    tokenUsed: (id, atMs) => void fake.used.set(id, atMs),
    lookup: (id) => fake.lookups.get(id),
    dialingRules: ({ dialingRulesId }) => fake.ruleSets.get(dialingRulesId ?? '') ?? rules,
    extensions: (accountId) => fake.extensionMaps.get(accountId) ?? noExtensions,
    connection: (accountId) => fake.connections.get(accountId),
    credentials: (orgId) => (known?.orgId === orgId ? known : undefined),
    async reread() {
      fake.rereads += 1;
      if (fake.stored) fake.setCredentials(fake.stored);
      return known;
    },
    async confirm() {
      if (fake.storedConnection) fake.setConnection(fake.storedConnection);
      if (fake.stored) fake.setCredentials(fake.stored);
    },
    waitForVersionAbove: (orgId, version, signal) =>
      new Promise((resolve) => {
        const end = (value: boolean) => {
          waiting.delete(look);
          signal.removeEventListener('abort', stop);
          resolve(value);
        };
        const stop = () => end(false);
        const look = () => {
          const connection = [...fake.connections.values()].find((candidate) => candidate.orgId === orgId);
          if (connection?.state === 'broken') end(false);
          else if ((known?.version ?? 0) > version) end(true);
        };
        waiting.add(look);
        signal.addEventListener('abort', stop);
        if (signal.aborted) stop();
        look();
      }),
    setCredentials(credentials) {
      known = credentials;
      wake();
    },
    setConnection(connection) {
      fake.connections.set(connection.accountId, connection);
      wake();
    },
  };
  return fake;
}
