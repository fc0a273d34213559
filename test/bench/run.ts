import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from 'jsforce';
import { Agent, request } from 'undici';
import { inheritedEnvironment, loadConfig } from '../../src/config.ts';
import { createSealer } from '../../src/crypto/sealer.ts';
import { openDatabase } from '../../src/database/client.ts';
import { createCredentials } from '../../src/database/credentials.ts';
import { defaultExtensionSteps } from '../../src/domain/pbx-settings.ts';
import { connectDemo } from '../../src/local/connect-demo.ts';
import { demoPbxId, seedDemo } from '../../src/local/demo-data.ts';
import { createReport } from '../../src/local/report.ts';
import { demoOrgId } from '../../src/local/salesforce/data/demo-records.ts';
import { startStack } from '../../src/local/stack.ts';
import { defaultDialingRules } from '../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../src/phone-numbers/read-number.ts';
import { spellings } from '../../src/phone-numbers/spellings.ts';
import { createRecordSearch } from '../../src/salesforce/record-search.ts';
import { atRate, oneAtATime, type Ask, type Measured } from './load.ts';
import { plainTemporal } from './plain-temporal.ts';
import { readServerMetrics } from './server-metrics.ts';

/*
 * `npm run bench`: what Trunkline adds to a call to Salesforce. Everything runs on this machine: load generator, stand-in (20 ms),
 * in-memory Temporal, PostgreSQL without waiting for the disk. The contenders take turns in one run, so that the machine's mood is
 * the same for all; what counts are the differences.
 */

const latencyMs = 20;
const contacts = 20_000;
const rounds = 300;
const perSecond = 50;
const secondsEach = 12;
const recordedWithinMs = 180_000;

await using cleanup = new AsyncDisposableStack();
const report = createReport((line) => console.log(line));
const metricsPort = 20_000 + Math.floor(Math.random() * 10_000);
const anyFreePort = {
  PORT: '0',
  POSTGRES_PORT: '0',
  TEMPORAL_PORT: '0',
  TEMPORAL_UI_PORT: '0',
  SALESFORCE_STAND_IN_PORT: '0',
};
const stack = await startStack({
  environment: {
    ...anyFreePort,
    METRICS_PORT: String(metricsPort),
    LOG_LEVEL: 'warn',
    TEMPORAL_CLI_PATH: inheritedEnvironment()['TEMPORAL_CLI_PATH'],
    TRUNKLINE_DATA_DIR: await mkdtemp(join(tmpdir(), 'trunkline-bench-')),
  },
  durable: false,
  temporary: true,
  records: contacts,
  report,
});
cleanup.defer(() => stack.stop());
const token = await seedDemo(stack.environment, stack.dataDir);
await report.step(
  'Connection',
  () => connectDemo(stack.url),
  (status) => status,
);

const { settings, keys } = loadConfig({ ...stack.environment });
const database = openDatabase(settings.DATABASE_URL ?? '');
cleanup.defer(() => database.close());
const credentials = await createCredentials(database.db, createSealer(keys)).read(demoOrgId);
if (!credentials) throw new Error('The demo org is not connected.');
const numbers = await knownNumbers();
await control(`/org/${demoOrgId}`, { policies: { latencyMs } });

const direct = await directCall();
const keptAlive = new Agent({ connections: 256, pipelining: 1 });
const ours =
  (dispatcher?: Agent): Ask =>
  async (sequence) => {
    const { statusCode, headers, body } = await request(
      `${stack.url}/api/ExtNo/${demoPbxId}${demoOrgId}/?callerid=${encodeURIComponent(numberAt(sequence))}`,
      { headers: { authorization: `Bearer ${token}` }, ...(dispatcher ? { dispatcher } : { reset: true }) },
    );
    await body.text();
    const reason = headers['x-trunkline-reason'];
    if (
      statusCode !== 200 ||
      !['matched', 'matched-several', 'no-extension', 'owner-inactive'].includes(String(reason))
    ) {
      throw new Error(`unexpected answer: ${statusCode} ${String(reason)}`);
    }
  };
