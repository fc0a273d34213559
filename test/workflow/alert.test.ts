import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { requestSigner } from '../../src/crypto/request-signer.ts';
import { flappingSeenForMs } from '../../src/domain/alerts.ts';
import { readSignature } from '../../src/domain/request-signature.ts';
import { hookSecret, openAlertWorld, type AlertWorld } from '../support/alert-world.ts';
import { messagesTo } from '../support/inbox.ts';

const waitMs = 1_500;
let world: AlertWorld;
beforeAll(async () => {
  world = await openAlertWorld({ waitMs });
});
afterAll(() => world.close());
beforeEach(() => {
  world.hooked.length = 0;
  world.statuses.length = 0;
});

describe('a break', () => {
  it('is told in the words of the page, by mail and by a signed webhook; so is its repair', async () => {
    const connected = await world.connect();
    await connected.setState('broken', 'user-inactive');
    await world.tell(connected, 'broken-1');
    expect(await world.resultOf(connected, 'broken-1')).toEqual({
      event: 'connection.broken',
      targets: 2,
      delivered: 2,
    });
    const [mail] = await world.mailsTo(connected);
    expect(mail).toContain('Subject: Salesforce connection Inactive: The Salesforce user is deactivated');
    expect(mail).toContain(`ACME (${connected.orgId}) is Inactive since`);
    expect(mail).toContain('admin@acme.example is not active in Salesforce any more.');
    expect(mail).toContain('What to do: Activate the user again');
    expect(mail).toContain('https://trunkline.example/salesforce-connection');

    const [hook] = world.hooked;
    expect(hook?.path).toBe('/hook?team=phones');
    expect(JSON.parse(hook?.body ?? '')).toEqual({
      event: 'connection.broken',
      orgId: connected.orgId,
      state: 'broken',
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
      reason: 'user-inactive',
      explanation: expect.stringContaining('The Salesforce user is deactivated.') as unknown,
      nextStep: expect.stringContaining('Activate the user again') as unknown,
    });
    const reading = readSignature(hook?.headers ?? {});
    if (reading.kind !== 'signed') throw new Error(reading.kind);
    const request = { method: 'POST', path: '/hook?team=phones', body: hook?.body ?? '' };
    expect(requestSigner.isSignedWith(request, reading.signature, hookSecret)).toBe(true);
    expect(requestSigner.isSignedWith(request, reading.signature, 'another secret')).toBe(false);

    await connected.setState('active');
    await world.tell(connected, 'repaired-2');
    expect(await world.resultOf(connected, 'repaired-2')).toMatchObject({ event: 'connection.repaired', delivered: 2 });
    expect((await world.mailsTo(connected)).some((each) => each.includes('Salesforce connection Active again'))).toBe(
      true,
    );
    expect(JSON.parse(world.hooked[1]?.body ?? '')).toMatchObject({
      event: 'connection.repaired',
      state: 'active',
      reason: null,
      nextStep: null,
    });
  });

  it('that is over before it is told is not told', async () => {
    const connected = await world.connect();
    await connected.setState('broken', 'token-revoked');
    await world.tell(connected, 'broken-1');
    await connected.setState('active');
    expect(await world.resultOf(connected, 'broken-1')).toEqual({ event: null, targets: 0, delivered: 0 });
    expect(await world.mailsTo(connected)).toEqual([]);
    expect(world.hooked).toEqual([]);
  });

  it('that flaps is told once, as it stands last', async () => {
    const connected = await world.connect();
    const occasions: string[] = [];
    for (let flap = 0; flap < 5; flap += 1) {
      await connected.setState('broken', flap === 4 ? 'api-disabled' : 'token-revoked');
      occasions.push(`broken-${flap}`);
      await world.tell(connected, `broken-${flap}`);
      if (flap < 4) await connected.setState('active');
    }
    const results = await Promise.all(occasions.map((occasion) => world.resultOf(connected, occasion)));
    // The one that began last has waited for itself; the others have passed.
    expect(results.map(({ event }) => event)).toEqual([null, null, null, null, 'connection.broken']);
    expect(await world.mailsTo(connected)).toHaveLength(1);
    expect(world.hooked.map(({ body }) => (JSON.parse(body) as { reason: string }).reason)).toEqual(['api-disabled']);
  });

  it.each([
    ['login-hours', true],
    ['token-revoked', false],
  ] as const)(
    'of a connection that keeps breaking says so, unless it will not mend itself: %s',
    async (cause, says) => {
      const connected = await world.connect();
      for (const minutes of [12, 6, 1]) await connected.brokeBefore(minutes);
      await connected.setState('broken', cause);
      await world.tell(connected, 'broken-1', 'state', 'none');
      expect(await world.resultOf(connected, 'broken-1')).toMatchObject({ delivered: 2 });
      const [mail] = await world.mailsTo(connected);
      expect(mail?.includes('breaking again and again')).toBe(says);
      expect(world.hooked[0]?.body.includes('breaking again and again')).toBe(says);
    },
  );

  it.each([
    ['none', 1],
    ['usual', waitMs],
    ['long', flappingSeenForMs],
  ] as const)('is waited for as its patience says: %s', async (patience, expectedMs) => {
    const connected = await world.connect();
    await world.tell(connected, 'broken-1', 'state', patience);
    const waited = async () => {
      const { events } = await world.history(connected, 'broken-1');
      const timer = events?.find(({ timerStartedEventAttributes }) => timerStartedEventAttributes);
      return optionalTsToMs(timer?.timerStartedEventAttributes?.startToFireTimeout);
    };
    await expect.poll(waited, { timeout: 10_000 }).toBe(expectedMs);
  });

  it('that is heard of many times is told once', async () => {
    const connected = await world.connect();
    await connected.setState('broken', 'token-revoked');
    await Promise.all(Array.from({ length: 5 }, () => world.tell(connected, 'broken-1')));
    expect(await world.resultOf(connected, 'broken-1')).toMatchObject({ delivered: 2 });
    await world.tell(connected, 'broken-1');
    expect(await world.resultOf(connected, 'broken-1')).toMatchObject({ event: null });
    expect(await world.mailsTo(connected)).toHaveLength(1);
  });
});

