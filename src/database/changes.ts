import type { Sql } from 'postgres';
import type { Change, ChangeFeed } from '../ports.ts';

const channel = 'trunkline_changes';

/** Tells every process of a change, when the transaction commits. Ids and versions only: a NOTIFY is readable by all. */
export const notifyChange = (change: Change): { channel: string; payload: string } => ({
  channel,
  payload: JSON.stringify(change),
});

/**
 * Hears the changes of all processes over one LISTEN connection of its own. When that connection was lost and is back, every
 * subscriber reloads, since notifications in between are gone.
 */
export async function openChangeFeed(sql: Sql): Promise<ChangeFeed & { close(): Promise<void> }> {
  const subscribers = new Set<{ listener: (change: Change) => void; reload: (() => void) | undefined }>();
  let listeningBefore = false;
  const listening = await sql.listen(
    channel,
    (payload) => {
      const change = JSON.parse(payload) as Change;
      for (const { listener } of subscribers) listener(change);
    },
    () => {
      if (listeningBefore) for (const { reload } of subscribers) reload?.();
      listeningBefore = true;
    },
  );
  return {
    subscribe(listener, reload) {
      const subscriber = { listener, reload };
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    async announce(change) {
      await sql.notify(channel, notifyChange(change).payload);
    },
    close: () => listening.unlisten(),
  };
}
