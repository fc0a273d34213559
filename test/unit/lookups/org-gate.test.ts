import { expect, it } from 'vitest';
import type { OrgId, PbxId } from '../../../src/domain/ids.ts';
import { createOrgGate, type Admission } from '../../../src/use-cases/org-gate.ts';
import { orgId, pbx } from '../../support/fakes/lookups.ts';

const loud = pbx.id;
const quiet: PbxId = 'AAAAAA-BBBBBB-CCCCCC';
const another: OrgId = '00DB0000000CiN3NAL';
const patient = new AbortController().signal;

/** Enters, and notes the name when it is in. */
function createRow(concurrency: number) {
  const gate = createOrgGate({ now: () => 0 }, { concurrency });
  const entered: string[] = [];
  const leaving: (() => void)[] = [];
  const note = (name: string, admission: Admission) => {
    entered.push(admission.kind === 'in' ? name : `${name} ${admission.kind}`);
    if (admission.kind === 'in') leaving.push(() => admission.leave());
  };
  return {
    entered,
    enter: (name: string, pbxId: PbxId, { org = orgId, signal = patient } = {}) =>
      void Promise.resolve(gate.enter(org, pbxId, signal)).then((admission) => note(name, admission)),
    async letNextIn() {
      await Promise.resolve();
      leaving.shift()?.();
      await new Promise(setImmediate);
    },
    settled: () => new Promise(setImmediate),
  };
}

it('lets phone systems take turns, so that one with many questions does not keep another waiting', async () => {
  const row = createRow(1);
  for (const name of ['loud 1', 'loud 2', 'loud 3', 'loud 4']) row.enter(name, loud);
  row.enter('quiet 1', quiet);
  row.enter('quiet 2', quiet);
  await row.settled();
  for (let times = 0; times < 6; times++) await row.letNextIn();
  expect(row.entered).toEqual(['loud 1', 'loud 2', 'quiet 1', 'loud 3', 'quiet 2', 'loud 4']);
});

it('forgets who gave up waiting, and lets the next one in', async () => {
  const row = createRow(1);
  const impatient = new AbortController();
  row.enter('first', loud);
  row.enter('gone', quiet, { signal: impatient.signal });
  row.enter('last', loud);
  await row.settled();
  impatient.abort();
  await row.settled();
  await row.letNextIn();
  expect(row.entered).toEqual(['first', 'gone over', 'last']);
});

it('bounds each org by itself', async () => {
  const row = createRow(1);
  row.enter('one', loud);
  row.enter('other', quiet, { org: another });
  await row.settled();
  expect(row.entered).toEqual(['one', 'other']);
});
