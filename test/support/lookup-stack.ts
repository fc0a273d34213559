import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import type { TransactionSql } from 'postgres';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSealer } from '../../src/crypto/sealer.ts';
import { loadConfig } from '../../src/config.ts';
import { createAccounts } from '../../src/database/accounts.ts';
import { credentialsContext } from '../../src/database/credentials.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { demoEmail, demoPbxId, seedDemo } from '../../src/local/demo-data.ts';
import { demoRecords } from '../../src/local/salesforce/data/index.ts';
import type { FaultRequest } from '../../src/local/salesforce/faults.ts';
import type { Policies } from '../../src/local/salesforce/types.ts';
import type { Part } from '../../src/local/part.ts';
import { anyFreePorts, startStack, type Stack } from '../../src/local/stack.ts';
import type { Change } from '../../src/ports.ts';
import { acme, connect } from '../unit/stand-in/oauth-browser.ts';
import { lookupWorkflowId } from '../../workflows/names.ts';
import { childrenOf, usageOf } from './processes.ts';
import { until } from './temporary-folder.ts';

export interface PhoneAnswer {
  readonly status: number;
  readonly body: string;
  readonly reason: string | null;
  readonly runId: string;
  /** By the clock of whoever asked. */
  readonly ms: number;
  /** The server that answered, and when. */
  readonly url: string;
  readonly atMs: number;
}

export interface RecordedRun {
  readonly id: string;
  readonly reason: string;
  readonly extension: string | null;
  readonly foundExtension: string | null;
  /** By the server's own clock. */
  readonly ms: number | null;
}

/** A process of the product as the system sees it: a server, its recorder, or a worker. */
export interface ProcessState {
  readonly pid: number;
  readonly name: string;
  readonly openFiles: number;
  /** With what the engine has in reserve. */
  readonly residentMegabytes: number;
}

