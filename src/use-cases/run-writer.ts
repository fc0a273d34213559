import type { LookupRun } from '../domain/lookup.ts';
import type { Logger } from '../logger.ts';
import type { LookupRuns } from '../ports.ts';

export interface RunWriterOptions {
  /** The first pause after a failed writing; doubles up to sixteen times itself. */
  readonly pauseMs: number;
  /** How many runs may wait for the log. */
  readonly maxWaiting: number;
}

const defaults: RunWriterOptions = { pauseMs: 1_000, maxWaiting: 10_000 };

/** How many are written at once when the log is back. */
const atOnce = 8;

interface Waiting {
  /** Undefined once there is nothing to write any more. */
  readonly run: () => LookupRun | undefined;
  readonly done: (isWritten: boolean) => void;
}

/**
 * Writes runs that only this process knows, for as long as it lives. While the log does not take them they wait in line, and one of
 * them at a time tries whether it is back. Where too many wait the new one is given up: its workflow goes on writing what it knows.
 */
export function createRunWriter(
  dependencies: { readonly runs: Pick<LookupRuns, 'record'>; readonly logger: Pick<Logger, 'warn'> },
  options: Partial<RunWriterOptions> = {},
) {
  const { runs, logger } = dependencies;
  const { pauseMs, maxWaiting } = { ...defaults, ...options };
  const line: Waiting[] = [];
  let working: Promise<void> | undefined;
  let endPause: () => void = () => undefined;
  let isClosing = false;
  let failures = 0;
  let givenUp = 0;

  return {
    /** Asks for the run when its turn comes. Resolves when it is written, is not wanted any more, or has been given up: then with false. */
    write(run: Waiting['run']): Promise<boolean> {
      if (line.length >= maxWaiting) {
        givenUp += 1;
        return Promise.resolve(false);
      }
      return new Promise((resolve) => {
        line.push({ run, done: resolve });
        working ??= work().finally(() => {
          working = undefined;
        });
      });
    },
    /** Tries what waits once more, until the log refuses one. */
    async close(): Promise<void> {
      isClosing = true;
      endPause();
      await working;
    },
  };

  async function work(): Promise<void> {
    while (line.length > 0) {
      const turn = line.splice(0, failures === 0 ? atOnce : 1);
      const failed = (await Promise.all(turn.map(tryOnce))).filter((each) => each !== undefined);
      // To the end: what the log refuses for a reason of its own keeps nobody waiting.
      line.push(...failed);
      if (failed.length < turn.length) backAgain();
      if (failed.length === 0) continue;
      failures += 1;
      if (isClosing) {
        givenUp += line.length;
        for (const { done } of line.splice(0)) done(false);
      } else await pause();
    }
    backAgain();
  }

  async function tryOnce(waiting: Waiting): Promise<Waiting | undefined> {
    try {
      const run = waiting.run();
      if (run) await runs.record(run);
      waiting.done(true);
      return undefined;
    } catch (error) {
      if (failures === 0) logger.warn({ err: error }, 'lookup runs cannot be written; they wait for the log');
      return waiting;
    }
  }

  function backAgain(): void {
    failures = 0;
    if (givenUp > 0) logger.warn({ count: givenUp }, 'lookup runs could not be completed in the log');
    givenUp = 0;
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs * Math.min(16, 2 ** (failures - 1)));
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
