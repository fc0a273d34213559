import type { Connection } from '../../../src/domain/connection.ts';
import type { LookupDefinition, Pbx } from '../../../src/domain/lookup.ts';
import type { Credentials, PbxToken, PhoneDirectory } from '../../../src/ports.ts';

export interface FakePhoneDirectory extends PhoneDirectory {
  readonly pbxs: Map<string, { pbx: Pbx; signingSecret: Uint8Array }>;
  readonly tokens: Map<string, PbxToken>;
  readonly lookups: Map<string, LookupDefinition>;
  /** By account. */
  readonly connections: Map<string, Connection>;
  readonly used: Map<string, number>;
  /** What the next reading of the row finds; and what is in memory from then on. */
  stored: Credentials | undefined;
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
    connections: new Map(),
    used: new Map(),
    stored: undefined,
    rereads: 0,
    pbx: (id) => fake.pbxs.get(id),
    token: (id) => fake.tokens.get(id),
    tokenUsed: (id, atMs) => void fake.used.set(id, atMs),
    lookup: (id) => fake.lookups.get(id),
    connection: (accountId) => fake.connections.get(accountId),
    credentials: (orgId) => (known?.orgId === orgId ? known : undefined),
    async reread() {
      fake.rereads += 1;
      if (fake.stored) fake.setCredentials(fake.stored);
      return known;
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
