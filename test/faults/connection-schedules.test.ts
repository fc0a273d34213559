import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isLost } from '../../src/domain/connection-life.ts';
import type { FaultRequest } from '../../src/local/salesforce/faults.ts';
import { isLong, seed } from '../support/faults-run.ts';
import { deaths, openSimulation, type Simulation } from '../support/simulated-connection.ts';
import { acme } from '../unit/stand-in/oauth-browser.ts';

/** Most of a schedule is waiting, so several are gone through side by side. */
const sideBySide = 4;
const schedulesEach = isLong ? 100 : 6;
const token = '/services/oauth2/token';

let worlds: readonly Simulation[];
beforeAll(async () => {
  worlds = await Promise.all(Array.from({ length: sideBySide }, openSimulation));
});
afterAll(() => Promise.all(worlds.map((world) => world.close())));

const fault = fc.constantFrom<Partial<FaultRequest> | undefined>(
  undefined,
  undefined,
  { fault: 'spend-then-drop-answer' },
  { fault: 'reset' },
  { fault: 'reset', when: 'after' },
  { fault: 'error-500' },
  { fault: 'error-500', when: 'after' },
  { fault: 'html-503' },
  { fault: 'html-503', when: 'after' },
  { fault: 'already-processing' },
  { fault: 'already-processing', when: 'after' },
  // Of a limit of 1,200 ms: what 60 seconds are of 120.
  { fault: 'slow-headers', delayMs: 600 },
  { fault: 'slow-body', delayMs: 600 },
  { fault: 'cut-body' },
  { fault: 'malformed-json' },
  { fault: 'refuse', times: 1 },
);

const step = fc.record({
  rotation: fc.boolean(),
  why: fc.constantFrom('asked', 'expired', 'asked', 'expired', 'moved'),
  fault,
  times: fc.integer({ min: 1, max: 2 }),
  death: fc.option(fc.constantFrom(...deaths), { nil: undefined, freq: 2 }),
  failedWrites: fc.constantFrom(0, 0, 0, 2),
});

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

it(
  'keeps the token through every generated schedule, or ends broken with the right reason',
  // The same schedules again: what fails by itself fails twice, what a busy machine kept from its real time does not.
  { retry: isLong ? 0 : 1, timeout: isLong ? 1_800_000 : 120_000 },
  async ({ task }) => {
    const counted = { schedules: 0, refreshes: 0, deaths: 0, spentSent: 0, together: 0, active: 0, broken: 0 };
    const property = (world: Simulation) =>
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
        const result = await follow(world, steps);
        counted.schedules += 1;
        counted.refreshes += result.refreshes;
        counted.deaths += steps.filter(({ death }) => death !== undefined).length;
        counted.spentSent += result.spentSent;
        counted.together += result.together;
        counted[result.state === 'active' ? 'active' : 'broken'] += 1;
        expect(result).toMatchObject({ spentSent: 0, together: 0, ...result.expected });
      });
    const ended = await Promise.allSettled(
      worlds.map((world, index) =>
        fc.assert(property(world), { numRuns: schedulesEach, seed: seed + index, endOnFailure: true }),
      ),
    );
    task.meta.counted =
      `seed ${seed}: ${counted.schedules} schedules with ${counted.deaths} deaths, ${counted.refreshes} refreshes sent, ` +
      `${counted.spentSent} spent while the access token worked, ${counted.together} at the same time; ` +
      `ended active ${counted.active}, broken as they had to ${counted.broken}`;
    for (const each of ended) if (each.status === 'rejected') throw each.reason;
  },
);

/** Goes through one schedule, then takes the access token away: what happens then shows what is left. */
async function follow(world: Simulation, steps: readonly Step[]) {
  const { control } = world.standIn;
  await control.clearFaults();
  control.changeOrg(acme, { policies: { tokenLatencyMs: 5 } });
  const kept = await world.begun();
  const journalledBefore = refreshesIn(control.journal().entries).length;
  await kept.keepUntil((life) => life.token.confirmedAtMs !== null, 5_000);
  for (const { rotation, why, fault: trouble, times, death, failedWrites } of steps) {
    control.changeOrg(acme, { policies: { rotation } });
    if (trouble) await control.addFault({ times, ...trouble, org: acme, match: token } as FaultRequest);
    kept.plan.splice(0, Infinity, { ...(death && { death }), failedWrites });
    if (why === 'expired') {
      await control.addFault({ fault: 'expire-access', org: acme });
      kept.note({ type: 'tokenRejected', version: kept.life().version });
    } else if (why === 'moved') {
      // A page is opened, and a lookup meets the host that is the org's no longer.
      await control.addFault({ fault: 'move-host', org: acme });
      kept.note({ type: 'checkAsked' });
      kept.note({ type: 'tokenRejected', version: kept.life().version });
    } else kept.note({ type: 'refreshAsked' });
    await kept.keepUntil(({ asked, token: { refused } }) => !asked.refresh && !refused, 2_500);
    await control.clearFaults();
  }
  await kept.untilSilent();
  // What a process sent before it died may still be on its way to Salesforce.
  await sleep(100);
  kept.plan.splice(0);
  const isRefreshable = await kept.isRefreshable();
  await control.addFault({ fault: 'expire-access', org: acme });
  kept.note({ type: 'tokenRejected', version: kept.life().version });
  await kept.keepUntil(
    (life) => isLost(life) || (life.state === 'active' && !life.token.refused && life.token.confirmedAtMs !== null),
    10_000,
  );
  const { state, cause } = kept.life();
  const sent = refreshesIn(control.journal().entries).slice(journalledBefore);
  await control.addFault({ fault: 'revoke', org: acme });
  return {
    state,
    cause,
    heard: kept.heard,
    refreshes: sent.length,
    spentSent: kept.wrongs.spentSent,
    together: sent.filter(({ inFlight }) => inFlight > 0).length,
    expected: isRefreshable ? { state: 'active', cause: null } : { state: 'broken', cause: 'refresh-lost' },
  };
}

const refreshesIn = <Entry extends { path: string; grant: string | null }>(entries: readonly Entry[]) =>
  entries.filter(({ path, grant }) => path === token && grant !== null);
