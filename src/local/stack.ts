import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { inheritedEnvironment, loadConfig, SettingsSchema } from '../config.ts';
import { AppError } from '../errors.ts';
import { writeWorkflowBundle } from '../temporal/bundle.ts';
import { explainDataFolder, takeDataFolder } from './data-folder.ts';
import { keysIn } from './keys.ts';
import { endedByItself, launchProgram, launchStandIn, runMigrations } from './launch.ts';
import { freePort } from './network.ts';
import { Part } from './part.ts';
import { choosePorts, missingPublicUrl, namesOf } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { startWatchdog, type Exit, type Service } from './processes.ts';
import { silentReport, type Report } from './report.ts';
import { standInClientId, standInClientSecret } from './salesforce/policies.ts';
import { findTemporalCommand } from './temporal-command.ts';
import { startTemporal } from './temporal.ts';

export { anyFreePorts } from './ports.ts';

/*
 * The whole product on one machine: PostgreSQL, Temporal and the Salesforce stand-in side by side, then the migrations, then workers
 * and servers. What the settings name (`DATABASE_URL`, `TEMPORAL_ADDRESS`, a real Salesforce) is used instead of being started.
 */

export interface StackOptions {
  /** The settings, as an environment; what is absent has its default. A port 0 is any free one. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly servers?: number;
  readonly workers?: number;
  /** False: Temporal keeps everything in memory, and PostgreSQL does not wait for the disk. */
  readonly durable?: boolean;
  /** About how many contacts the stand-in has. */
  readonly records?: number | undefined;
  /** The data folder goes when the stack does. */
  readonly temporary?: boolean;
  readonly report?: Report;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
  /** Hears of a part that ended by itself, with a sentence. */
  readonly onFailure?: (failure: AppError) => void;
}

export interface Stack {
  /** Origin of the portal and the phone API: of the first server, or `PUBLIC_URL`. */
  readonly url: string;
  readonly dataDir: string;
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string | undefined };
  /** Undefined with a real Salesforce. */
  readonly standInUrl: string | undefined;
  /** What servers and workers were given, `DATABASE_URL` and keys included: for a process that is to be like them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What was started here; a service that the settings name has no part. */
  readonly parts: Readonly<Record<'postgres' | 'temporal' | 'standIn', Part | undefined>>;
  readonly servers: readonly Part[];
  readonly workers: readonly Part[];
  /** Stops everything, the last started first; a second call while the first is under way waits for it. */
  stop(): Promise<void>;
  /** Ends everything at once. */
  kill(): Promise<void>;
}

/** How long each part may take to stop when what all of them wait for is gone. */
const hurriedMs = 2_000;

