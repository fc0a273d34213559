import { describe, expect, it } from 'vitest';
import {
  begin,
  checkDue,
  idleLimitMs,
  isLost,
  live,
  refreshDueAtMs,
  timelineOf,
  type ConnectionLife,
} from '../../../src/domain/connection-life.ts';
import { causes, isBreaking, isFinal, type Cause } from '../../../src/domain/connection.ts';
import {
  events,
  intervals,
  moment,
  nowMs,
  outcomeOf,
  situations,
  type EventName,
  type Situation,
} from './situations.ts';

const everySituation = Object.keys(situations) as Situation[];
const everyEvent = Object.keys(events) as EventName[];
const every = everySituation.flatMap((situation) => everyEvent.map((event) => [situation, event] as const));

it('makes of every event in every situation what the table says', async () => {
  const table = everySituation.map((situation) =>
    [`${situation}\n`, ...everyEvent.map((event) => `  ${event.padEnd(33)} ${outcomeOf(situation, event)}\n`)].join(''),
  );
  await expect(table.join('\n')).toMatchFileSnapshot('states-by-events.txt');
});

it.each(every)('knows what comes next: %s, %s', (situation, event) => {
  const life = live(situations[situation], events[event], moment);
  const isOver = life.state === 'disconnected' || isLost(life);
  const isSomethingDue =
    checkDue(life, nowMs, intervals) !== undefined || refreshDueAtMs(life, intervals) !== undefined;
  expect(isSomethingDue).toBe(!isOver);
});

it.each(every)(
  'never sends a refresh token that may be spent while the access token may work: %s, %s',
  (situation, event) => {
    const life = live(situations[situation], events[event], moment);
    if (life.uncertain && !life.token.refused) expect(refreshDueAtMs(life, intervals)).toBeUndefined();
  },
);

describe('a refresh token that may be spent', () => {
  it.each(['uncertain', 'uncertain for long'] as const)('is kept while only the host refuses: %s', (situation) => {
    for (const event of ['checkRefused, active', 'checkRefused, moved'] as const) {
      const life = live(situations[situation], events[event], moment);
      expect(life).toMatchObject({ state: 'broken', cause: events[event].cause, token: { refused: false } });
      expect(refreshDueAtMs(life, intervals)).toBeUndefined();
      expect(checkDue(life, nowMs, intervals)?.atMs).toBe(nowMs + 60_000);
    }
  });

  it.each(['checkRefused', 'checkRefused, inactive'] as const)(
    'is sent when the token itself is refused: %s',
    (event) => {
      expect(refreshDueAtMs(live(situations.uncertain, events[event], moment), intervals)).toBeLessThanOrEqual(nowMs);
    },
  );

  it.each(['refreshUnknown', 'refreshBusy'] as const)(
    'is not sent again because of a refusal from before: %s',
    (event) => {
      const asked = live(situations['token refused'], events[event], moment);
      expect(refreshDueAtMs(asked, intervals)).toBeUndefined();
      expect(checkDue(asked, nowMs, intervals)?.atMs).toBe(nowMs);
      const moved = live(asked, events['checkRefused, moved'], moment);
      expect(refreshDueAtMs(moved, intervals)).toBeUndefined();
      const refused = live(asked, events['checkRefused, inactive'], moment);
      const waitMs = event === 'refreshBusy' ? 90_000 : 1_500;
      expect(refreshDueAtMs(refused, intervals)).toBe(nowMs + waitMs);
      const passed = live(asked, events['checkPassed, session'], moment);
      expect(passed).toMatchObject({ state: 'active', cause: null, proof: null });
    },
  );
});

describe('a refresh that keeps lookups waiting', () => {
  it.each(['token refused', 'uncertain, refused'] as const)('is shown as a warning: %s', (situation) => {
    for (const event of ['refreshSlow', 'refreshBusy'] as const) {
      const life = live(situations[situation], events[event], moment);
      expect(life).toMatchObject({ state: 'degraded', cause: 'salesforce-slow' });
    }
  });

  it('is over with the check of the new token', () => {
    const mended = live(live(situations['token refused'], events.refreshSlow, moment), events.refreshed, moment);
    expect(live(mended, { ...events['checkPassed, session'], version: 4 }, moment).state).toBe('active');
  });

  it('is none while the access token works', () => {
    expect(live(situations.active, events.refreshSlow, moment)).toEqual(situations.active);
  });
});

it.each(everySituation)('survives being carried as JSON: %s', (situation) => {
  const life = situations[situation];
  expect(JSON.parse(JSON.stringify(life))).toEqual(life);
});

