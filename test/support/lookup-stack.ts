import { mkdtemp } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSealer } from '../../src/crypto/sealer.ts';
import { loadConfig } from '../../src/config.ts';
import { createAccounts } from '../../src/database/accounts.ts';
import { credentialsContext } from '../../src/database/credentials.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { demoEmail, demoPbxId, seedDemo } from '../../src/local/demo-data.ts';
import { demoRecords } from '../../src/local/salesforce/data/index.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { acme, connect } from '../unit/stand-in/oauth-browser.ts';

export interface PhoneAnswer {
  readonly status: number;
  readonly body: string;
  readonly reason: string | null;
  readonly runId: string;
  readonly ms: number;
}

export interface RecordedRun {
  readonly id: string;
  readonly reason: string;
  readonly extension: string | null;
  readonly foundExtension: string | null;
}

/** The whole product with a phone system of ACME, connected, and the means to take its parts away. */
export interface LookupStack {
  readonly stack: Stack;
  /** Asks the server at `url`, the first by default. */
  ask(callerId: string, url?: string): Promise<PhoneAnswer>;
  /** `count` questions about numbers that never recur, spread over a second for each `perSecond` of them. */
  askMany(count: number, perSecond: number): Promise<readonly PhoneAnswer[]>;
  fault(fault: object): Promise<void>;
  clearFaults(): Promise<void>;
  /** What the log says of these runs. */
  runs(ids: readonly string[]): Promise<readonly RecordedRun[]>;
  /** Run ids of all lookup workflows that Temporal knows. */
  startedLookups(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export const known = { callerId: demoRecords.direct.call, extension: demoRecords.direct.ownerExtension };

export async function startLookupStack(options: { servers: number; deadlineMs: number }): Promise<LookupStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-faults-'));
  const anyPorts = [
    'PORT',
    'POSTGRES_PORT',
    'TEMPORAL_PORT',
    'TEMPORAL_UI_PORT',
    'SALESFORCE_STAND_IN_PORT',
    'METRICS_PORT',
  ];
  const stack = await startStack({
    environment: {
      ...Object.fromEntries(anyPorts.map((name) => [name, '0'])),
      TRUNKLINE_DATA_DIR: dataDir,
      TEMPORAL_CLI_PATH: loadConfig().settings.TEMPORAL_CLI_PATH,
      LOG_LEVEL: 'warn',
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
  await database.sql`update pbxs set deadline_ms = ${options.deadlineMs} where id = ${demoPbxId}`;
  await connectOrg(database, createSealer(keys), standInUrl);
  const connection = await Connection.connect({ address: stack.temporal.address });
  const temporal = new Client({ connection, namespace: stack.temporal.namespace });
  let lastNumber = 100_000;

  const ask = async (callerId: string, url = stack.servers[0]?.url ?? ''): Promise<PhoneAnswer> => {
    const askedAtMs = performance.now();
    const response = await fetch(`${url}/api/ExtNo/${demoPbxId}${acme}/?callerid=${encodeURIComponent(callerId)}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const body = await response.text();
    const { headers, status } = response;
    const ms = performance.now() - askedAtMs;
    return { status, body, reason: headers.get('x-trunkline-reason'), runId: headers.get('x-trunkline-run') ?? '', ms };
  };
  const control = async (method: string, path: string, body?: object) => {
    const init = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${standInUrl}/__control/${path}`, { method, ...init });
    if (!response.ok) throw new Error(`the stand-in refused ${path}: ${await response.text()}`);
  };
  const world: LookupStack = {
    stack,
    ask,
    async askMany(count, perSecond) {
      const asking: Promise<PhoneAnswer>[] = [];
      for (let asked = 0; asked < count; asked++) {
        lastNumber += 1;
        asking.push(ask(`+497525${lastNumber}`));
        await new Promise((resolve) => setTimeout(resolve, 1_000 / perSecond));
      }
      return Promise.all(asking);
    },
    fault: (fault) => control('POST', 'faults', fault),
    clearFaults: () => control('DELETE', 'faults'),
    runs: (ids) => database.sql<RecordedRun[]>`
      select id, answer_reason as reason, answer_extension as extension, found ->> 'extension' as "foundExtension"
      from lookup_runs where id in ${database.sql(ids)}`,
    async startedLookups() {
      const ids: string[] = [];
      for await (const { workflowId } of temporal.workflow.list({ query: "WorkflowType = 'lookupWorkflow'" })) {
        ids.push(workflowId.replace('lookup-', ''));
      }
      return ids;
    },
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
  const account = await createAccounts(db).findByEmail(demoEmail);
  const tokens = await connect({ url: standInUrl });
  const seal = (field: 'access' | 'refresh', token: string) => sealer.seal(token, credentialsContext(acme, field));
  await sql.begin(async (transaction) => {
    const [connection] = await transaction<[{ id: string }]>`
      insert into connections (account_id, org_id, state, user_id, username)
      values (${account?.id ?? ''}, ${acme}, 'active', '005A0000001aDm1IAE', 'admin@acme.example') returning id`;
    await transaction`
      insert into credentials (org_id, connection_id, version, access_token_sealed, refresh_token_sealed, instance_url, identity_url, login_host, issued_at)
      values (${acme}, ${connection.id}, 1, ${seal('access', tokens.accessToken)}, ${seal('refresh', tokens.refreshToken)},
        ${tokens.instanceUrl}, ${`${standInUrl}/id/${acme}/005A0000001aDm1IAE`}, ${standInUrl}, now())`;
    for (const change of [
      { kind: 'pbx', id: demoPbxId, accountId: account?.id },
      { kind: 'credentials', orgId: acme, version: 1 },
      { kind: 'connection', accountId: account?.id, orgId: acme, revision: 1 },
    ]) {
      await transaction`select pg_notify('trunkline_changes', ${JSON.stringify(change)})`;
    }
  });
}
