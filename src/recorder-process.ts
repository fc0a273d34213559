import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AskedLookup } from './domain/lookup.ts';
import type { Logger } from './logger.ts';
import type { LookupEngine, LookupMetrics, LookupResult, LookupStartOutcome } from './ports.ts';
import { createOutbox, type RecorderSays, type ServerSays } from './recorder-messages.ts';

export interface RecorderProcess extends LookupEngine {
  /** Whether the first one got as far as recording, or ended before; then the next one tries. Starts wait meanwhile. */
  readonly first: Promise<'ready' | 'ended'>;
  /** False while it is away: its starts wait. */
  readonly isRunning: () => boolean;
  /** Lets it start what waits, and ends it. */
  close(): Promise<void>;
}

export interface RecorderOptions {
  readonly program: string;
  /** How many starts may wait. */
  readonly maxWaiting: number;
  /** The first pause before one that ended is started again; doubles up to sixteen times itself. */
  readonly pauseMs: number;
  /** How long it may take to close: longer than the start of what waits and the grace of its worker. */
  readonly closeWithinMs: number;
}

/** A message costs as much as a tenth of a lookup's own work; a recorder that hears a moment later is none the worse for it. */
const sayWithinMs = 10;

/** Its threads inherit what is required; what is imported they do not. */
const leanWorkflowThreads = fileURLToPath(new URL('temporal/lean-workflow-threads.ts', import.meta.url));

const defaults: RecorderOptions = {
  program: fileURLToPath(new URL('recorder.ts', import.meta.url)),
  maxWaiting: 10_000,
  pauseMs: 500,
  closeWithinMs: 22_000,
};

interface Waiting {
  readonly asked: AskedLookup;
  readonly result: Promise<LookupResult>;
  readonly done: (outcome: LookupStartOutcome) => void;
}

/**
 * The recorder as the server sees it: a process of its own, because recording a lookup costs the machine ten times what answering it
 * does, and neither the event loop nor the processor may keep the next caller waiting for that. It has a lower priority, and an eager
 * start has client and worker together there. Starts wait here until the recorder has them in Temporal: when it ends by itself, the one
 * that takes over gets them again, which the workflow's id makes harmless.
 */
export function startRecorder(
  dependencies: {
    readonly metrics: Pick<LookupMetrics, 'started' | 'startFailed' | 'unrecorded' | 'waiting'>;
    readonly onRecorded: (runId: string, repeats: number) => void;
    readonly logger: Pick<Logger, 'error'>;
  },
  options: Partial<RecorderOptions> = {},
): RecorderProcess {
  const { metrics, onRecorded, logger } = dependencies;
  const { program, maxWaiting, pauseMs, closeWithinMs } = { ...defaults, ...options };
  const waiting = new Map<string, Waiting>();
  let child: ChildProcess | undefined;
  let isReady = false;
  let isClosing = false;
  let failures = 0;
  let again: NodeJS.Timeout | undefined;
  const outbox = createOutbox<ServerSays>((said) => {
    if (child?.connected) child.send(said, () => undefined);
  }, sayWithinMs);

  return {
    first: launch(),
    start(asked, result) {
      return new Promise((resolve) => {
        if (isClosing) {
          resolve('closed');
          return;
        }
        if (waiting.size >= maxWaiting) {
          metrics.unrecorded();
          resolve('dropped');
          return;
        }
        const run = { asked, result, done: resolve };
        waiting.set(asked.runId, run);
        metrics.waiting(waiting.size);
        tell(run);
      });
    },
    isRunning: () => isReady,
    async close() {
      isClosing = true;
      clearTimeout(again);
      const running = child;
      if (running) {
        outbox.flush();
        const ended = new Promise<void>((resolve) => running.once('exit', () => resolve()));
        // One that is still waiting for Temporal has nothing to lose, and would not hear.
        const timer = setTimeout(() => running.kill('SIGKILL'), isReady ? closeWithinMs : 0);
        outbox.say({ kind: 'close' });
        outbox.flush();
        await ended;
        clearTimeout(timer);
      }
      settleAll('closed');
    },
  };

  function launch(): Promise<'ready' | 'ended'> {
    return new Promise((resolve) => {
      const launched = fork(program, {
        detached: true, // a session of its own: what it uses is not charged to the server's. No signal for the server's group reaches it
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        execArgv: [...process.execArgv, '--require', leanWorkflowThreads],
      });
      child = launched;
      launched.on('message', (message) => {
        if (Array.isArray(message)) {
          for (const said of message as readonly RecorderSays[]) hear(said);
          return;
        }
        // The only one that is not a list: it is able to work.
        isReady = true;
        failures = 0;
        resolve('ready');
      });
      const ended = (reason: number | string | null) => {
        isReady = false;
        child = undefined;
        resolve('ended');
        if (!isClosing) restart(reason);
      };
      launched.on('error', (error: NodeJS.ErrnoException) => {
        logger.error({ err: error }, 'the recorder is out of reach');
        // The system had no process to give, and what never began has no end to tell.
        if (launched.pid === undefined) ended(error.code ?? error.message);
      });
      launched.once('exit', (code, signalName) => ended(code ?? signalName));
    });
  }

  function restart(reason: number | string | null): void {
    const ms = pauseMs * Math.min(16, 2 ** failures);
    failures += 1;
    logger.error({ reason, waiting: waiting.size, restartInMs: ms }, 'the recorder ended by itself');
    again = setTimeout(() => {
      void launch();
      for (const run of waiting.values()) tell(run);
    }, ms);
  }

  function tell({ asked, result }: Waiting): void {
    outbox.say({ kind: 'asked', asked });
    void result.then((what) => outbox.say({ kind: 'answered', runId: asked.runId, result: what }));
  }

  function hear(said: RecorderSays): void {
    switch (said.kind) {
      case 'started':
        settle(said.runId, 'started');
        break;
      case 'counted':
        if (said.what === 'start-failed') metrics.startFailed();
        else metrics.started(said.what === 'eager');
        break;
      case 'recorded':
        onRecorded(said.runId, said.repeats);
        break;
    }
  }

  function settle(runId: string, outcome: LookupStartOutcome): void {
    waiting.get(runId)?.done(outcome);
    waiting.delete(runId);
    metrics.waiting(waiting.size);
  }

  function settleAll(outcome: LookupStartOutcome): void {
    for (const runId of [...waiting.keys()]) settle(runId, outcome);
  }
}
