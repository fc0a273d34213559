import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { atRate, oneAtATime, type Contender, type Measured } from './load.ts';
import { ownWork, type OwnWork } from './own-work.ts';
import { plainTemporal } from './plain-temporal.ts';
import { childrenOf, together, usageOf, type Usage } from '../support/processes.ts';
import { openBenchWorld } from './world.ts';

/*
 * `npm run bench`: what Trunkline adds to a call to Salesforce. Everything runs on this machine: load generator, stand-in (20 ms),
 * in-memory Temporal, PostgreSQL without waiting for the disk. The contenders take turns in one run, so that the machine's mood is
 * the same for all; what counts are the differences. `--records 1000000` gives Salesforce a million contacts.
 */

const { values: given } = parseArgs({
  options: { records: { type: 'string', default: '20000' }, quick: { type: 'boolean', default: false } },
});
/** `--quick` shows in a minute that everything runs; its figures are worth little. */
const share = given.quick ? 0.1 : 1;
const of = (full: number) => Math.max(1, Math.round(full * share));
const latencyMs = 20;
const recordedWithinMs = 180_000;
const tables: { title: string; rows: readonly Measured[] }[] = [];
const notes: string[] = [];

await using cleanup = new AsyncDisposableStack();
const world = await openBenchWorld(cleanup, { records: Number(given.records), latencyMs });
const { stack, contenders, kinds, metrics } = world;
const { direct, jsforce, emptyHop, partsHop, keepAlive, newConnection, tls, newTls } = contenders;
const startedAtMs = Date.now();

// Thousands of questions, not hundreds: whoever asks, our server and the stand-in are compiled at their best only then.
console.log('\nWarming up …');
await atRate([direct, emptyHop, partsHop, keepAlive], 200, { sliceSeconds: of(15), slices: 1 });
await untilRecorded();
const before = await metrics();

await measure('one at a time', () =>
  oneAtATime([direct, jsforce, emptyHop, partsHop, keepAlive, newConnection, tls, newTls], of(200)),
);
await untilRecorded();
await measure('kinds and formats, one at a time', () => oneAtATime(kinds, of(100)));
await untilRecorded();
await measure('1 a second', () => atRate([direct, keepAlive], 1, { sliceSeconds: of(10), slices: 2 }));
await measure('50 a second', () =>
  atRate([direct, jsforce, emptyHop, partsHop, keepAlive, newConnection, tls], 50, { sliceSeconds: 4, slices: of(3) }),
);
await untilRecorded();
await measure('kinds at 50 a second', () =>
  atRate(
    // There are too few cases for questions that do not recur within five seconds.
    kinds.filter(({ name }) => !/ as (text|xml|form)$|IVR/.test(name)),
    50,
    { sliceSeconds: 4, slices: of(2) },
  ),
);
await untilRecorded();
await sustained(50, of(20));
await sustained(200, of(30));
await highestRate();
await recordingBothWays();
await plainWay();
const end = await metrics();
await coldStart();
await measureOwnWork();

const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
const asked = end.answered - before.answered;
notes.push(
  `Lookups asked ${asked}, eager starts ${(((end.eager - before.eager) / (end.started - before.started)) * 100).toFixed(1)} %, unrecorded ${end.unrecorded - before.unrecorded}.`,
);
console.log(`\n${machine}; stand-in with ${latencyMs} ms and ${given.records} contacts. Milliseconds.`);
for (const { title, rows } of tables) console.log(`\n${tableOf(title, rows)}`);
console.log(`\n${notes.join('\n')}`);
await mkdir(join('.local', 'bench'), { recursive: true });
const file = join('.local', 'bench', `${new Date(startedAtMs).toISOString().replaceAll(':', '-')}.json`);
await writeFile(
  file,
  `${JSON.stringify({ machine, records: given.records, latencyMs, tables, notes }, undefined, 2)}\n`,
);
console.log(`\nWritten to ${file}`);

// ---------------------------------------------------------------------------------------------------------------- parts

async function measure(title: string, ask: () => Promise<readonly Measured[]>): Promise<readonly Measured[]> {
  console.log(`${title} …`);
  const rows = await ask();
  tables.push({ title, rows });
  return rows;
}

/** The rate for long enough that recording cannot lag unseen; then how long it takes to catch up. */
async function sustained(perSecond: number, seconds: number): Promise<void> {
  const fromMs = Date.now();
  const from = usage();
  const fromMetrics = await metrics();
  const title = `${perSecond} a second for ${seconds} s`;
  await measure(title, () => atRate([direct, keepAlive], perSecond, { sliceSeconds: seconds, slices: 1 }));
  const loaded = usage();
  const toMetrics = await metrics();
  const count = toMetrics.answered - fromMetrics.answered;
  const { seconds: lateBy, recorded } = await untilRecorded(count, fromMs);
  const done = usage();
  const perLookup = Object.keys(done)
    .map((name) => `${name} ${((cpuOf(done, name) - cpuOf(from, name)) / count).toFixed(1)}`)
    .join(', ');
  const memory = Object.entries(loaded).map(([name, { memoryMiB }]) => `${name} ${memoryMiB.toFixed(0)}`);
  notes.push(
    `${title}: ${count} asked, ${recorded} recorded, the last ${lateBy.toFixed(0)} s after the load (${(count / (seconds + lateBy)).toFixed(0)} a second).`,
    `  CPU, ms a lookup, recording included: ${perLookup}. Memory, MiB: ${memory.join(', ')}.`,
  );
}

