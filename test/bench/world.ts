import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from 'jsforce';
import { Agent, request } from 'undici';
import { inheritedEnvironment, loadConfig } from '../../src/config.ts';
import { createSealer } from '../../src/crypto/sealer.ts';
import { openDatabase } from '../../src/database/client.ts';
import { createCredentials } from '../../src/database/credentials.ts';
import { createLookups } from '../../src/database/lookups.ts';
import { newStep } from '../../src/domain/lookup-step.ts';
import { connectDemo } from '../../src/local/connect-demo.ts';
import { demoPbxId, seedDemo } from '../../src/local/demo-data.ts';
import { createReport } from '../../src/local/report.ts';
import { demoOrgId } from '../../src/local/salesforce/data/demo-records.ts';
import { anyFreePorts, startStack, type Stack } from '../../src/local/stack.ts';
import { defaultDialingRules } from '../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../src/phone-numbers/read-number.ts';
import { spellings } from '../../src/phone-numbers/spellings.ts';
import { createRecordSearch } from '../../src/salesforce/record-search.ts';
import { uriValue } from '../../src/salesforce/soql.ts';
import { createFindRecord } from '../../src/use-cases/find-record.ts';
import { e164Of, readQuestion } from '../../src/use-cases/read-question.ts';
import type { LookupDefinition } from '../../src/domain/lookup.ts';
import type { EncodedQuery } from '../../src/ports.ts';
import { uriOf } from '../support/uri-of.ts';
import { openHop, type HopKind } from './hops.ts';
import type { Ask, Contender } from './load.ts';
import { readServerMetrics } from './server-metrics.ts';
import { openTlsFront } from './tls-front.ts';

const ivrLookupId = '47EC1B-B70D69-818AE9';

export const names = {
  direct: 'undici, directly',
  jsforce: 'jsforce query',
  keepAlive: 'Trunkline, keep-alive',
  newConnection: 'Trunkline, new connection each',
  tls: 'Trunkline behind TLS, keep-alive',
  newTls: 'Trunkline behind TLS, new each',
  emptyHop: 'an empty process between',
  partsHop: 'Fastify and libphonenumber between',
  dataDirect: 'undici, the queries of a data lookup',
  ivrDirect: 'undici, the query of an IVR lookup',
} as const;

/** The whole product with a connected org on this machine, and everybody who asks it or its Salesforce. */
export interface BenchWorld {
  readonly stack: Stack;
  readonly contenders: Readonly<
    Record<'direct' | 'jsforce' | 'emptyHop' | 'partsHop' | 'keepAlive' | 'newConnection' | 'tls' | 'newTls', Contender>
  >;
  /** What the phone API offers beside the plain answer, each after the same call without us. */
  readonly kinds: readonly Contender[];
  readonly metrics: () => ReturnType<typeof readServerMetrics>;
  /** How many questions since then are in the log, repeated ones included. */
  recordedSince(ms: number): Promise<number>;
}

/** What a phone system sends. */
type Questions = readonly Readonly<Partial<Record<'callerid' | 'ivrid', string>>>[];

const foundReasons = ['matched', 'matched-several'];

/** As many as Salesforce is not asked again soon. */
const differentBodies = 500;

