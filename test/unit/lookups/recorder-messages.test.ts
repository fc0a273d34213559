import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createOutbox } from '../../../src/recorder-messages.ts';

it('sends what was said in one turn as one message, in its order', async () => {
  const sent: (readonly number[])[] = [];
  const outbox = createOutbox<number>((said) => sent.push(said));
  outbox.say(1);
  outbox.say(2);
  await sleep(1);
  outbox.say(3);
  await sleep(1);
  expect(sent).toEqual([[1, 2], [3]]);
});

it('waits for more when it may, and sends at once when it is told to', async () => {
  const sent: (readonly number[])[] = [];
  const outbox = createOutbox<number>((said) => sent.push(said), 60_000);
  outbox.say(1);
  await sleep(1);
  outbox.say(2);
  expect(sent).toEqual([]);
  outbox.flush();
  outbox.flush();
  expect(sent).toEqual([[1, 2]]);
});