describe('a target', () => {
  it('is told again and again until it takes the message, and does not keep others waiting', async () => {
    const connected = await world.connect();
    world.statuses.push(503);
    await connected.setState('broken', 'token-revoked');
    await world.tell(connected, 'broken-1');
    await expect.poll(() => world.mailsTo(connected).then(({ length }) => length), { timeout: 10_000 }).toBe(1);
    expect(await world.resultOf(connected, 'broken-1')).toMatchObject({ targets: 2, delivered: 2 });
    expect(world.hooked).toHaveLength(2);
    const nonces = world.hooked.map(({ headers }) => headers['x-trunkline-nonce']);
    expect(new Set(nonces).size).toBe(2);
    expect(await world.mailsTo(connected)).toHaveLength(1);
  });

  it('is tried again with growing waits for a day', async () => {
    const connected = await world.connect();
    await connected.setState('broken', 'token-revoked');
    await world.tell(connected, 'broken-1');
    await world.resultOf(connected, 'broken-1');
    const { events } = await world.history(connected, 'broken-1');
    const deliveries = (events ?? [])
      .map((event) => event.activityTaskScheduledEventAttributes)
      .filter((attributes) => attributes?.activityType?.name === 'deliverAlert');
    expect(deliveries).toHaveLength(2);
    for (const { retryPolicy, scheduleToCloseTimeout } of deliveries.filter((attributes) => !!attributes)) {
      expect(retryPolicy).toMatchObject({ maximumAttempts: 0, nonRetryableErrorTypes: [] });
      const first = seconds(retryPolicy?.initialInterval);
      const longest = seconds(retryPolicy?.maximumInterval);
      const waits: number[] = [];
      // As Temporal does it: no further attempt that would begin after the time for all of them is over.
      for (let wait = first, passed = 0; (passed += wait) < seconds(scheduleToCloseTimeout);) {
        waits.push(wait);
        wait = Math.min(wait * (retryPolicy?.backoffCoefficient ?? 1), longest);
      }
      expect(waits.slice(0, 11)).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600]);
      expect(new Set(waits.slice(10))).toEqual(new Set([3_600]));
      const lastAttempt = waits.reduce((sum, wait) => sum + wait, 0);
      expect(lastAttempt).toBeLessThan(day);
      expect(lastAttempt).toBeGreaterThan(day - 3_600);
    }
  });

  it('is given up when the day is over, and does not keep the others from having been told', async () => {
    const connected = await world.connect();
    world.statuses.push(...Array.from({ length: 50 }, () => 503));
    await connected.setState('broken', 'token-revoked');
    await world.tell(connected, 'broken-1');
    await world.untilHooked();
    await world.endDayOf(connected, 'broken-1');
    expect(await world.resultOf(connected, 'broken-1')).toEqual({
      event: 'connection.broken',
      targets: 2,
      delivered: 1,
    });
    const [, hook] = await world.targets.list(connected.account.id);
    expect(hook).toMatchObject({ kind: 'webhook', lastDelivery: { failure: 'answered-503' } });
  });

  it('that is switched off or not confirmed is not told', async () => {
    const connected = await world.connect();
    const accountId = connected.account.id;
    await world.targets.addMail({
      accountId,
      address: 'stranger@example.com',
      confirmTokenHash: connected.connectionId,
    });
    await world.targets.setEnabled(accountId, connected.webhook.id, false);
    await connected.setState('broken', 'token-revoked');
    await world.tell(connected, 'broken-1');
    expect(await world.resultOf(connected, 'broken-1')).toMatchObject({ targets: 1, delivered: 1 });
    expect(world.hooked).toEqual([]);
    expect(await messagesTo(world.inbox, 'stranger@example.com')).toEqual([]);
  });
});

it('tells an early warning once a day', async () => {
  const connected = await world.connect();
  await connected.setApiCalls(81, 100);
  const warn = async (occasion: string) => {
    await world.tell(connected, occasion, 'api-calls-high');
    return world.resultOf(connected, occasion);
  };
  expect(await warn('day-1')).toMatchObject({ event: 'connection.warning', delivered: 2 });
  expect(await warn('day-2')).toMatchObject({ event: null });
  expect(JSON.parse(world.hooked[0]?.body ?? '')).toMatchObject({
    event: 'connection.warning',
    state: 'active',
    reason: 'api-calls-high',
  });
});

it('keeps names, addresses and secrets out of history', async () => {
  const connected = await world.connect('/hook?password=open-sesame');
  world.statuses.push(500);
  await connected.setState('broken', 'user-inactive');
  await world.tell(connected, 'broken-1');
  await world.resultOf(connected, 'broken-1');
  const dump = decoded(await world.history(connected, 'broken-1'));
  for (const secret of [connected.account.email, 'admin@acme.example', 'open-sesame', world.hookUrl, hookSecret]) {
    expect(dump.includes(secret), secret).toBe(false);
  }
  expect(dump).toContain(connected.orgId);
});

const day = 24 * 3_600;
const seconds = (duration: { seconds?: unknown } | null | undefined): number => Number(duration?.seconds ?? 0);

/** A history as text, with its payloads, which stand in it encoded. */
const decoded = (history: unknown): string =>
  JSON.stringify(history).replace(/"data":"([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
    Buffer.from(data, 'base64').toString(),
  );