it.each(['tokenRejected', 'tokenDoubted', 'checkPassed, rights', 'checkRefused', 'checkFailed, permanent'] as const)(
  'lets %s of an older version change nothing but counts',
  (name) => {
    const life = situations.active;
    const after = live(life, { ...events[name], version: 2 }, moment);
    expect({ ...after, ended: life.ended }).toEqual(life);
  },
);

describe('what is noticed beside', () => {
  const noticed = { ...situations.active, observed: { grants: 2, appInstalled: true } };

  it('is kept until it is looked at again', () => {
    expect(live(noticed, events['checkPassed, session'], moment).observed).toEqual(noticed.observed);
    const passed = { ...events['checkPassed, rights'], observed: { grants: 5 } };
    expect(live(noticed, passed, moment).observed).toEqual({ grants: 5, appInstalled: true });
    const refreshed = { ...events.refreshed, observed: { rotationMissing: true } };
    expect(live(noticed, refreshed, moment).observed).toEqual({ ...noticed.observed, rotationMissing: true });
  });
});

describe('a refresh that is owed', () => {
  it.each(['refreshRefused, permanent', 'refreshRefused, limit', 'refreshDidNotHappen', 'refreshUnknown'] as const)(
    'has asked Salesforce when it failed, so that opening the page does not ask at once again: %s',
    (event) => {
      expect(live(situations['broken by a refresh'], events[event], moment).lastCheckedAtMs).toBe(nowMs);
    },
  );

  it.each(['refreshed', 'refreshRefused, permanent', 'refreshUnknown', 'refreshBusy'] as const)(
    'is not made twice for somebody who asked while it was under way: %s',
    (event) => {
      const underWay = live(situations['broken by a refresh'], events.refreshBegun, moment);
      const asked = live(underWay, events.checkAsked, moment);
      expect(asked.asked.refresh).toBe(true);
      expect(live(asked, events[event], moment).asked.refresh).toBe(false);
    },
  );
});

describe('causes', () => {
  it.each(Object.keys(causes) as Cause[])('shows %s as what its class means', (cause) => {
    const life = live(situations.active, { type: 'checkFailed', version: 3, cause, detail: {} }, moment);
    expect(life).toMatchObject({ state: isBreaking(cause) ? 'broken' : 'degraded', cause });
  });

  it.each((Object.keys(causes) as Cause[]).filter(isFinal))('never asks again after %s', (cause) => {
    const life = live(situations['token refused'], { type: 'refreshRefused', cause, detail: {} }, moment);
    expect(refreshDueAtMs(life, intervals)).toBeUndefined();
    expect(checkDue(life, nowMs, intervals)).toBeUndefined();
  });

  it('says that a token idle for thirty days has expired by that', () => {
    const idle = { ...situations['token refused'], lastRefreshedAtMs: nowMs - idleLimitMs };
    expect(live(idle, events['refreshRefused, for good'], moment).cause).toBe('token-idle');
  });

  it.each([
    [4, 'token-revoked'],
    [5, 'grant-displaced'],
  ])('says of a token that is refused when %i approvals were there: %s', (grants, cause) => {
    const life = { ...situations['token refused'], observed: { grants } };
    expect(live(life, events['refreshRefused, for good'], moment).cause).toBe(cause);
  });

  it('says that an answer was lost when the token was sent again after an uncertain refresh', () => {
    expect(live(situations['uncertain, refused'], events['refreshRefused, for good'], moment).cause).toBe(
      'refresh-lost',
    );
  });
});

