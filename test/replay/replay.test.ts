import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { service } from '../support/services.ts';

const folder = new URL('histories/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

interface Recorded {
  events: {
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  }[];
}
const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Recorded;

async function replay(name: string, recorded: Recorded): Promise<Error | undefined> {
  const workflowBundle = await service('workflow-bundle');
  const histories = [{ workflowId: name.replace('.json', ''), history: historyFromJSON(recorded) }];
  for await (const { error } of Worker.runReplayHistories({ workflowBundle }, histories)) return error;
  throw new Error('nothing was replayed');
}

it('has recordings of everything that a running connection, and a message about one, may have been through', () => {
  expect(files).toEqual(
    expect.arrayContaining(
      [
        'authorization-connect',
        'authorization-again',
        'authorization-refused',
        'connection-connect',
        'connection-refresh',
        'connection-rotation',
        'connection-slow-refresh',
        'connection-refresh-while-broken',
        'connection-uncertain-refresh',
        'connection-broken-and-repaired',
        'connection-disconnected',
        'connection-continue-as-new',
        'connection-continued',
        'alert-told',
        'alert-overtaken',
        'alert-given-up',
      ].map((name) => `${name}.json`),
    ),
  );
});

it.each(files)('replays %s with the workflows of today', async (file) => {
  expect(await replay(file, read(file))).toBeUndefined();
});

it.each(files.filter((file) => read(file).events.some((event) => event.activityTaskScheduledEventAttributes)))(
  'refuses %s when it was tampered with',
  async (file) => {
    const recorded = read(file);
    const scheduled = recorded.events.findLast((event) => event.activityTaskScheduledEventAttributes);
    if (!scheduled?.activityTaskScheduledEventAttributes) throw new Error('no activity in this history');
    scheduled.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
    expect(await replay(file, recorded)).toBeInstanceOf(Error);
  },
);
