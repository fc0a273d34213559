import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { authorizationWorkflowId, connectionWorkflowId } from '../../workflows/names.ts';
import { acme, openConnectionWorld, patientIntervals, type ConnectionWorld } from '../support/connection-world.ts';
import { writeHistory } from './write-history.ts';

let world: ConnectionWorld;
beforeAll(async () => {
  world = await openConnectionWorld();
  await world.startWorker();
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.standIn.control.reset();
  world.parts.intervals = patientIntervals;
});
afterEach(async () => {
  await world.standIn.control.clearFaults();
  await world.engine.disconnect(acme);
  await handle().result();
});

const handle = () => world.temporal.client.workflow.getHandle(connectionWorkflowId(acme));
const until = <T>(read: () => T) => expect.poll(read, { timeout: 10_000, interval: 20 });
const version = async () => (await world.credentials.read(acme))?.version;
const rotate = () => world.standIn.control.changeOrg(acme, { policies: { rotation: true } });

async function record(name: string, workflowId: string, runId?: string): Promise<void> {
  await writeHistory(name, await world.temporal.client.workflow.getHandle(workflowId, runId).fetchHistory());
}

it('records connecting, refused and successful', async () => {
  const refused = await world.authorize(await world.account(), 'user@acme.example');
  await world.temporal.client.workflow.getHandle(authorizationWorkflowId(refused)).result();
  await record('authorization-refused', authorizationWorkflowId(refused));
  const accountId = await world.account();
  const first = await world.authorize(accountId);
  await world.temporal.client.workflow.getHandle(authorizationWorkflowId(first)).result();
  await record('authorization-connect', authorizationWorkflowId(first));
  await until(async () => (await world.connections.ofAccount(accountId))?.nextRefreshAtMs).toBeDefined();
  await record('connection-connect', connectionWorkflowId(acme));
  const again = await world.authorize(accountId);
  await world.temporal.client.workflow.getHandle(authorizationWorkflowId(again)).result();
  await record('authorization-again', authorizationWorkflowId(again));
});

it('records a refresh that a lookup asked for', async () => {
  const { accountId } = await world.connect();
  await world.standIn.control.addFault({ fault: 'expire-access', org: acme });
  await world.engine.tokenRejected(acme, 1);
  await until(version).toBe(2);
  await world.row(accountId, { state: 'active' });
  await record('connection-refresh', connectionWorkflowId(acme));
});

it('records rotation', async () => {
  rotate();
  await world.connect();
  for (let round = 0; round < 3; round++) await world.engine.refreshNow(acme);
  await record('connection-rotation', connectionWorkflowId(acme));
});

it('records an uncertain refresh and its end', async () => {
  rotate();
  const { accountId } = await world.connect();
  await world.standIn.control.addFault({ fault: 'spend-then-drop-answer', org: acme, times: 1 });
  await world.engine.refreshNow(acme);
  await world.engine.checkNow(acme);
  await world.standIn.control.addFault({ fault: 'expire-access', org: acme });
  await world.engine.tokenRejected(acme, 1);
  await world.row(accountId, { state: 'broken' });
  await record('connection-uncertain-refresh', connectionWorkflowId(acme));
});

it('records being broken and repaired', async () => {
  world.parts.intervals = { ...patientIntervals, recheckDelaysMs: [200], rightsCheckEveryMs: 0 };
  const { accountId } = await world.connect();
  const permissions = (names: readonly string[]) =>
    world.standIn.control.changeOrg(acme, { users: { 'admin@acme.example': { permissions: [...names] } } });
  const all = world.standIn.control.describeOrg(acme).users[0]?.permissions ?? [];
  permissions(['ApiEnabled']);
  await world.engine.checkNow(acme);
  await world.row(accountId, { state: 'broken' });
  permissions(all);
  await world.row(accountId, { state: 'active' });
  await record('connection-broken-and-repaired', connectionWorkflowId(acme));
});

it('records a refresh that is slow', async () => {
  const { accountId } = await world.connect();
  await world.standIn.control.addFault({ fault: 'expire-access', org: acme });
  await world.standIn.control.addFault({
    fault: 'slow-headers',
    match: '/services/oauth2/token',
    delayMs: 7_000,
    times: 1,
  });
  world.parts.limits = { callMs: 20_000, takeOverMs: 30_000 };
  await world.engine.tokenRejected(acme, 1);
  await world.row(accountId, { state: 'degraded' });
  await world.row(accountId, { state: 'active' });
  await record('connection-slow-refresh', connectionWorkflowId(acme));
});

it('records a refresh while it is broken', async () => {
  world.parts.intervals = {
    ...patientIntervals,
    recheckDelaysMs: [200],
    refreshAtLeastEveryMs: 1_000,
    rightsCheckEveryMs: 0,
  };
  const { accountId } = await world.connect();
  world.standIn.control.changeOrg(acme, { users: { 'admin@acme.example': { permissions: ['ApiEnabled'] } } });
  await world.engine.checkNow(acme);
  await world.row(accountId, { state: 'broken' });
  const before = (await version()) ?? 0;
  await until(version).toBeGreaterThan(before + 1);
  await record('connection-refresh-while-broken', connectionWorkflowId(acme));
});

it('records disconnecting', async () => {
  await world.connect();
  await world.engine.disconnect(acme);
  await handle().result();
  await record('connection-disconnected', connectionWorkflowId(acme));
});

it('records continuing as new, before and after', async () => {
  world.parts.intervals = { ...patientIntervals, historyEvents: 60 };
  await world.connect();
  const { runId } = await handle().describe();
  for (let round = 0; round < 8; round++) await world.engine.refreshNow(acme);
  await until(async () => (await handle().describe()).runId).not.toBe(runId);
  await record('connection-continue-as-new', connectionWorkflowId(acme), runId);
  const next = (await handle().describe()).runId;
  for (let round = 0; round < 2; round++) await world.engine.refreshNow(acme);
  await record('connection-continued', connectionWorkflowId(acme), next);
});