describe('waiting', () => {
  const failing = (times: number, random: number): number[] => {
    let life: ConnectionLife = situations.active;
    return Array.from({ length: times }, () => {
      life = live(life, events['checkFailed, transient'], { ...moment, random });
      return life.checkAtMs - nowMs;
    });
  };

  it('doubles from the first wait to five minutes while Salesforce is away', () => {
    expect(failing(10, 1)).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000));
  });

  it('spreads each wait between its half and its whole', () => {
    expect(failing(3, 0)).toEqual([1_000, 2_000, 4_000]);
  });

  it('re-checks a broken connection after 1, 5 and 15 minutes, then hourly', () => {
    let life: ConnectionLife = situations.active;
    const waits = Array.from({ length: 6 }, () => {
      life = live(life, events['checkFailed, permanent'], moment);
      return (life.checkAtMs - nowMs) / 60_000;
    });
    expect(waits).toEqual([1, 5, 15, 60, 60, 60]);
  });

  it('begins anew with the re-checks when it broke again after a repair', () => {
    let life: ConnectionLife = situations.active;
    for (const name of ['checkFailed, permanent', 'checkFailed, permanent', 'checkPassed, rights'] as const) {
      life = live(life, events[name], moment);
    }
    expect(life.state).toBe('active');
    expect(live(life, events['checkFailed, permanent'], moment).checkAtMs - nowMs).toBe(60_000);
  });

  it('refreshes a minute before the end, or a quarter of a short life before', () => {
    const ending = (lifeMs: number) => ({
      ...situations.active,
      token: { ...situations.active.token, issuedAtMs: nowMs, expiresAtMs: nowMs + lifeMs },
    });
    expect(refreshDueAtMs(ending(3_600_000), intervals)).toBe(nowMs + 3_540_000);
    expect(refreshDueAtMs(ending(40_000), intervals)).toBe(nowMs + 30_000);
  });

  it('refreshes after seven days, whatever introspection says', () => {
    const token = { ...situations.active.token, expiresAtMs: null };
    const life = { ...situations.active, token, lastRefreshedAtMs: nowMs };
    expect(refreshDueAtMs(life, intervals)).toBe(nowMs + 7 * 24 * 3_600_000);
  });

  it('keeps the refresh token in use for as long as a check finds it broken', () => {
    const { token } = situations['broken by a check'];
    const life = {
      ...situations['broken by a check'],
      token: { ...token, expiresAtMs: null },
      lastRefreshedAtMs: nowMs,
    };
    expect(refreshDueAtMs(life, intervals)).toBe(nowMs + 7 * 24 * 3_600_000);
    const failed = live(life, events.refreshDidNotHappen, {
      nowMs: nowMs + 8 * 24 * 3_600_000,
      random: 0,
      intervals,
    });
    expect(refreshDueAtMs(failed, intervals)).toBe(failed.refreshNotBeforeMs);
    expect(failed.refreshNotBeforeMs).toBeGreaterThan(nowMs + 8 * 24 * 3_600_000);
  });

  it('counts the approvals anew when a former grant is revoked', () => {
    const life = live({ ...situations.active, rightsCheckedAtMs: nowMs }, events.grantRevoked, moment);
    expect(checkDue(life, nowMs, intervals)).toEqual({ atMs: 0, depth: 'rights' });
  });

  it('checks the rights once a day, and whenever it is broken', () => {
    const life = { ...situations.active, rightsCheckedAtMs: nowMs };
    expect(checkDue(life, nowMs, intervals)?.depth).toBe('session');
    expect(checkDue(life, nowMs + 24 * 3_600_000, intervals)?.depth).toBe('rights');
    expect(checkDue(situations['broken by a check'], nowMs, intervals)?.depth).toBe('rights');
  });
});

it('takes a mark that was found as an uncertain refresh of nobody knows whom', () => {
  const life = begin(
    {
      connectionId: 'c1',
      version: 3,
      state: 'active',
      sinceMs: 1,
      cause: null,
      detail: {},
      issuedAtMs: 1,
      lastCheckedAtMs: null,
      lastRefreshedAtMs: null,
      refreshStartedAtMs: 2,
      observed: {},
    },
    { nowMs, authorized: false },
  );
  expect(life.uncertain).toEqual({ sinceMs: 2, attempt: null });
  expect(refreshDueAtMs(life, intervals)).toBeUndefined();
});

it.each([
  ['active', 'checkFailed, transient', ['connection.degraded']],
  ['active', 'checkFailed, permanent', ['connection.broken']],
  ['active', 'refreshed', ['connection.refreshed']],
  ['active', 'refreshUnknown', ['connection.refresh-uncertain']],
  ['active', 'checkPassed, session', []],
  ['degraded by a check', 'checkPassed, session', ['connection.recovered']],
  ['broken by a check', 'checkPassed, rights', ['connection.repaired']],
  ['broken by a check', 'disconnected', ['connection.disconnected']],
] as const)('tells of %s and %s in the timeline', (situation, event, expected) => {
  const before = situations[situation];
  expect(timelineOf(before, live(before, events[event], moment))).toEqual(expected);
});

it('waits a moment after a check of other credentials than it knows', () => {
  const due = { ...situations.active, checkAtMs: nowMs - 1 };
  for (const event of ['checkPassed, session', 'checkRefused', 'checkFailed, transient'] as const) {
    const life = live(due, { ...events[event], version: 4 }, moment);
    expect(life).toEqual({ ...due, checkAtMs: nowMs + intervals.retryFirstMs, ended: { ...due.ended, checks: 1 } });
  }
});

it('remembers when the access token ends although the next introspection does not say', () => {
  const { token } = live(situations.active, { ...events['checkPassed, session'], expiresAtMs: null }, moment);
  expect(token.expiresAtMs).toBe(situations.active.token.expiresAtMs);
});
