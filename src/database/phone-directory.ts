import { setTimeout as sleep } from 'node:timers/promises';
import { eq, sql } from 'drizzle-orm';
import { connections } from '../../drizzle/schema/connections.ts';
import { credentials } from '../../drizzle/schema/credentials.ts';
import { dialingRules } from '../../drizzle/schema/dialing-rules.ts';
import { extensions } from '../../drizzle/schema/extensions.ts';
import { lookups } from '../../drizzle/schema/lookups.ts';
import { pbxTokens } from '../../drizzle/schema/pbx-tokens.ts';
import { pbxs } from '../../drizzle/schema/pbxs.ts';
import { isActive, type Connection } from '../domain/connection.ts';
import type { OrgId } from '../domain/ids.ts';
import type { DialingRules } from '../domain/dialing-rules.ts';
import type { LookupDefinition } from '../domain/lookup.ts';
import type { Logger } from '../logger.ts';
import type {
  Change,
  ChangeFeed,
  Credentials,
  DirectoryPbx,
  ExtensionMap,
  PbxToken,
  PhoneDirectory,
  Pbxs,
  Sealer,
} from '../ports.ts';
import { guardedPatiently, type Drizzle } from './client.ts';
import { toConnection } from './connections.ts';
import { toCredentials } from './credentials.ts';
import { toDialingRuleSet } from './dialing-rule-sets.ts';
import { toExtensionMap } from './extensions.ts';
import { toLookup } from './lookups.ts';
import { openImportedSecret, openSigningSecret, toPbx, toToken } from './pbxs.ts';
import { createReadInTurn } from './read-in-turn.ts';

const tokenUsesEveryMs = 30_000;
const readAgainAfterMs = 1_000;
const confirmEveryMs = 250;

/** What a change makes worth reading again. */
type Part = readonly [
  'pbx' | 'token' | 'lookup' | 'dialingRules' | 'extensions' | 'connection' | 'credentials',
  id: string,
];

const noExtensions = toExtensionMap([]);

/**
 * Everything that the phone API reads, in memory. It hears of changes by NOTIFY and reads the changed row again; after a lost LISTEN
 * it reads all. While PostgreSQL is away it goes on with what it has, and reads what it missed as soon as it can.
 *
 * What is in memory is never older than the last change heard of: of each row one reading is under way at most, a change that
 * arrives meanwhile has it read once more, and rows that change while all are read are read again after it.
 */