const jsforce = new Connection({
  instanceUrl: credentials.instanceUrl,
  accessToken: credentials.accessToken,
  version: settings.SALESFORCE_API_VERSION,
});
const contenders = new Map<string, Ask>([
  ['undici, directly', direct],
  [
    'jsforce query',
    async (sequence) => {
      await jsforce.query(firstQuery(sequence));
    },
  ],
  ['Trunkline, keep-alive', ours(keptAlive)],
  ['Trunkline, new connection each', ours()],
  ['plain Temporal (execute, await)', await plainTemporal(stack.temporal.address, direct, cleanup)],
]);

console.log('\nWarming up …');
await oneAtATime(contenders, 50);
const before = await readServerMetrics(metricsPort);
const startedAtMs = Date.now();

console.log(`One at a time, ${rounds} each …`);
const alone = await oneAtATime(contenders, rounds);
console.log(`${perSecond} a second, ${secondsEach} s each …`);
const loaded = await atRate(contenders, perSecond, secondsEach);
const loadSeconds = (Date.now() - startedAtMs) / 1_000;

const after = await readServerMetrics(metricsPort);
const asked = after.answered - before.answered;
const recorded = await untilRecorded(asked);
const end = await readServerMetrics(metricsPort);

const result = {
  machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
  latencyMs,
  alone: withOverhead(alone),
  loaded: withOverhead(loaded),
  lookups: {
    asked,
    eagerShare: (end.eager - before.eager) / (end.started - before.started),
    unrecorded: end.unrecorded - before.unrecorded,
    recorded: recorded.count,
    lastRecordedAfterSeconds: recorded.seconds,
  },
  server: {
    cpuMsPerLookup: ((after.cpuSeconds - before.cpuSeconds) * 1_000) / asked,
    cpuShareOfOneCore: (after.cpuSeconds - before.cpuSeconds) / loadSeconds,
    memoryMiB: Math.round(end.memoryBytes / 2 ** 20),
  },
};
print();
await mkdir(join('.local', 'bench'), { recursive: true });
const file = join('.local', 'bench', `${new Date().toISOString().replaceAll(':', '-')}.json`);
await writeFile(file, `${JSON.stringify(result, undefined, 2)}\n`);
console.log(`\nWritten to ${file}`);

// ---------------------------------------------------------------------------------------------------------------------

/** Numbers that the first call to Salesforce finds, as a phone system sends them. */
async function knownNumbers(): Promise<readonly string[]> {
  const response = await fetch(`${stack.standInUrl ?? ''}/__control/org/${demoOrgId}/Contact`);
  const records = (await response.json()) as readonly { Phone: string | null }[];
  const phones = records.map(({ Phone }) => Phone ?? '').filter((phone) => /^\+49\d{9,}$/.test(phone));
  const distinct = [...new Set(phones)];
  if (distinct.length < perSecond * 10)
    throw new Error(`Only ${distinct.length} numbers: some would recur within five seconds.`);
  return distinct;
}

function numberAt(sequence: number): string {
  return numbers[sequence % numbers.length] ?? '';
}

