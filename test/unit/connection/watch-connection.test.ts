import { expect, it } from 'vitest';
import type { Introspection } from '../../../src/ports.ts';
import { createLookAtToken } from '../../../src/use-cases/watch-connection.ts';

const org = '00DA0000000BhM2MAK';
const everyMs = 5_000;

const answered = (active: boolean): Introspection => ({ kind: 'answered', active, expiresAtMs: undefined });
const inactive = answered(false);

function watched() {
  const world = {
    nowMs: 1_000_000,
    looks: 0,
    told: [] as number[],
    introspection: answered(true),
    isEngineAway: false,
  };
  const lookAtToken = createLookAtToken({
    credentials: { read: async () => ({ version: 7, issuedAtMs: 1 }) as never },
    oauth: {
      introspect: async () => {
        world.looks += 1;
        return world.introspection;
      },
    },
    clock: { now: () => world.nowMs },
    everyMs,
  });
  const look = (sinceNow = false) =>
    lookAtToken(org, sinceNow, async ({ version }) => {
      if (world.isEngineAway) throw new Error('the engine is away');
      world.told.push(version);
    });
  return { world, look };
}

it('tells once of a token that became inactive, and again when it works', async () => {
  const { world, look } = watched();
  await look();
  expect(world.told).toEqual([]);
  for (const introspection of [inactive, inactive, answered(true)]) {
    world.introspection = introspection;
    world.nowMs += everyMs;
    await look();
  }
  expect(world.told).toEqual([7, 7]);
});

it('looks at once for a page that has just been opened, and not more than once a second', async () => {
  const { world, look } = watched();
  await look();
  for (const laterMs of [1_100, 400, 700]) {
    world.nowMs += laterMs;
    await look(true);
  }
  expect(world.looks).toBe(3);
});

it('looks at most every five seconds, and does not leave out a heartbeat that comes a moment early', async () => {
  const { world, look } = watched();
  const heartbeats = [0, 2_500, 4_990, 7_490, 9_995];
  const beganAtMs = world.nowMs;
  for (const atMs of heartbeats) {
    world.nowMs = beganAtMs + atMs;
    await look();
  }
  expect(world.looks).toBe(3);
});

it('tells at the next look what could not be told', async () => {
  const { world, look } = watched();
  await look();
  world.introspection = inactive;
  world.isEngineAway = true;
  world.nowMs += everyMs;
  await expect(look()).rejects.toThrow('the engine is away');
  world.isEngineAway = false;
  world.nowMs += everyMs;
  await look();
  expect(world.told).toEqual([7]);
});
