import { afterAll, beforeAll, beforeEach, it } from 'vitest';
import { openAlertWorld, type AlertWorld } from '../support/alert-world.ts';
import { writeHistory } from './write-history.ts';

let world: AlertWorld;
beforeAll(async () => {
  world = await openAlertWorld({ waitMs: 500 });
});
afterAll(() => world.close());
beforeEach(() => {
  world.hooked.length = 0;
});

it('records a break that is told, to a webhook at the second try', async () => {
  const connected = await world.connect();
  world.statuses.push(503);
  await connected.setState('broken', 'user-inactive');
  await world.tell(connected, 'broken');
  await world.resultOf(connected, 'broken');
  await writeHistory('alert-told', await world.history(connected, 'broken'));
});

it('records a break that is over before it is told', async () => {
  const connected = await world.connect();
  await connected.setState('broken', 'token-revoked');
  await world.tell(connected, 'broken');
  await connected.setState('active');
  await world.resultOf(connected, 'broken');
  await writeHistory('alert-overtaken', await world.history(connected, 'broken'));
});

it('records a break that a target never heard of', async () => {
  const connected = await world.connect();
  world.statuses.push(...Array.from({ length: 50 }, () => 503));
  await connected.setState('broken', 'api-disabled');
  await world.tell(connected, 'broken');
  await world.untilHooked();
  await world.endDayOf(connected, 'broken');
  await world.resultOf(connected, 'broken');
  await writeHistory('alert-given-up', await world.history(connected, 'broken'));
});
