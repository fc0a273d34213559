import { Readable } from 'node:stream';
import type { OrgId, PbxId } from '../../src/domain/ids.ts';
import type { Logger } from '../../src/logger.ts';
import type { Account, Change, ChangeFeed, Clock, ConnectionEngine, Sessions } from '../../src/ports.ts';
import type { LiveStatus } from '../pages.ts';
import { regionNames, type Region, type RegionName, type Regions } from './regions.ts';

/** A stream whose session has ended goes on for at most this long. */
const checkSessionEveryMs = 30_000;
/** Many lookup runs within this time are told of once. */
const gatherRunsMs = 300;
/** A browser that does not read is cut off. */
const maxUnreadBytes = 1_000_000;

interface Stream {
  readonly output: Readable;
  readonly sessionIdHash: string;
  checkedAtMs: number;
  finished: boolean;
  /** What this browser was sent last. */
  sent: Partial<Record<RegionName, string>>;
}

export interface StatusStreams {
  /** A new stream of server-sent events for one browser. */
  open(account: Account, sessionIdHash: string): Readable;
  /** Ends all streams, so that a server that shuts down need not wait for them. */
  end(): void;
}

/**
 * Keeps open pages true. An account with open streams has one hub: it reads the status when PostgreSQL tells of a change, and with
 * every heartbeat besides, so that a heartbeat always means "this is how it stands": when the status cannot be read none is sent, and
 * the page says that it does not know.
 */
export function createStatusStreams(options: {
  liveStatus(account: Account): Promise<LiveStatus>;
  changes: ChangeFeed;
  engine: Pick<ConnectionEngine, 'watching'>;
  sessions: Pick<Sessions, 'find'>;
  clock: Clock;
  logger: Logger;
  heartbeatEveryMs: number;
}): StatusStreams {
  const { changes, engine, sessions, clock, logger, heartbeatEveryMs } = options;
  const hubs = new Map<string, Hub>();

  const unsubscribe = changes.subscribe(
    (change: Change) => {
      if (change.kind === 'connection' || change.kind === 'authorization') hubs.get(change.accountId)?.refresh();
      else if (change.kind === 'lookup-run') hubs.get(change.accountId)?.tellOfRuns(change.pbxId);
    },
    () => {
      for (const hub of hubs.values()) hub.refresh();
    },
  );

  /** How often that leads to a look at the token is a matter of the engine. */
  function watch(orgId: OrgId, sinceNow: boolean): void {
    engine.watching(orgId, sinceNow).catch((error: unknown) => logger.debug({ err: error }, 'watching was not told'));
  }

  /** Says that nothing follows; the stream closes when the browser has read the rest. */
  function finish(stream: Stream): void {
    stream.finished = true;
    stream.output.push(null);
  }

  interface Hub {
    readonly streams: Set<Stream>;
    refresh(): void;
    tellOfRuns(pbxId: PbxId): void;
    close(): void;
  }

  function createHub(account: Account): Hub {
    const streams = new Set<Stream>();
    let reading: 'no' | 'yes' | 'again' = 'no';
    const runs = new Set<PbxId>();
    let runsTimer: NodeJS.Timeout | undefined;
    const heartbeat = setInterval(refresh, heartbeatEveryMs);

    function refresh(): void {
      if (reading === 'no') void read();
      else reading = 'again';
    }

    async function read(): Promise<void> {
      do {
        reading = 'yes';
        try {
          const { connection, regions } = await options.liveStatus(account);
          if (connection && connection.state !== 'disconnected') watch(connection.orgId, [...streams].some(isNew));
          for (const stream of streams) sendStatus(stream, regions);
          await endSignedOut();
        } catch (error) {
          logger.warn({ err: error }, 'the status of a connection cannot be read');
        }
      } while (isAgain());
      reading = 'no';
    }
    const isAgain = () => reading === 'again';

    function sendStatus(stream: Stream, regions: Regions): void {
      const changed: Partial<Record<RegionName, Region>> = {};
      for (const name of regionNames) {
        if (stream.sent[name] === regions[name].version) continue;
        changed[name] = regions[name];
        stream.sent[name] = regions[name].version;
      }
      send(stream, 'status', { nowMs: clock.now(), regions: changed });
    }

    async function endSignedOut(): Promise<void> {
      const now = clock.now();
      for (const stream of streams) {
        if (now - stream.checkedAtMs < checkSessionEveryMs) continue;
        stream.checkedAtMs = now;
        const session = await sessions.find(stream.sessionIdHash);
        if (session && session.expiresAtMs > now) continue;
        send(stream, 'signed-out', {});
        finish(stream);
      }
    }

    return {
      streams,
      refresh,
      tellOfRuns(pbxId) {
        runs.add(pbxId);
        runsTimer ??= setTimeout(() => {
          runsTimer = undefined;
          for (const stream of streams) send(stream, 'lookup-runs', { pbxIds: [...runs] });
          runs.clear();
        }, gatherRunsMs);
      },
      close() {
        clearInterval(heartbeat);
        clearTimeout(runsTimer);
      },
    };
  }

  return {
    open(account, sessionIdHash) {
      const hub = hubs.get(account.id) ?? createHub(account);
      hubs.set(account.id, hub);
      const output = new Readable({ read: () => undefined });
      const stream: Stream = { output, sessionIdHash, checkedAtMs: clock.now(), finished: false, sent: {} };
      hub.streams.add(stream);
      output.once('close', () => {
        hub.streams.delete(stream);
        if (hub.streams.size > 0) return;
        hub.close();
        if (hubs.get(account.id) === hub) hubs.delete(account.id);
      });
      output.push('retry: 1000\n\n');
      hub.refresh();
      return output;
    },
    end() {
      unsubscribe();
      for (const hub of hubs.values()) for (const stream of hub.streams) finish(stream);
    },
  };
}

/** Its page has just been opened. */
const isNew = ({ sent }: Stream): boolean => Object.keys(sent).length === 0;

function send({ output, finished }: Stream, event: string, data: unknown): void {
  if (finished || output.destroyed) return;
  if (output.readableLength > maxUnreadBytes) output.destroy();
  else output.push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