async function control(path: string, body: object): Promise<void> {
  await fetch(`${stack.standInUrl ?? ''}/__control${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** The very queries that Trunkline sends for a number, made beforehand. */
async function queriesFor(number: string): Promise<readonly string[]> {
  const rules = defaultDialingRules('DE');
  const read = readNumber(number, rules);
  if (read.kind !== 'number') throw new Error(`${number} is no number`);
  let sent: readonly string[] = [];
  const nowhere = { ok: true, value: [], apiUsage: undefined } as const;
  const search = createRecordSearch({
    query: async () => nowhere,
    queries: async () => nowhere,
    search: async () => nowhere,
  });
  await search.byValues(
    defaultExtensionSteps.map(({ object, fields, only, filters, order }) => ({
      object,
      fields,
      values: spellings(read, rules),
      only,
      filters,
      order,
      wanted: [],
      users: ['OwnerId'],
      userFields: ['Extension'],
    })),
    {
      session: { orgId: demoOrgId, instanceUrl: '', accessToken: '', version: 1 },
      signal: new AbortController().signal,
      onQueries: (queries) => {
        sent = queries;
      },
    },
  );
  return sent;
}

/** The same call to Salesforce by undici alone, over kept-alive connections. */
async function directCall(): Promise<Ask> {
  const dispatcher = new Agent({ connections: 256, pipelining: 1 });
  cleanup.defer(() => dispatcher.close());
  const path = `/services/data/v${settings.SALESFORCE_API_VERSION}`;
  const bodies = await Promise.all(
    numbers.map(async (number) => {
      const queries = await queriesFor(number);
      return JSON.stringify({
        allOrNone: false,
        compositeRequest: queries.map((soql, index) => ({
          method: 'GET',
          url: `${path}/query?q=${encodeURIComponent(soql)}`,
          referenceId: `q${index}`,
        })),
      });
    }),
  );
  return async (sequence) => {
    const { statusCode, body } = await request(`${credentials?.instanceUrl ?? ''}${path}/composite`, {
      dispatcher,
      method: 'POST',
      headers: { authorization: `Bearer ${credentials?.accessToken ?? ''}`, 'content-type': 'application/json' },
      body: bodies[sequence % bodies.length] ?? '',
    });
    await body.json();
    if (statusCode !== 200) throw new Error(`unexpected status ${statusCode}`);
  };
}

function firstQuery(sequence: number): string {
  return `SELECT Id, LastModifiedDate, Owner.Extension, Owner.IsActive FROM Contact WHERE Phone IN ('${numberAt(sequence)}')`;
}

async function untilRecorded(count: number): Promise<{ count: number; seconds: number }> {
  const sinceMs = Date.now();
  for (;;) {
    const [row] = await database.sql<{ recorded: number }[]>`
      select coalesce(sum(1 + repeats), 0)::int as recorded from lookup_runs where asked_at >= ${new Date(startedAtMs).toISOString()}::timestamptz`;
    const recorded = row?.recorded ?? 0;
    if (recorded >= count || Date.now() - sinceMs > recordedWithinMs)
      return { count: recorded, seconds: (Date.now() - sinceMs) / 1_000 };
    await sleep(500);
  }
}

function withOverhead(measured: readonly Measured[]) {
  const base = measured[0];
  return measured.map((one) => ({
    ...one,
    overhead: base && { p50: one.p50 - base.p50, p90: one.p90 - base.p90, p99: one.p99 - base.p99 },
  }));
}

function print(): void {
  console.log(
    `\n${result.machine}; Salesforce stand-in with ${latencyMs} ms, everything on this machine. Milliseconds.`,
  );
  for (const [title, rows] of [
    ['one at a time', result.alone],
    [`${perSecond} a second`, result.loaded],
  ] as const) {
    console.log(
      `\n| ${title.padEnd(32)} | count | failed |    p50 |    p90 |    p99 | overhead p50 |    p90 |    p99 |`,
    );
    console.log(`| ${'-'.repeat(32)} | ----: | -----: | -----: | -----: | -----: | -----------: | -----: | -----: |`);
    for (const { name, count, failed, p50, p90, p99, overhead } of rows) {
      const ms = (value: number | undefined, width = 6) => (value ?? Number.NaN).toFixed(1).padStart(width);
      console.log(
        `| ${name.padEnd(32)} | ${String(count).padStart(5)} | ${String(failed).padStart(6)} | ${ms(p50)} | ${ms(p90)} | ${ms(p99)} | ${ms(overhead?.p50, 12)} | ${ms(overhead?.p90)} | ${ms(overhead?.p99)} |`,
      );
    }
  }
  const { lookups, server } = result;
  console.log(`
Lookups asked ${lookups.asked}, recorded ${lookups.recorded} (the last ${lookups.lastRecordedAfterSeconds.toFixed(1)} s after the load), unrecorded ${lookups.unrecorded}, eager starts ${(lookups.eagerShare * 100).toFixed(1)} %
Server: ${server.cpuMsPerLookup.toFixed(2)} ms of CPU per lookup, recording included; ${(server.cpuShareOfOneCore * 100).toFixed(0)} % of a core; ${server.memoryMiB} MiB`);
}
