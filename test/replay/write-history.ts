import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { writeFile } from 'node:fs/promises';

/** Under this name, as it is now; without the name of the machine, which Temporal puts into every event. */
export async function writeHistory(name: string, history: Parameters<typeof historyToJSON>[0]): Promise<void> {
  const file = new URL(`histories/${name}.json`, import.meta.url);
  const events = JSON.parse(historyToJSON(history), (key, value: unknown) =>
    key === 'identity' ? 'recorder' : value,
  ) as unknown;
  await writeFile(file, `${JSON.stringify(events, undefined, 1)}\n`);
}