export async function openPhoneDirectory(dependencies: {
  readonly db: Drizzle;
  readonly sealer: Sealer;
  readonly changes: ChangeFeed;
  readonly pbxs: Pick<Pbxs, 'touchTokens'>;
  /** The rules of a country, for phone systems without a set of their own. */
  readonly rulesOfCountry: (country: string) => DialingRules;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
}): Promise<PhoneDirectory & { close(): Promise<void> }> {
  const { db, sealer, changes, logger } = dependencies;
  const known = {
    pbx: new Map<string, DirectoryPbx>(),
    token: new Map<string, PbxToken>(),
    lookup: new Map<string, LookupDefinition>(),
    dialingRules: new Map<string, DialingRules>(),
    /** By account. */
    extensions: new Map<string, ExtensionMap>(),
    /** By account. */
    connection: new Map<string, Connection>(),
    /** By org. */
    credentials: new Map<string, Credentials>(),
  };
  /** Those who wait for news of an org's credentials or connection. */
  const waiting = new Set<() => void>();
  const readInTurn = createReadInTurn();
  const readings = new Set<Promise<void>>();
  let changedMeanwhile: Part[] | undefined;
  const retries = new Set<NodeJS.Timeout>();
  /** By account: the reading that has not begun yet. */
  const confirming = new Map<string, Promise<void>>();
  const confirmedAtMs = new Map<string, number>();
  let used = new Map<string, number>();

  /** What is gone is forgotten. */
  const readers: Readonly<Record<Part[0], (id: string) => Promise<void>>> = {
    async pbx(id) {
      const [row] = await db.select().from(pbxs).where(eq(pbxs.id, id));
      if (row) setPbx(row);
      else known.pbx.delete(id);
    },
    async token(id) {
      const [row] = await db.select().from(pbxTokens).where(eq(pbxTokens.id, id));
      if (row) known.token.set(id, toToken(row));
      else known.token.delete(id);
    },
    async lookup(id) {
      const [row] = await db.select().from(lookups).where(eq(lookups.id, id));
      if (row) setLookup(row);
      else known.lookup.delete(id);
    },
    async dialingRules(id) {
      const [row] = await db.select().from(dialingRules).where(eq(dialingRules.id, id));
      if (row) setDialingRules(row);
      else known.dialingRules.delete(id);
    },
    async extensions(accountId) {
      const rows = await db.select().from(extensions).where(eq(extensions.accountId, accountId));
      known.extensions.set(accountId, toExtensionMap(rows));
    },
    async connection(accountId) {
      const rows = await db.select().from(connections).where(eq(connections.accountId, accountId)).orderBy(linkedLast);
      const row = rows.at(-1);
      if (row) known.connection.set(accountId, toConnection(row));
      else known.connection.delete(accountId);
    },
    async credentials(orgId) {
      const [row] = await db.select().from(credentials).where(eq(credentials.orgId, orgId));
      if (row) setCredentials(row);
      else known.credentials.delete(orgId);
    },
  };

  const unsubscribe = changes.subscribe(
    (change) => {
      const part = partOf(change);
      if (part) keepReading(() => readPart(part));
    },
    () => keepReading(readAll),
  );
  const writing = setInterval(() => void writeTokenUses(), tokenUsesEveryMs);
  writing.unref();
  try {
    await readAll();
  } catch (error) {
    stop();
    throw error;
  }

  return {
    pbx: (id) => known.pbx.get(id),
    token: (id) => known.token.get(id),
    tokenUsed: (id, atMs) => void used.set(id, atMs),
    lookup: (id) => known.lookup.get(id),
    dialingRules: ({ country, dialingRulesId }) =>
      (dialingRulesId === undefined ? undefined : known.dialingRules.get(dialingRulesId)) ??
      dependencies.rulesOfCountry(country),
    extensions: (accountId) => known.extensions.get(accountId) ?? noExtensions,
    connection: (accountId) => known.connection.get(accountId),
    credentials: (orgId) => known.credentials.get(orgId),
    async reread(orgId) {
      await readPart(['credentials', orgId]);
      return known.credentials.get(orgId);
    },
    confirm,
    waitForVersionAbove,
    async close() {
      stop();
      await Promise.allSettled(readings);
      await writeTokenUses();
    },
  };

  function stop(): void {
    unsubscribe();
    clearInterval(writing);
    for (const retry of retries) clearTimeout(retry);
  }

  /** Reads now, and again every second for as long as that fails. */
  function keepReading(read: () => Promise<void>): void {
    read().catch((error: unknown) => {
      logger.warn({ err: error }, 'a change could not be read; the phone API goes on with what it knows');
      const retry = setTimeout(() => {
        retries.delete(retry);
        keepReading(read);
      }, readAgainAfterMs);
      retry.unref();
      retries.add(retry);
    });
  }

  /** An account that cannot be connected, but is asked for all the time, costs no more than a reading each quarter of a second. */
  function confirm(accountId: string): Promise<void> {
    const reading = confirming.get(accountId) ?? readInItsTime(accountId);
    confirming.set(accountId, reading);
    return reading;
  }

  async function readInItsTime(accountId: string): Promise<void> {
    const before = confirmedAtMs.get(accountId) ?? -Infinity;
    await sleep(Math.max(0, before + confirmEveryMs - performance.now()), undefined, { ref: false });
    // Whoever asks from here on wants a reading that begins later.
    confirming.delete(accountId);
    confirmedAtMs.set(accountId, performance.now());
    await readPart(['connection', accountId]);
    const connection = known.connection.get(accountId);
    if (connection) await readPart(['credentials', connection.orgId]);
  }

  async function readPart(part: Part): Promise<void> {
    changedMeanwhile?.push(part);
    const reading = readInTurn(part.join(' '), () => guardedPatiently(() => readers[part[0]](part[1])));
    readings.add(reading);
    try {
      await reading;
    } finally {
      readings.delete(reading);
    }
    wake();
  }

  function readAll(): Promise<void> {
    return readInTurn('all', async () => {
      await Promise.allSettled(readings);
      changedMeanwhile = [];
      try {
        await guardedPatiently(readEverything);
      } finally {
        const parts = changedMeanwhile;
        changedMeanwhile = undefined;
        for (const part of parts) keepReading(() => readPart(part));
      }
      wake();
    });
  }

  async function readEverything(): Promise<void> {
    const [pbxRows, tokenRows, lookupRows, ruleRows, extensionRows, connectionRows, credentialsRows] =
      await Promise.all([
        db.select().from(pbxs),
        db.select().from(pbxTokens),
        db.select().from(lookups),
        db.select().from(dialingRules),
        db.select().from(extensions),
        db.select().from(connections).orderBy(linkedLast),
        db.select().from(credentials),
      ]);
    for (const map of Object.values(known)) map.clear();
    for (const row of pbxRows) setPbx(row);
    for (const row of tokenRows) known.token.set(row.id, toToken(row));
    for (const row of lookupRows) setLookup(row);
    for (const row of ruleRows) setDialingRules(row);
    for (const [accountId, rows] of Map.groupBy(extensionRows, (row) => row.accountId)) {
      known.extensions.set(accountId, toExtensionMap(rows));
    }
    for (const row of connectionRows) known.connection.set(row.accountId, toConnection(row));
    for (const row of credentialsRows) setCredentials(row);
  }

  function setPbx(row: typeof pbxs.$inferSelect): void {
    readable('signing secret', { pbxId: row.id }, () =>
      known.pbx.set(row.id, {
        pbx: toPbx(row),
        signingSecret: openSigningSecret(sealer, row.id, row.signingSecretSealed),
        ...(row.importedSecretSealed !== null && {
          importedSecret: openImportedSecret(sealer, row.id, row.importedSecretSealed),
        }),
      }),
    );
  }

  function setLookup(row: typeof lookups.$inferSelect): void {
    readable('lookup', { lookupId: row.id }, () => known.lookup.set(row.id, toLookup(row)));
  }

  function setDialingRules(row: typeof dialingRules.$inferSelect): void {
    readable('dialing rules', { id: row.id }, () => known.dialingRules.set(row.id, toDialingRuleSet(row).rules));
  }

  function setCredentials(row: typeof credentials.$inferSelect): void {
    readable('credentials', { orgId: row.orgId }, () => known.credentials.set(row.orgId, toCredentials(row, sealer)));
  }

  /** A secret that cannot be opened, or JSON of another version, is the trouble of its owner alone. */
  function readable(what: string, subject: object, open: () => void): void {
    try {
      open();
    } catch (error) {
      logger.error({ err: error, ...subject }, `stored ${what} cannot be read`);
    }
  }

  /** Wakes those who wait, however the row has changed. */
  function wake(): void {
    for (const look of waiting) look();
  }

  function waitForVersionAbove(orgId: OrgId, version: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isThere: boolean) => {
        waiting.delete(look);
        signal.removeEventListener('abort', giveUp);
        resolve(isThere);
      };
      const giveUp = () => end(false);
      const look = () => {
        const current = known.credentials.get(orgId);
        if (current && current.version > version) end(true);
        else if (!isActive(connectionOfOrg(orgId)?.state)) end(false);
      };
      signal.addEventListener('abort', giveUp);
      waiting.add(look);
      if (signal.aborted) giveUp();
      else look();
    });
  }

  /** Only for those who wait, who are few. */
  function connectionOfOrg(orgId: OrgId): Connection | undefined {
    for (const connection of known.connection.values()) {
      if (connection.orgId === orgId && connection.state !== 'disconnected') return connection;
    }
    return undefined;
  }

  async function writeTokenUses(): Promise<void> {
    const uses = used;
    used = new Map();
    try {
      await dependencies.pbxs.touchTokens(uses);
    } catch (error) {
      logger.warn({ err: error }, 'when tokens were last used could not be written');
      used = new Map([...uses, ...used]);
    }
  }
}

/** The connection of an account that is not disconnected, else the one disconnected last, comes last. */
const linkedLast = sql`(${connections.state} <> 'disconnected'), ${connections.since}`;

function partOf(change: Change): Part | undefined {
  switch (change.kind) {
    case 'pbx':
      return ['pbx', change.id];
    case 'pbx-token':
      return ['token', change.id];
    case 'lookup':
      return ['lookup', change.id];
    case 'dialing-rules':
      return ['dialingRules', change.id];
    case 'extensions':
      return ['extensions', change.accountId];
    case 'connection':
      return ['connection', change.accountId];
    case 'credentials':
      return ['credentials', change.orgId];
    case 'connection-asked':
    case 'authorization':
    case 'lookup-run':
      return undefined;
  }
}