/** The whole product with a phone system of ACME, connected, and the means to take its parts away. */
export interface LookupStack {
  readonly stack: Stack;
  /** Asks the server at `url`, the first by default. */
  ask(callerId: string, url?: string): Promise<PhoneAnswer>;
  /** Asks who a known caller is, as was never asked before: no earlier answer can be repeated. */
  askKnown(url?: string): Promise<PhoneAnswer>;
  /**
   * `count` questions about numbers that never recur, spread over a second for each `perSecond` of them, to the servers in turn. A
   * question that gets no answer is asked once more at the next server.
   */
  askMany(count: number, perSecond: number): Promise<readonly PhoneAnswer[]>;
  fault(fault: FaultRequest): Promise<void>;
  clearFaults(): Promise<void>;
  /** Of the connected org at the stand-in. */
  setPolicies(policies: Partial<Policies>): Promise<void>;
  /** Salesforce is said to be at this address; at the stand-in's again without one. */
  moveSalesforce(url?: string): Promise<void>;
  setDeadline(ms: number): Promise<void>;
  /** Servers, their recorders and workers that run. Only where the system tells, which is Linux. */
  processes(): Promise<readonly ProcessState[]>;
  /** What such a process has in use after its garbage was collected. Needs `probesMemory`. */
  keptMegabytes(pid: number): Promise<number>;
  /** What the log says of these runs. */
  runs(ids: readonly string[]): Promise<readonly RecordedRun[]>;
  /** Which of these runs have a workflow that Temporal lists. */
  startedLookups(ids: readonly string[]): Promise<readonly string[]>;
  /** Run ids of the lookup workflows that have not ended. */
  runningLookups(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export const known = { callerId: demoRecords.direct.call, extension: demoRecords.direct.ownerExtension };

export async function startLookupStack(options: {
  servers: number;
  deadlineMs: number;
  /** For `keptMegabytes`. */
  probesMemory?: boolean;
}): Promise<LookupStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-faults-'));
  if (options.probesMemory) probeMemory(dataDir);
  const stack = await startStack({
    environment: {
      ...anyFreePorts,
      TRUNKLINE_DATA_DIR: dataDir,
      TEMPORAL_CLI_PATH: loadConfig().settings.TEMPORAL_CLI_PATH,
      LOG_LEVEL: 'warn',
      // What was broken by a fault is looked at again within the test.
      CONNECTION_RECHECK_MS: '1000',
    },
    // Temporal is to know, when it is back, what it knew.
    durable: true,
    servers: options.servers,
    temporary: true,
  });
  const token = await seedDemo(stack.environment, dataDir);
  const standInUrl = stack.standInUrl ?? '';
  const { settings, keys } = loadConfig({ ...stack.environment });
  const database = openDatabase(settings.DATABASE_URL ?? '', { maxConnections: 2 });
  // As many questions as the deadline keeps waiting: what is over the limits gets no answer, and is no matter of faults.
  await database.sql`
    update pbxs set deadline_ms = ${options.deadlineMs}, limit_per_second = 1000, limit_burst = 1000, limit_in_flight = 1000
    where id = ${demoPbxId}`;
  await connectOrg(database, createSealer(keys), standInUrl);
  const connection = await Connection.connect({ address: stack.temporal.address });
  const temporal = new Client({ connection, namespace: stack.temporal.namespace });
  let lastNumber = 100_000;

  const urlOf = (index: number) => stack.servers[index % stack.servers.length]?.url ?? '';
  const askWith = async (question: Record<string, string>, url: string): Promise<PhoneAnswer> => {
    const askedAtMs = performance.now();
    const response = await fetch(`${url}/api/ExtNo/${demoPbxId}${acme}/?${new URLSearchParams(question).toString()}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const body = await response.text();
    const { headers, status } = response;
    const ms = performance.now() - askedAtMs;
    const [reason, runId] = [headers.get('x-trunkline-reason'), headers.get('x-trunkline-run') ?? ''];
    return { status, body, reason, runId, ms, url, atMs: Date.now() };
  };
  const ask = (callerId: string, url = urlOf(0)) => askWith({ callerid: callerId }, url);
  const control = async (method: string, path: string, body?: object) => {
    const init = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${standInUrl}/__control/${path}`, { method, ...init });
    if (!response.ok) throw new Error(`the stand-in refused ${path}: ${await response.text()}`);
  };
  const lookupsListed = async (query: string) => {
    const ids: string[] = [];
    for await (const { workflowId } of temporal.workflow.list({ query })) ids.push(workflowId.replace('lookup-', ''));
    return ids;
  };
  const world: LookupStack = {
    stack,
    ask,
    askKnown(url = urlOf(0)) {
      lastNumber += 1;
      return askWith({ callerid: known.callerId, calledid: `+497525${lastNumber}` }, url);
    },
    async askMany(count, perSecond) {
      const asking: Promise<PhoneAnswer>[] = [];
      const beganAtMs = performance.now();
      for (let asked = 0; asked < count; asked++) {
        lastNumber += 1;
        const callerId = `+497525${lastNumber}`;
        asking.push(ask(callerId, urlOf(asked)).catch(() => ask(callerId, urlOf(asked + 1))));
        const nextAtMs = beganAtMs + ((asked + 1) * 1_000) / perSecond;
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, nextAtMs - performance.now())));
      }
      return Promise.all(asking);
    },
    fault: (fault) => control('POST', 'faults', fault),
    clearFaults: () => control('DELETE', 'faults'),
    setPolicies: (policies) => control('POST', `org/${acme}`, { policies }),
    moveSalesforce: (url = standInUrl) =>
      database.sql.begin(async (transaction) => {
        const [{ version }] = await transaction<[{ version: number }]>`
          update credentials set instance_url = ${url} where org_id = ${acme} returning version`;
        await notify(transaction, { kind: 'credentials', orgId: acme, version });
      }),
    setDeadline: (ms) =>
      database.sql.begin(async (transaction) => {
        const [{ accountId }] = await transaction<[{ accountId: string }]>`
          update pbxs set deadline_ms = ${ms} where id = ${demoPbxId} returning account_id as "accountId"`;
        await notify(transaction, { kind: 'pbx', id: demoPbxId, accountId });
      }),
    processes: async () =>
      process.platform === 'linux'
        ? (await Promise.all([...stack.servers, ...stack.workers].map(statesOf))).flat()
        : [],
    async keptMegabytes(pid) {
      const file = join(dataDir, `${pid}.json`);
      await rm(file, { force: true });
      process.kill(pid, 'SIGUSR2');
      await until(`process ${pid} says what it keeps`, () => existsSync(file));
      return Math.round(Number(await readFile(file, 'utf8')) / 2 ** 20);
    },
    runs: (ids) => database.sql<RecordedRun[]>`
      select id, answer_reason as reason, answer_extension as extension, found ->> 'extension' as "foundExtension",
        answer_ms as ms
      from lookup_runs where id in ${database.sql(ids)}`,
    startedLookups: (ids) =>
      lookupsListed(`WorkflowId IN (${ids.map((id) => `'${lookupWorkflowId(id)}'`).join(', ')})`),
    runningLookups: () => lookupsListed("WorkflowType = 'lookupWorkflow' AND ExecutionStatus = 'Running'"),
    async stop() {
      await connection.close();
      await database.close();
      await stack.stop();
    },
  };
  // Until the change has reached every server.
  for (const { url } of stack.servers) {
    for (let tries = 0; (await ask(known.callerId, url)).body !== `${known.extension}\n`; tries++) {
      if (tries === 100)
        throw new Error(`the org did not become connected: ${JSON.stringify(await ask(known.callerId, url))}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return world;
}

/** As the portal would have done it. */
async function connectOrg(
  { db, sql }: Database,
  sealer: ReturnType<typeof createSealer>,
  standInUrl: string,
): Promise<void> {
  const accountId = (await createAccounts(db).findByEmail(demoEmail))?.id ?? '';
  const tokens = await connect({ url: standInUrl });
  const seal = (field: 'access' | 'refresh', token: string) => sealer.seal(token, credentialsContext(acme, field));
  await sql.begin(async (transaction) => {
    const [connection] = await transaction<[{ id: string }]>`
      insert into connections (account_id, org_id, state, user_id, username)
      values (${accountId}, ${acme}, 'active', '005A0000001aDm1IAE', 'admin@acme.example') returning id`;
    await transaction`
      insert into credentials (org_id, connection_id, version, access_token_sealed, refresh_token_sealed, instance_url, identity_url, login_host, issued_at)
      values (${acme}, ${connection.id}, 1, ${seal('access', tokens.accessToken)}, ${seal('refresh', tokens.refreshToken)},
        ${tokens.instanceUrl}, ${`${standInUrl}/id/${acme}/005A0000001aDm1IAE`}, ${standInUrl}, now())`;
    for (const change of [
      { kind: 'pbx', id: demoPbxId, accountId },
      { kind: 'credentials', orgId: acme, version: 1 },
      { kind: 'connection', accountId, orgId: acme, revision: 1 },
    ] as const) {
      await notify(transaction, change);
    }
  });
}

async function notify(sql: TransactionSql, change: Change): Promise<void> {
  await sql`select pg_notify('trunkline_changes', ${JSON.stringify(change)})`;
}

/** Has what this process starts from now on tell how much it keeps. */
function probeMemory(folder: string): void {
  const probe = fileURLToPath(new URL('memory-probe.ts', import.meta.url));
  process.env['MEMORY_PROBE_FOLDER'] = folder;
  process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --expose-gc --require "${probe}"`.trim();
}

/** A part, and what it has forked. */
async function statesOf({ name, pid }: Part): Promise<readonly ProcessState[]> {
  return Promise.all([
    ...(pid === undefined ? [] : [stateOf(name, pid)]),
    ...childrenOf(pid).map((child) => stateOf(`${name}'s recorder`, child)),
  ]);
}

async function stateOf(name: string, pid: number): Promise<ProcessState> {
  const files = await readdir(`/proc/${pid}/fd`);
  return { pid, name, openFiles: files.length, residentMegabytes: Math.round(usageOf(pid).memoryMiB) };
}
