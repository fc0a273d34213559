import { afterAll, beforeAll, expect, it } from 'vitest';
import { acme, openConnectionWorld, type ConnectionWorld } from '../support/connection-world.ts';

let world: ConnectionWorld;
beforeAll(async () => {
  world = await openConnectionWorld();
  await world.startWorker();
});
afterAll(() => world.close());

it('connects an org: active, with the user, the org and the first check', async () => {
  const { connection } = await world.connect();
  expect(connection).toMatchObject({
    orgId: acme,
    state: 'active',
    cause: undefined,
    username: 'admin@acme.example',
    orgName: 'ACME',
    isSandbox: false,
  });
});
