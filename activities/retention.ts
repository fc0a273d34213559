import type { LookupRunRetention } from '../src/ports.ts';
import { withHeartbeat } from './heartbeat.ts';

/** Small enough that no deletion holds up the recording of runs. */
const portion = 2_000;

export function createRetentionActivities({
  retention,
}: {
  readonly retention: Omit<LookupRunRetention, 'daysOf' | 'setDays'>;
}) {
  return {
    prepareLogPartitions: (): Promise<void> => retention.preparePartitions(),

    dropOldLogPartitions: (): Promise<readonly string[]> => retention.dropOldPartitions(),

    /** Deletes what no account keeps any longer, in portions; answers with how many. */
    deleteOldLookupRuns: (): Promise<number> =>
      withHeartbeat(async () => {
        let deleted = 0;
        for (let count = portion; count === portion; deleted += count) count = await retention.deleteOldRuns(portion);
        return deleted;
      }),
  };
}
