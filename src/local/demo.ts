import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inheritedEnvironment, loadConfig } from '../config.ts';
import { createSealer } from '../crypto/sealer.ts';
import { createAccounts } from '../database/accounts.ts';
import { openDatabase } from '../database/client.ts';
import { createLookupRunLog } from '../database/lookup-run-log.ts';
import type { AnswerReason, LookupRun } from '../domain/lookup.ts';
import { AppError } from '../errors.ts';
import { connectDemo } from './connect-demo.ts';
import { demoEmail, demoFallbackExtension, demoPbxId, seedDemo } from './demo-data.ts';
import { createReport, type Report } from './report.ts';
import { demoOrgId, demoRecords } from './salesforce/data/demo-records.ts';
import { anyFreePorts, startStack, type Stack } from './stack.ts';

/* `npm run demo`: the story from nothing to six answered calls, on free ports and in a folder that goes when it ends. */

const withinMs = 20_000;
/** Long enough for the busiest machine: the demo compares answers, not speed. */
const patientDeadlineMs = 5_000;

interface Question {
  readonly about: string;
  readonly callerId: string;
  readonly extension: string;
  readonly reason: AnswerReason;
  /** Id of the record that is to be found. */
  readonly record?: string;
  /** What Salesforce does meanwhile. */
  readonly fault?: 'html-503';
}

const { direct, otherNotation, shared, unknown, person } = demoRecords;
const questions: readonly Question[] = [
  {
    about: 'one contact',
    callerId: direct.call,
    extension: direct.ownerExtension,
    reason: 'matched',
    record: direct.id,
  },
  {
    about: `stored as ${otherNotation.phone}`,
    callerId: otherNotation.call,
    extension: otherNotation.ownerExtension,
    reason: 'matched',
    record: otherNotation.id,
  },
  {
    about: `on ${shared.people.length} records`,
    callerId: shared.call,
    extension: shared.ownerExtension,
    reason: 'matched-several',
    record: shared.winner,
  },
  { about: 'on no record', callerId: unknown.call, extension: demoFallbackExtension, reason: 'no-match' },
  { about: 'withheld', callerId: 'anonymous', extension: demoFallbackExtension, reason: 'withheld' },
  {
    about: 'Salesforce answers 503',
    callerId: person.mobile,
    extension: demoFallbackExtension,
    reason: 'salesforce-error',
    fault: 'html-503',
  },
];