/** Up to where the answers still come, by steps of fifty a second. */
async function highestRate(): Promise<void> {
  let best: Measured | undefined;
  let bestRate = 0;
  for (let perSecond = 100; perSecond <= (given.quick ? 200 : 1_000); perSecond += 50) {
    console.log(`highest rate: ${perSecond} a second …`);
    const [row] = await atRate([keepAlive], perSecond, { sliceSeconds: 5, slices: 1 });
    await untilRecorded();
    if (!row || row.failed > 0 || row.p99 > 500) break;
    best = row;
    bestRate = perSecond;
  }
  if (best) {
    notes.push(
      `Highest rate answered without a failure and below 500 ms (p99) for 5 s: ${bestRate} a second (p50 ${best.p50.toFixed(1)}, p99 ${best.p99.toFixed(1)}).`,
    );
  }
}

/** The same load while the recorder works, and while it is held back and works later. */
async function recordingBothWays(): Promise<void> {
  const [recorder] = childrenOf(stack.servers[0]?.pid);
  if (recorder === undefined) return;
  await measure('50 a second, recorded at once and later', () =>
    atRate(
      [
        { ...direct, before: () => process.kill(recorder, 'SIGSTOP') },
        { ...keepAlive, name: 'Trunkline, recorder held back' },
        { ...keepAlive, before: () => process.kill(recorder, 'SIGCONT') },
      ],
      50,
      { sliceSeconds: 4, slices: of(3) },
    ),
  );
  await untilRecorded();
}

async function plainWay(): Promise<void> {
  await using worker = new AsyncDisposableStack();
  const plain: Contender = {
    name: 'plain Temporal (execute, await)',
    base: direct.name,
    ask: await plainTemporal(stack.temporal.address, direct.ask, worker),
  };
  await oneAtATime([plain], 30);
  await measure('the plain Temporal way, one at a time', () => oneAtATime([direct, keepAlive, plain], of(100)));
  await untilRecorded();
  await measure('the plain Temporal way, 50 a second', () =>
    atRate([direct, keepAlive, plain], 50, { sliceSeconds: of(4), slices: 1 }),
  );
  await untilRecorded();
}

/** A server that has just said that it is ready. */
async function coldStart(): Promise<void> {
  const [server] = stack.servers;
  const first: number[] = [];
  const ready: number[] = [];
  for (let round = 0; server && round < of(3); round++) {
    console.log('cold start …');
    await server.stop();
    const stoppedAt = performance.now();
    await server.start();
    ready.push(performance.now() - stoppedAt);
    const [row] = await oneAtATime([newConnection], 1);
    if (row) first.push(row.p50);
  }
  const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  notes.push(
    `Cold process: ready after ${(median(ready) / 1_000).toFixed(1)} s, its first answer in ${median(first).toFixed(0)} ms (median of ${first.length}).`,
  );
}

async function measureOwnWork(): Promise<void> {
  const questions = of(5_000);
  const told = ({ cpuMs, hotMs, coldMs }: OwnWork) =>
    `${cpuMs.toFixed(2)} ms of CPU a lookup, ${hotMs.toFixed(2)} ms until its answer (p50), ${coldMs.toFixed(2)} ms with empty caches`;
  const all = told(await ownWork('all', questions));
  const readAndAnswer = told(await ownWork('read-and-answer', questions));
  notes.push(
    `Own work without Salesforce, Temporal and the network: token check, number reading and answer ${readAndAnswer}; with the spellings, the queries and the check of what comes back ${all}.`,
  );
}

// --------------------------------------------------------------------------------------------------------------- counts

function usage(): Record<string, Usage> {
  const [server] = stack.servers;
  const [worker] = stack.workers;
  const { postgres, temporal, standIn } = stack.parts;
  return {
    server: usageOf(server?.pid),
    recorder: together(childrenOf(server?.pid).map(usageOf)),
    worker: usageOf(worker?.pid),
    Temporal: usageOf(temporal?.pid),
    PostgreSQL: together([usageOf(postgres?.pid), ...childrenOf(postgres?.pid).map(usageOf)]),
    'stand-in': usageOf(standIn?.pid),
    'load generator': usageOf(process.pid),
  };
}

function cpuOf(usages: Record<string, Usage>, name: string): number {
  return usages[name]?.cpuMs ?? 0;
}

/** Waits until everything that was asked since then is in the log. */
async function untilRecorded(count?: number, fromMs = startedAtMs): Promise<{ seconds: number; recorded: number }> {
  const sinceMs = Date.now();
  const expected = count ?? (await metrics()).answered;
  for (;;) {
    const recorded = await world.recordedSince(fromMs);
    if (recorded >= expected || Date.now() - sinceMs > recordedWithinMs)
      return { seconds: (Date.now() - sinceMs) / 1_000, recorded };
    await sleep(250);
  }
}

function tableOf(title: string, rows: readonly Measured[]): string {
  const width = Math.max(title.length, ...rows.map(({ name }) => name.length));
  const ms = (value: number | undefined, columns = 6) =>
    (value === undefined ? '' : value.toFixed(1)).padStart(columns);
  return [
    `| ${title.padEnd(width)} | count | failed |    p50 |    p90 |    p99 | overhead p50 |    p90 |    p99 |`,
    `| ${'-'.repeat(width)} | ----: | -----: | -----: | -----: | -----: | -----------: | -----: | -----: |`,
    ...rows.map(
      ({ name, count, failed, p50, p90, p99, overhead }) =>
        `| ${name.padEnd(width)} | ${String(count).padStart(5)} | ${String(failed).padStart(6)} | ${ms(p50)} | ${ms(p90)} | ${ms(p99)} | ${ms(overhead?.p50, 12)} | ${ms(overhead?.p90)} | ${ms(overhead?.p99)} |`,
    ),
  ].join('\n');
}