/** Starts the stack. When a part fails to start, everything that did is stopped before the error is thrown. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { environment: given, durable = true, report = silentReport } = options;
  const { settings, usesStandIn, ...config } = loadConfig({ ...given });
  if (!usesStandIn && settings.TRUNKLINE_KEYS === undefined) throw missingKeys();
  const dataDir = resolve(settings.TRUNKLINE_DATA_DIR);
  const { lock, ended } = await takeDataFolder(dataDir);
  const cleanup = new AsyncDisposableStack();
  if (options.temporary) cleanup.defer(() => rm(dataDir, { recursive: true, force: true }));
  cleanup.defer(() => lock[Symbol.dispose]());
  const failing = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failing.signal]) : failing.signal;
  const parts: Part[] = [];
  /** Undefined: as long as the part usually may. */
  let stopWithinMs: number | undefined;

  /** Registers a part to be stopped before those registered earlier, whether it gets as far as starting or not. */
  const part = (
    name: string,
    launch: () => Promise<Service>,
    extra: { url?: string; crashSignal?: NodeJS.Signals } = {},
  ): Part => {
    const onUnexpectedExit = (exit: Exit, service: Service) => {
      // Whoever is in the middle of something would wait for it, one after the other, and in vain.
      if (name === 'postgres' || name === 'temporal') stopWithinMs = hurriedMs;
      const failure = endedByItself(name, exit, service.lastLines(5), service.logFile);
      options.onFailure?.(explainDataFolder(dataDir, failure) ?? failure);
    };
    const added = new Part({ name, launch, onUnexpectedExit, ...extra });
    parts.push(added);
    cleanup.defer(() => added.stop(stopWithinMs));
    return added;
  };

  try {
    if (ended.length > 0) report.say(`  An earlier run was killed; ended what it had left: ${ended.join(', ')}.`);
    const ports = await choosePorts(settings, usesStandIn);
    const hint = missingPublicUrl(settings, ports);
    if (hint !== undefined) report.say(`  ${hint}`);
    cleanup.defer(await startWatchdog(dataDir, { remove: options.temporary ?? false }));

    // ------------------------------------------------------------------------------------- what the product stands on
    let databaseUrl = settings.DATABASE_URL;
    const postgres =
      databaseUrl === undefined
        ? part(
            'postgres',
            async () => {
              const started = await startPostgres({ dataDir, port: ports.POSTGRES_PORT, durable, signal });
              databaseUrl = started.url;
              return started.service;
            },
            { crashSignal: 'SIGQUIT' }, // its "immediate": a crash for the data, and none of its processes stays behind
          )
        : undefined;

    let temporalCommand = '';
    const namespace = settings.TEMPORAL_NAMESPACE;
    const temporal =
      settings.TEMPORAL_ADDRESS === undefined
        ? part('temporal', async () => {
            const { TEMPORAL_PORT: port, TEMPORAL_UI_PORT: uiPort } = ports;
            return (
              await startTemporal({ command: temporalCommand, dataDir, port, uiPort, namespace, durable, signal })
            ).service;
          })
        : undefined;
    const temporalAddress = settings.TEMPORAL_ADDRESS ?? `127.0.0.1:${ports.TEMPORAL_PORT}`;
    const temporalUiUrl = settings.TEMPORAL_UI_URL ?? (temporal && `http://localhost:${ports.TEMPORAL_UI_PORT}`);

    const publicUrl = settings.PUBLIC_URL === undefined ? `http://localhost:${ports.PORT}` : config.publicUrl;
    const standInNames = namesOf(settings.HOST, publicUrl);
    const standInUrl = usesStandIn ? `http://${standInNames.public}:${ports.SALESFORCE_STAND_IN_PORT}` : undefined;
    const standIn =
      standInUrl === undefined
        ? undefined
        : part(
            'salesforce-stand-in',
            () =>
              launchStandIn({
                host: settings.HOST,
                names: standInNames,
                port: ports.SALESFORCE_STAND_IN_PORT,
                callbackUrl: `${publicUrl}/salesforce/callback`,
                apiVersion: settings.SALESFORCE_API_VERSION,
                dataDir,
                records: options.records,
                signal,
              }),
            { url: standInUrl },
          );

    const bundlePath = settings.WORKFLOW_BUNDLE_PATH ?? join(dataDir, 'workflow-bundle.js');
    const tasks: Promise<unknown>[] = [];
    if (postgres)
      tasks.push(
        report.step(
          'PostgreSQL',
          () => postgres.start(),
          () => `ready on port ${ports.POSTGRES_PORT}`,
        ),
      );
    if (temporal) {
      const launch = async (progress: (text: string) => void) => {
        const configured = settings.TEMPORAL_CLI_PATH;
        temporalCommand = await findTemporalCommand({ configured, progress, signal, dataDir });
        progress('starting');
        await temporal.start();
      };
      tasks.push(report.step('Temporal', launch, () => `ready on port ${ports.TEMPORAL_PORT}`));
    }
    if (standIn)
      tasks.push(
        report.step(
          'Salesforce',
          () => standIn.start(),
          () => `stand-in ready on port ${ports.SALESFORCE_STAND_IN_PORT}`,
        ),
      );
    if (settings.WORKFLOW_BUNDLE_PATH === undefined) {
      tasks.push(
        report.step(
          'Workflows',
          () => writeWorkflowBundle(bundlePath),
          () => 'bundled',
        ),
      );
    }
    await together(failing, tasks);

    // --------------------------------------------------------------------------------------------- the product itself
    const environment = {
      ...forChildren(given, temporal !== undefined),
      TRUNKLINE_DATA_DIR: dataDir,
      TRUNKLINE_KEYS: settings.TRUNKLINE_KEYS ?? (await keysIn(dataDir)),
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: namespace,
      TEMPORAL_UI_URL: temporalUiUrl,
      WORKFLOW_BUNDLE_PATH: bundlePath,
      PUBLIC_URL: publicUrl,
      ...(standInUrl !== undefined && {
        SALESFORCE_STAND_IN_URL: standInUrl,
        SALESFORCE_CLIENT_ID: standInClientId,
        SALESFORCE_CLIENT_SECRET: standInClientSecret,
      }),
    };
    await report.step(
      'Migrations',
      () => runMigrations(dataDir, environment),
      () => 'done',
    );

    const program = (entry: 'server' | 'worker', index: number, port: number) => {
      const name = index === 0 ? entry : `${entry}-${index + 1}`;
      const env = { ...environment, PORT: String(port), METRICS_PORT: index === 0 ? String(ports.METRICS_PORT) : '0' };
      const url = entry === 'server' ? { url: `http://localhost:${port}` } : {};
      return part(name, () => launchProgram({ name, entry, dataDir, env, signal }), url);
    };
    const workers = Array.from({ length: options.workers ?? 1 }, (_, index) => program('worker', index, ports.PORT));
    const servers: Part[] = [];
    while (servers.length < (options.servers ?? 1)) {
      servers.push(program('server', servers.length, servers.length === 0 ? ports.PORT : await freePort()));
    }
    await together(
      failing,
      [...workers, ...servers].map((each) => report.step(capitalised(each.name), () => each.start())),
    );

    let stopping: Promise<void> | undefined;
    const stop = () => (stopping ??= cleanup.disposeAsync());
    return {
      url: publicUrl,
      dataDir,
      temporal: { address: temporalAddress, namespace, uiUrl: temporalUiUrl },
      standInUrl,
      environment,
      parts: { postgres, temporal, standIn },
      servers,
      workers,
      stop,
      async kill() {
        await Promise.all(parts.map((each) => each.crash()));
        await stop();
      },
    };
  } catch (error) {
    failing.abort(error);
    await cleanup.disposeAsync();
    throw explainDataFolder(dataDir, error) ?? error;
  }
}