interface Answer {
  readonly question: Question;
  readonly extension: string;
  readonly reason: string;
  readonly runId: string;
  readonly ms: number;
}

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort());
try {
  process.exitCode = (await demo(createReport((line) => console.log(line)))) ? 0 : 1;
} catch (error) {
  if (!interruption.signal.aborted) console.error(`\n${error instanceof AppError ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function demo(report: Report): Promise<boolean> {
  const { TEMPORAL_CLI_PATH } = inheritedEnvironment();
  console.log('The demo: everything is started on free ports, and goes when it ends.');
  const stack = await startStack({
    environment: {
      ...anyFreePorts,
      TRUNKLINE_DATA_DIR: await mkdtemp(join(tmpdir(), 'trunkline-demo-')),
      TEMPORAL_CLI_PATH,
    },
    durable: false,
    temporary: true,
    report,
    signal: interruption.signal,
    onFailure(failure) {
      console.error(`\n${failure.message}`);
      interruption.abort();
    },
  });
  try {
    return await tell(stack, report);
  } finally {
    await stack.stop();
  }
}

async function tell(stack: Stack, report: Report): Promise<boolean> {
  const token = await seedDemo(stack.environment, stack.dataDir, patientDeadlineMs);
  await report.step(
    'Connection',
    () => connectDemo(stack.url, interruption.signal),
    (status) => status,
  );
  const answers: Answer[] = [];
  for (const question of questions) answers.push(await ask(stack, token, question));
  const runs = await recordedRuns(stack, answers);
  const names = await recordNames(stack);
  printTable(answers, runs, names);

  const differences = answers.flatMap((answer) => differencesOf(answer, runs.get(answer.runId)));
  if (differences.length > 0) console.log(`\nNot as expected:\n${differences.map((line) => `  ${line}`).join('\n')}`);
  else console.log('\nEvery answer is the expected one, and every run is recorded.');
  return differences.length === 0;
}

async function ask({ url, standInUrl }: Stack, token: string, question: Question): Promise<Answer> {
  const faults = `${standInUrl ?? ''}/__control/faults`;
  if (question.fault !== undefined) {
    const body = JSON.stringify({ fault: question.fault, org: demoOrgId, match: '/services/data' });
    await expectOk(await fetch(faults, { method: 'POST', headers: { 'content-type': 'application/json' }, body }));
  }
  const askedAtMs = performance.now();
  const response = await fetch(
    `${url}/api/ExtNo/${demoPbxId}${demoOrgId}/?callerid=${encodeURIComponent(question.callerId)}`,
    {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(withinMs),
    },
  );
  const extension = (await response.text()).trim();
  const ms = performance.now() - askedAtMs;
  if (question.fault !== undefined) await expectOk(await fetch(faults, { method: 'DELETE' }));
  const header = (name: string) => response.headers.get(name) ?? '';
  return {
    question,
    extension,
    reason: header('x-trunkline-reason') || `status ${response.status}`,
    runId: header('x-trunkline-run'),
    ms,
  };
}

async function expectOk(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`The stand-in answered ${response.status}: ${await response.text()}`);
}

/** The recorded runs of these answers, by run id, as far as they are there in time. */
async function recordedRuns(
  { environment }: Stack,
  answers: readonly Answer[],
): Promise<ReadonlyMap<string, LookupRun>> {
  const { settings, keys } = loadConfig({ ...environment });
  const database = openDatabase(settings.DATABASE_URL ?? '', { maxConnections: 1 });
  try {
    const account = await createAccounts(database.db).findByEmail(demoEmail);
    const log = createLookupRunLog(database.db, createSealer(keys));
    const untilMs = Date.now() + withinMs;
    for (;;) {
      const { runs } = await log.page(account?.id ?? '', { pbxId: demoPbxId }, { limit: 50 });
      const known = new Map(runs.map((run) => [run.id, run]));
      if (answers.every(({ runId }) => known.has(runId)) || Date.now() > untilMs) return known;
      await delay(50, undefined, { signal: interruption.signal });
    }
  } finally {
    await database.close();
  }
}

async function recordNames({ standInUrl }: Stack): Promise<ReadonlyMap<string, string>> {
  const response = await fetch(`${standInUrl ?? ''}/__control/org/${demoOrgId}/Contact`);
  const contacts = (await response.json()) as readonly { Id: string; Name: string }[];
  return new Map(contacts.map(({ Id, Name }) => [Id, Name]));
}

function printTable(
  answers: readonly Answer[],
  runs: ReadonlyMap<string, LookupRun>,
  names: ReadonlyMap<string, string>,
): void {
  const rows = answers.map(({ question, extension, reason, runId, ms }) => {
    const found = reason.startsWith('matched') ? runs.get(runId)?.found : undefined;
    const record =
      found?.recordId === undefined ? '-' : `${found.object ?? ''} ${names.get(found.recordId) ?? found.recordId}`;
    return [question.callerId, question.about, extension, reason, record, ms.toFixed(1)];
  });
  const table = [['number', 'which is', 'answer', 'reason', 'matched record', 'ms'], ...rows];
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  console.log('');
  for (const row of table)
    console.log(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}`,
    );
}

function differencesOf({ question, extension, reason, runId }: Answer, run: LookupRun | undefined): string[] {
  const compared: readonly (readonly [what: string, is: string | undefined, expected: string | undefined])[] = [
    ['answer', extension, question.extension],
    ['reason', reason, question.reason],
    ['recorded run', run?.id, runId],
    ['recorded reason', run?.answer.reason, question.reason],
    ...(question.record === undefined ? [] : [['record', run?.found?.recordId, question.record] as const]),
  ];
  return compared
    .filter(([, is, expected]) => is !== expected)
    .map(
      ([what, is, expected]) =>
        `${question.callerId} (${question.about}): ${what} is ${is ?? 'missing'}, not ${expected ?? 'missing'}`,
    );
}
