import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AppError } from '../errors.ts';
import { closeWithinMs } from '../limits.ts';
import { startService, type Exit, type Service } from './processes.ts';

/* Our own programs as processes, each ready when these functions answer. */

type Environment = Readonly<Record<string, string | undefined>>;

const readyWithinMs = 60_000;
const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** Starts `src/server.ts` or `src/worker.ts`, which says by a message that it is able to work. */
export async function launchProgram(options: {
  name: string;
  entry: 'server' | 'worker';
  dataDir: string;
  env: Environment;
  signal: AbortSignal;
}): Promise<Service> {
  const { name, entry, dataDir, env, signal } = options;
  const service = await startService({
    name,
    command: process.execPath,
    args: [path(`../${entry}.ts`)],
    dataDir,
    isBackground: entry === 'worker',
    env,
    ipc: true,
    // A server ends itself by then. A worker may wait longer for Salesforce, and whoever pressed Ctrl-C does not.
    stopWithinMs: closeWithinMs.server + 2_000,
  });
  const ready = new Promise<void>((resolve) => {
    service.child.on('message', (message) => {
      if (isReady(message)) resolve();
    });
  });
  await untilReady(service, ready, signal);
  return service;
}

const isReady = (message: unknown) =>
  typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready';

/** Starts the Salesforce stand-in, which is ready when it answers. */
export async function launchStandIn(options: {
  /** Where it listens, how browsers write that, and how this machine gets there. */
  host: string;
  names: { public: string; local: string };
  port: number;
  /** Of the portal. */
  callbackUrl: string;
  apiVersion: string;
  dataDir: string;
  records: number | undefined;
  signal: AbortSignal;
}): Promise<Service> {
  const { host, names, port, callbackUrl, apiVersion, dataDir, records, signal } = options;
  const service = await startService({
    name: 'salesforce-stand-in',
    command: process.execPath,
    args: [
      ...(records === undefined ? [] : ['--max-old-space-size=8192']),
      ...[path('salesforce/main.ts'), '--host', host, '--public-host', names.public, '--port', String(port)],
      ...['--callback-url', callbackUrl, '--api-version', apiVersion, '--data', dataDir],
      ...(records === undefined ? [] : ['--records', String(records)]),
    ],
    dataDir,
  });
  const answers = async () => {
    for (;;) {
      signal.throwIfAborted();
      if (service.exit) return;
      const response = await fetch(`http://${names.local}:${port}/.well-known/openid-configuration`).catch(
        () => undefined,
      );
      if (response?.ok) return;
      await delay(50);
    }
  };
  await untilReady(service, answers(), signal);
  return service;
}

/** Runs the migrations to their end. */
export async function runMigrations(dataDir: string, env: Environment): Promise<void> {
  const service = await startService({
    name: 'migrate',
    command: process.execPath,
    args: [path('../migrate.ts')],
    dataDir,
    env,
  });
  const exit = await service.exited;
  if (exit.code !== 0) throw endedByItself('migrate', exit, service.lastLines(5), service.logFile);
}

/** Waits for `ready`, an early end, the signal or the end of our patience, whatever comes first; stops the service unless it is ready. */
async function untilReady(service: Service, ready: Promise<void>, signal: AbortSignal): Promise<void> {
  const settled = new AbortController();
  try {
    await Promise.race([
      service.exited.then((exit) => {
        throw endedByItself(service.name, exit, service.lastLines(5), service.logFile);
      }),
      ready,
      delay(readyWithinMs, undefined, { signal: AbortSignal.any([signal, settled.signal]) }).then(() => {
        const said = service.lastLines(3).join(' ');
        throw new AppError(
          'LOCAL_SERVICE_FAILED',
          `The ${service.name} is not ready after ${readyWithinMs / 1_000} s: ${said}`,
        );
      }),
    ]);
  } catch (error) {
    await service.stop();
    throw error;
  } finally {
    settled.abort();
  }
}

/** A sentence for a program that ended although nobody asked it to. */
export function endedByItself(
  name: string,
  { code, signal }: Exit,
  lines: readonly string[],
  logFile: string,
): AppError {
  const said = lines.filter((line) => line !== '').map((line) => `\n    ${line}`);
  const how = signal ?? `exit code ${String(code)}`;
  return new AppError(
    'LOCAL_SERVICE_FAILED',
    said.length === 0
      ? `The ${name} ended (${how}) without a word.`
      : `The ${name} ended (${how}). Its log, ${logFile}, ends with:${said.join('')}`,
  );
}
