import { loadConfig, type Config } from './config.ts';
import { AppError } from './errors.ts';
import { closeWithinMs as closingLimits } from './limits.ts';
import { createLogger, type Logger } from './logger.ts';

export interface ProcessContext {
  readonly config: Config;
  readonly logger: Logger;
  /** What was opened, to be closed in reverse order. */
  readonly cleanup: AsyncDisposableStack;
  /** Ends when the process is to stop, also while it is starting. */
  readonly signal: AbortSignal;
  /** Stops the process in good order. */
  readonly stop: () => void;
  /** Stops the process with a failure, for what breaks while it runs. */
  readonly fail: (error: unknown) => void;
}

export interface ProcessOptions {
  /**
   * Who ends it. `parent`: a service manager sends its signals to every process of a service, but this one is needed until its parent has
   * stopped, which then says so, or is gone.
   */
  readonly stopsWith?: 'signals' | 'parent';
  /** How long closing may take before the process ends anyway; default: as a server. */
  readonly closeWithinMs?: number;
}

/**
 * The life of a process: start, tell a parent that it is ready, wait for SIGTERM, SIGINT or the parent's end, close in reverse order.
 * What cannot start says one sentence and exits with 1; so does what fails while it runs. A second signal ends it at once.
 */
export async function runProcess(
  name: string,
  start: (context: ProcessContext) => Promise<void>,
  { stopsWith = 'signals', closeWithinMs = closingLimits.server }: ProcessOptions = {},
): Promise<void> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  const onSignal = () => {
    if (stopsWith === 'parent') return;
    if (stopping.signal.aborted) process.exit(1);
    stop();
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  process.once('disconnect', stop);
  // It may have gone while our modules were loaded, when nobody listened.
  if (stopsWith === 'parent' && !process.connected) stop();

  await using cleanup = new AsyncDisposableStack();
  try {
    const config = loadConfig();
    const logger = createLogger(config.settings.LOG_LEVEL, name);
    const fail = (error: unknown) => {
      process.exitCode = 1;
      if (!stopping.signal.aborted) logger.fatal({ err: error }, 'stopping after a failure');
      stopping.abort();
    };
    process.on('uncaughtException', fail).on('unhandledRejection', fail);
    await start({ config, logger, cleanup, signal: stopping.signal, stop, fail });
    logger.info('ready');
    process.send?.({ type: 'ready' }, undefined, undefined, () => undefined); // a parent that is gone does not want to know
    await aborted(stopping.signal);
    logger.info('stopping');
  } catch (error) {
    if (!stopping.signal.aborted) {
      console.error(error instanceof AppError ? error.message : error);
      process.exitCode = 1;
    }
  }
  setTimeout(() => process.exit(1), closeWithinMs).unref();
  await cleanup.disposeAsync();
  if (process.connected) process.disconnect();
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
