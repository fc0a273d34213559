import { mkdir, readFile, watch } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inheritedEnvironment } from '../config.ts';
import { AppError } from '../errors.ts';
import { demoEmail, demoPassword, demoPbxId, seedDemo } from './demo-data.ts';
import { createReport } from './report.ts';
import { demoOrgId, demoRecords } from './salesforce/data/demo-records.ts';
import { orgDefinitions } from './salesforce/users.ts';
import { startStack, type Stack } from './stack.ts';

/* `npm start`: brings the product up on this machine, and down again at Ctrl-C. */

const { values } = parseArgs({ options: { records: { type: 'string' } } });
let stack: Stack | undefined;
let leaving: { readonly code: number; readonly sinceMs: number } | undefined;
const interruption = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupted);
try {
  await start();
} catch (error) {
  await leave(1, sentence(error));
}

function interrupted(): void {
  if (!leaving) {
    void leave(0, 'Stopping (Ctrl-C again ends everything at once) …');
  } else if (Date.now() - leaving.sinceMs > 500) {
    // npm passes the terminal's Ctrl-C on to us, who had it already: within a moment it is the same one
    console.log('\nEnding everything at once.');
    void (stack?.kill() ?? Promise.resolve()).finally(() => process.exit(1));
  }
}

/** Ends what was started and this process with it; the first reason decides the exit code. */
async function leave(code: number, why: string): Promise<void> {
  if (!leaving) {
    leaving = { code, sinceMs: Date.now() };
    (code === 0 ? console.log : console.error)(`\n${why}`);
    interruption.abort();
  }
  await stack?.stop();
  process.exitCode = leaving.code;
}

async function start(): Promise<void> {
  const startedAtMs = Date.now();
  console.log('Starting Trunkline …');
  stack = await startStack({
    environment: inheritedEnvironment(),
    records: records(),
    report: createReport((line) => console.log(line)),
    signal: interruption.signal,
    onFailure: (failure) => void leave(1, failure.message),
  });
  const token = stack.standInUrl === undefined ? undefined : await seedDemo(stack.environment, stack.dataDir);
  interruption.signal.throwIfAborted();
  // A line of its own and nothing more on it: programs wait for it.
  console.log(`\nTrunkline is ready on ${stack.url}`);
  console.log(`It took ${((Date.now() - startedAtMs) / 1_000).toFixed(1)} s.\n`);
  console.log(firstSteps(stack, token));
  if (stack.environment['MAIL_URL'] === undefined) void tellOfMail(join(stack.dataDir, 'mail'), interruption.signal);
}

function records(): number | undefined {
  if (values.records === undefined) return undefined;
  const number = Number(values.records);
  if (Number.isInteger(number) && number > 0) return number;
  throw new AppError(
    'CONFIGURATION_INVALID',
    `--records is ${values.records}: it must be a number of contacts, such as 1000000.`,
  );
}

function sentence(error: unknown): string {
  if (error instanceof AppError) return error.message;
  return `Trunkline could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

/** What somebody who sees this for the first time can do next. */
function firstSteps({ url, temporal, standInUrl, dataDir }: Stack, token: string | undefined): string {
  const line = (name: string, text: string) => `  ${name.padEnd(14)} ${text}`;
  const common = [
    line('Portal', url),
    ...(temporal.uiUrl === undefined ? [] : [line('Temporal', temporal.uiUrl)]),
    line('Logs', join(dataDir, 'logs')),
  ];
  if (standInUrl === undefined || token === undefined) return [...common, '', '  Ctrl-C stops it.'].join('\n');
  const { call } = demoRecords.direct;
  const question = `${url}/api/ExtNo/${demoPbxId}${demoOrgId}/?callerid=${encodeURIComponent(call)}`;
  const users = orgDefinitions.flatMap(({ name, users: people }) =>
    people()
      .filter(({ active, frozen }) => active && !frozen)
      .map(
        ({ username, profileName, licences }) =>
          `${username.padEnd(30)} ${name}, ${profileName}${licences.includes('trunkline') ? ', ACD licence' : ', no ACD licence'}`,
      ),
  );
  return [
    ...common,
    line('Salesforce', `${standInUrl} (a stand-in; password of all users: stand-in)`),
    ...users.map((user) => line('', user)),
    '',
    `  1. Sign in on ${url}/sign-in as ${demoEmail} with the password ${demoPassword}`,
    `  2. Click To Connect Salesforce, and log in there as admin@acme.example with the password stand-in`,
    `  3. Ask which extension a caller belongs to:`,
    '',
    `     curl -i -H 'Authorization: Bearer ${token}' '${question}'`,
    '',
    '  Ctrl-C stops it.',
  ].join('\n');
}

/** Without a mail server a message lands in the data folder; the link that somebody waits for is shown here. */
async function tellOfMail(folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true });
  const seen = new Set<string>();
  try {
    for await (const { filename } of watch(folder, { signal })) {
      if (filename === null || seen.has(filename)) continue;
      const message = await readFile(join(folder, filename), 'utf8').catch(() => '');
      const link = /https?:\/\/\S+/.exec(message)?.[0];
      if (link === undefined) continue; // not written to its end yet, or without a link
      seen.add(filename);
      console.log(
        `  Mail to ${/^To: (.*)$/m.exec(message)?.[1]?.trim() ?? 'somebody'} (${join(folder, filename)}): ${link}`,
      );
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