export async function openBenchWorld(
  cleanup: AsyncDisposableStack,
  { records, latencyMs }: { records: number; latencyMs: number },
): Promise<BenchWorld> {
  const metricsPort = 20_000 + Math.floor(Math.random() * 10_000);
  const report = createReport((line) => console.log(line));
  const stack = await startStack({
    environment: {
      ...anyFreePorts,
      METRICS_PORT: String(metricsPort),
      LOG_LEVEL: 'warn',
      TEMPORAL_CLI_PATH: inheritedEnvironment()['TEMPORAL_CLI_PATH'],
      TRUNKLINE_DATA_DIR: await mkdtemp(join(tmpdir(), 'trunkline-bench-')),
    },
    durable: false,
    temporary: true,
    records,
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
  const { instanceUrl, accessToken } = credentials;
  const lookups = await demoLookups();
  const standIn = `${stack.standInUrl ?? ''}/__control/org/${demoOrgId}`;
  const jsforce = new Connection({ instanceUrl, accessToken, version: settings.SALESFORCE_API_VERSION });
  const contacts = await listed<Contact>('SELECT Phone, Owner.Extension, Owner.IsActive FROM Contact LIMIT 20000');
  const silent = new Set(
    contacts
      .filter((contact) => !rings(contact))
      .map(({ Phone }) => e164Of({ caller: readNumber(Phone ?? '', rules) })),
  );
  const numbers = distinct(contacts.flatMap(({ Phone }) => foundAtOnce(Phone ?? ''))).filter(
    (number) => !silent.has(number),
  );
  const cases = (await listed<{ CaseNumber: string }>('SELECT CaseNumber FROM Case')).map(({ CaseNumber }) =>
    String(Number(CaseNumber)),
  );
  if (numbers.length < 5_000) throw new Error(`Only ${numbers.length} numbers: some would recur within five seconds.`);
  await fetch(standIn, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // A benchmark is a day's calls of many orgs.
    body: JSON.stringify({ policies: { latencyMs, apiLimit: 100_000_000 } }),
  });

  const agent = () => {
    const opened = new Agent({ connections: 512, pipelining: 1, connect: { rejectUnauthorized: false } });
    cleanup.defer(() => opened.destroy());
    return opened;
  };
  const tls = await openTlsFront(stack.url);
  cleanup.defer(() => tls.close());
  const byNumber: Questions = numbers.map((callerid) => ({ callerid }));
  const byCase: Questions = cases.map((ivrid) => ({ ivrid, callerid: '' }));
  const extension = (dispatcher?: Agent, url = stack.url) => asking(`${url}/api/ExtNo`, byNumber, { dispatcher });
  const base = { base: names.direct };
  const bodies = await queriesOf(lookups.extension, byNumber);
  const asDirectly = { name: names.direct, ask: direct(bodies) };
  const composite = `${instanceUrl}/services/data/v${settings.SALESFORCE_API_VERSION}/composite`;

  return {
    stack,
    contenders: {
      direct: asDirectly,
      jsforce: {
        name: names.jsforce,
        ...base,
        async ask(sequence) {
          const number = numbers[sequence % numbers.length] ?? '';
          await jsforce.query(`SELECT Id, Owner.Extension, Owner.IsActive FROM Contact WHERE Phone IN ('${number}')`);
        },
      },
      emptyHop: { name: names.emptyHop, ...base, ask: await passing('empty') },
      partsHop: { name: names.partsHop, ...base, ask: await passing('parts') },
      keepAlive: { name: names.keepAlive, ...base, ask: extension(agent()) },
      newConnection: { name: names.newConnection, ...base, ask: extension() },
      tls: { name: names.tls, ...base, ask: extension(agent(), tls.url) },
      newTls: { name: names.newTls, ...base, ask: withNewConnections(tls.url) },
    },
    kinds: [
      asDirectly,
      ...(['text', 'json', 'xml', 'form'] as const).map((format) => ({
        name: `extension as ${format}`,
        ...base,
        ask: asking(`${stack.url}/api/ExtNo`, byNumber, { dispatcher: agent(), format }),
      })),
      { name: names.dataDirect, ask: direct(await queriesOf(lookups.data, byNumber)) },
      ...(['text', 'json', 'xml', 'form'] as const).map((format) => ({
        name: `data as ${format}`,
        base: names.dataDirect,
        ask: asking(`${stack.url}/api/DataLookup`, byNumber, { dispatcher: agent(), format }),
      })),
      { name: names.ivrDirect, ask: direct(await queriesOf(lookups.ivr, byCase)) },
      {
        name: 'IVR by case number',
        base: names.ivrDirect,
        ask: asking(`${stack.url}/api/ExtNo`, byCase, {
          dispatcher: agent(),
          lookupid: ivrLookupId,
          expected: [...foundReasons, 'no-extension', 'owner-inactive'], // a case may be a queue's
        }),
      },
    ],
    metrics: () => readServerMetrics(metricsPort),
    async recordedSince(ms) {
      const [row] = await database.sql<{ recorded: number }[]>`
        select coalesce(sum(1 + repeats), 0)::int as recorded from lookup_runs where asked_at >= ${new Date(ms).toISOString()}::timestamptz`;
      return row?.recorded ?? 0;
    },
  };

  // ------------------------------------------------------------------------------------------------------ the product

  /** The demo phone system's lookups, with one by case number, and its limits out of the way. */
  async function demoLookups(): Promise<Record<'extension' | 'data' | 'ivr', LookupDefinition>> {
    const repository = createLookups(database.db);
    const [pbx] = await database.sql<{ account_id: string }[]>`select account_id from pbxs where id = ${demoPbxId}`;
    const accountId = pbx?.account_id ?? '';
    const caseStep = newStep('Case', ['CaseNumber']);
    const ivr = await repository.create({
      id: ivrLookupId,
      accountId,
      kind: 'ivr',
      name: 'By case number',
      steps: [{ ...caseStep, search: { by: 'ivr', as: 'text', leadingZerosTo: 8 } }],
      fallbackExtension: undefined,
    });
    await database.sql`update pbxs set limit_per_second = 1000000, limit_burst = 1000000, limit_in_flight = 10000 where id = ${demoPbxId}`;
    await database.sql`select pg_notify('trunkline_changes', ${JSON.stringify({ kind: 'pbx', id: demoPbxId, accountId })})`;
    const all = await repository.list(accountId);
    const ofKind = (kind: LookupDefinition['kind']) => {
      const found = all.find((lookup) => lookup.kind === kind);
      if (!found) throw new Error(`The demo has no ${kind} lookup.`);
      return found;
    };
    return { extension: ofKind('extension'), data: ofKind('data'), ivr };
  }

  async function listed<Row extends Record<string, unknown>>(soql: string): Promise<readonly Row[]> {
    let page = await jsforce.query<Row>(soql);
    const rows = [...page.records];
    while (!page.done && page.nextRecordsUrl !== undefined) {
      page = await jsforce.queryMore<Row>(page.nextRecordsUrl);
      rows.push(...page.records);
    }
    return rows;
  }

  function asking(
    path: string,
    questions: Questions,
    {
      dispatcher,
      expected,
      ...parameters
    }: { dispatcher?: Agent | undefined; expected?: readonly string[]; format?: string; lookupid?: string },
  ): Ask {
    const addresses = addressesOf(path, questions, parameters);
    return (sequence) => answered(addresses, sequence, dispatcher, expected);
  }

  function withNewConnections(url: string): Ask {
    const addresses = addressesOf(`${url}/api/ExtNo`, byNumber);
    return async (sequence) => {
      const once = new Agent({ connections: 1, connect: { rejectUnauthorized: false } });
      try {
        await answered(addresses, sequence, once);
      } finally {
        await once.close();
      }
    };
  }

  /** Made beforehand, as the bodies of those who ask directly are. */
  function addressesOf(
    path: string,
    questions: Questions,
    parameters: Readonly<Record<string, string>> = {},
  ): readonly string[] {
    return questions.map((question) => {
      const query = new URLSearchParams({ ...question, ...parameters });
      return `${path}/${demoPbxId}${demoOrgId}/?${query.toString()}`;
    });
  }

  async function answered(
    addresses: readonly string[],
    sequence: number,
    dispatcher?: Agent,
    expected: readonly string[] = foundReasons,
  ): Promise<void> {
    const { statusCode, headers, body } = await request(addresses[sequence % addresses.length] ?? '', {
      headers: { authorization: `Bearer ${token}` },
      ...(dispatcher ? { dispatcher } : { reset: true }),
    });
    await body.text();
    const reason = String(headers['x-trunkline-reason']);
    if (statusCode !== 200 || !expected.includes(reason)) {
      throw new Error(`unexpected answer: ${statusCode} ${reason}`);
    }
  }

  // ------------------------------------------------------------------------------------------------- without the product

  /** The bodies of the very calls that Trunkline makes for these questions, made beforehand. */
  async function queriesOf({ steps }: LookupDefinition, questions: Questions): Promise<readonly string[]> {
    const nothing = { ok: true, value: [], apiUsage: undefined } as const;
    let asked: readonly (string | EncodedQuery)[] = [];
    const findRecord = createFindRecord(
      createRecordSearch({
        query: async () => nothing,
        queries: async (_session, soql) => {
          asked = soql;
          return { ok: true, value: soql.map(() => nothing), apiUsage: undefined };
        },
        search: async () => nothing,
      }),
    );
    const path = `/services/data/v${settings.SALESFORCE_API_VERSION}/query?q=`;
    const bodies: string[] = [];
    for (const { callerid, ivrid } of questions) {
      await findRecord({
        question: readQuestion(
          { ...(callerid !== undefined && { callerId: callerid }), ...(ivrid !== undefined && { ivrId: ivrid }) },
          (sent) => readNumber(sent, rules),
        ),
        rules,
        steps,
        extensions: { ofUser: () => undefined },
        session: { orgId: demoOrgId, instanceUrl: '', accessToken: '', version: 1 },
        signal: new AbortController().signal,
      });
      const compositeRequest = asked.map((soql, index) => ({
        method: 'GET',
        url: `${path}${typeof soql === 'string' ? uriValue(soql) : uriOf(soql)}`,
        referenceId: `q${index}`,
      }));
      bodies.push(JSON.stringify({ allOrNone: false, compositeRequest }));
    }
    return bodies;
  }

  /** By a process between that is not Trunkline. */
  async function passing(kind: HopKind): Promise<Ask> {
    const hop = await openHop(kind, { url: composite, token: accessToken, bodies: bodies.slice(0, differentBodies) });
    cleanup.defer(() => hop.close());
    const dispatcher = agent();
    const addresses = numbers.map((callerid) => `${hop.url}?${new URLSearchParams({ callerid }).toString()}`);
    return async (sequence) => {
      const { statusCode, body } = await request(addresses[sequence % addresses.length] ?? '', { dispatcher });
      await body.text();
      if (statusCode !== 200) throw new Error(`unexpected status ${statusCode}`);
    };
  }

  /** The same calls to Salesforce by undici alone, over kept-alive connections. */
  function direct(bodies: readonly string[]): Ask {
    const dispatcher = agent();
    return async (sequence) => {
      const { statusCode, body } = await request(composite, {
        dispatcher,
        method: 'POST',
        headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
        body: bodies[sequence % bodies.length] ?? '',
      });
      await body.json();
      if (statusCode !== 200) throw new Error(`unexpected status ${statusCode}`);
    };
  }
}

interface Contact extends Record<string, unknown> {
  readonly Phone: string | null;
  readonly Owner: { readonly Extension: string | null; readonly IsActive: boolean } | null;
}

/** A contact whose owner can be rung. For others, unusual notations are searched for by a second call, which the direct way does not make. */
const rings = ({ Owner }: Contact) => Owner?.IsActive === true && Owner.Extension !== null;

const rules = defaultDialingRules('DE');

/** The number as a phone system sends it, where the first call to Salesforce finds this spelling. */
function foundAtOnce(phone: string): readonly string[] {
  const read = readNumber(phone, rules);
  return read.kind === 'number' && spellings(read, rules).includes(phone) ? [read.e164] : [];
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];