const missingKeys = () =>
  new AppError(
    'CONFIGURATION_INVALID',
    'TRUNKLINE_KEYS is missing: with a real Salesforce set it to a key that you keep, such as main:$(openssl rand -base64 32).',
  );

const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** Waits for all; after the first failure the others are told to give up, and have done so when it is thrown. */
async function together(failing: AbortController, tasks: readonly Promise<unknown>[]): Promise<void> {
  try {
    await Promise.all(tasks);
  } catch (error) {
    failing.abort(error);
    await Promise.allSettled(tasks);
    throw error;
  }
}

// ------------------------------------------------------------------------------------------------------------- settings

/**
 * Our settings as they were given, and none that only the environment of this process has: a test must not meet a real Salesforce
 * because a shell knows one. The same for Temporal's own variables when the server is ours.
 */
function forChildren(
  given: Readonly<Record<string, string | undefined>>,
  ownTemporal: boolean,
): Record<string, string | undefined> {
  const foreign = Object.keys(inheritedEnvironment()).filter((name) => ownTemporal && name.startsWith('TEMPORAL_'));
  const ours = Object.keys(SettingsSchema.properties);
  return {
    ...Object.fromEntries(foreign.map((name) => [name, undefined])),
    ...Object.fromEntries(ours.map((name) => [name, given[name]])),
  };
}
