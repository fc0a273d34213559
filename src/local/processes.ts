import { execFileSync, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { keepToBackground } from '../background-processors.ts';
import { inheritedEnvironment } from '../config.ts';
import { lowerSessionPriority } from '../session-priority.ts';

/*
 * Processes on this machine, started so that none is ever left behind. Each gets a process group of its own (the terminal's Ctrl-C is
 * for the one who started it, which then stops the others in order) and a record in `<data folder>/run`. Whoever finds the records of
 * a starter that is gone ends what they name: the watchdog at once, or the next start.
 */

export interface StartOptions {
  /** A short name: of the record and of the log. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** An IPC channel: for our own programs, which say when they are ready and end when the channel does. */
  readonly ipc?: boolean;
  /** The signal that asks the program to end; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** Above 0 it gets the processor when others do not need it, as far as the system allows that. */
  readonly niceness?: number;
  /** Callers do not wait for it: it leaves the first half of the processors to those for whom they do. */
  readonly isBackground?: boolean;
  /** How long it may take to end when asked; default 10 s. */
  readonly stopWithinMs?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that we started and look after. */
export interface Service {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  readonly logFile: string;
  readonly exited: Promise<Exit>;
  /** Undefined while it runs. */
  readonly exit: Exit | undefined;
  /** The end of what it wrote. */
  lastLines(count: number): string[];
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end, and makes it when it takes too long. */
  stop(withinMs?: number): Promise<void>;
}

/** Starts a program whose output goes to `<data folder>/logs/<name>.log` (the one before is kept as `.log.1`). Throws when it cannot be started. */
export async function startService(options: StartOptions): Promise<Service> {
  const { name, dataDir, stopSignal = 'SIGTERM' } = options;
  const logFile = freshLog(dataDir, name);
  const output = openSync(logFile, 'a');
  const stdio: StdioOptions = ['ignore', output, output, ...(options.ipc ? (['ipc'] as const) : [])];
  const child = spawn(options.command, options.args, {
    stdio,
    detached: true,
    env: inheritedEnvironment(options.env),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.uid !== undefined && { uid: options.uid }),
    ...(options.gid !== undefined && { gid: options.gid }),
  });
  closeSync(output);
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  await once(child, 'spawn');
  child.on('error', () => undefined); // an IPC message to a process that has just ended
  const { pid = 0 } = child; // known, since it was spawned
  if (options.niceness !== undefined) beNice(pid, options.niceness);
  const kill = (signal: NodeJS.Signals) => {
    if (exit === undefined) signalProcess(pid, signal);
  };
  try {
    const record = recordProcess(dataDir, name, pid, stopSignal);
    void exited.then(() => rmSync(record, { force: true }));
  } catch (error) {
    kill('SIGKILL'); // nobody would ever know of it
    await exited;
    throw error;
  }
  if (options.isBackground) await keepToBackground(pid);
  return {
    name,
    pid,
    child,
    logFile,
    exited,
    get exit() {
      return exit;
    },
    lastLines: (count) => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count),
    kill,
    async stop(withinMs = options.stopWithinMs ?? 10_000) {
      kill('SIGCONT'); // a paused one hears nothing
      kill(stopSignal);
      const timer = setTimeout(() => {
        kill('SIGKILL');
        signalProcess(-pid, 'SIGKILL'); // and what it had started in its group; a recorder has one of its own and ends when it hears of this
      }, withinMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function beNice(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // it runs as everybody does
  }
  lowerSessionPriority(pid, niceness);
}

function freshLog(dataDir: string, name: string): string {
  const folder = join(dataDir, 'logs');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.log`);
  try {
    renameSync(file, `${file}.1`);
  } catch {
    // the first run has none
  }
  return file;
}

// ------------------------------------------------------------------------------------------------------------ records

interface ProcessRecord {
  readonly pid: number;
  readonly identity: string;
  readonly stopSignal: NodeJS.Signals;
  readonly startedAtMs: number;
}

const recordsFolder = (dataDir: string) => join(dataDir, 'run');

function recordProcess(dataDir: string, name: string, pid: number, stopSignal: NodeJS.Signals): string {
  mkdirSync(recordsFolder(dataDir), { recursive: true });
  const file = join(recordsFolder(dataDir), `${name}-${pid}.json`);
  const record: ProcessRecord = {
    pid,
    identity: processIdentity(pid) ?? '',
    stopSignal,
    startedAtMs: performanceNow(),
  };
  writeFileSync(file, JSON.stringify(record));
  return file;
}

/** Ends every recorded process that still runs, the last started first. Answers with the names of those that had to be ended. */
export async function stopLeftovers(dataDir: string, withinMs = 10_000): Promise<string[]> {
  const found = listRecords(dataDir).sort((a, b) => b.record.startedAtMs - a.record.startedAtMs);
  const ended: string[] = [];
  for (const { file, name, record } of found) {
    if (runsStill(record)) {
      ended.push(name);
      signalProcess(record.pid, 'SIGCONT');
      signalProcess(record.pid, record.stopSignal);
      if (!(await endsWithin(record, withinMs))) {
        signalProcess(record.pid, 'SIGKILL');
        await endsWithin(record, withinMs);
      }
    }
    rmSync(file, { force: true });
  }
  return ended;
}

function listRecords(dataDir: string): { file: string; name: string; record: ProcessRecord }[] {
  let names: string[];
  try {
    names = readdirSync(recordsFolder(dataDir));
  } catch {
    return [];
  }
  return names.flatMap((fileName) => {
    const file = join(recordsFolder(dataDir), fileName);
    try {
      const record = JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord;
      return [{ file, name: fileName.replace(/-\d+\.json$/, ''), record }];
    } catch {
      rmSync(file, { force: true }); // half written when the power went
      return [];
    }
  });
}

const runsStill = (record: ProcessRecord) => processIdentity(record.pid) === record.identity;

async function endsWithin(record: ProcessRecord, withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs;
  while (runsStill(record)) {
    if (Date.now() > until) return false;
    await delay(20);
  }
  return true;
}

/** Wall clock with fractions, so that records of one millisecond keep their order. */
const performanceNow = () => performance.timeOrigin + performance.now();

/**
 * What tells a process from another one that got its number later: when it was started, and in which boot. Undefined when there is no
 * such process, or only what is left of one until its parent has looked.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // proc(5): the name, in parentheses, may hold anything; the fields after it are state (3rd) … starttime (22nd)
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\)\s/s, '')
        .split(' ');
      if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19] ?? ''}`;
    }
    const [command, args] =
      process.platform === 'win32'
        ? ['powershell', ['-NoProfile', '-Command', `(Get-Process -Id ${pid} -ErrorAction Stop).StartTime.Ticks`]]
        : ['ps', ['-o', 'lstart=', '-p', String(pid)]];
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || undefined;
  } catch {
    return undefined;
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}

// ----------------------------------------------------------------------------------------------------------- watchdog

/** Starts the watchdog of this data folder. Answers with how to send it home, when everything has been stopped in order. */
export async function startWatchdog(dataDir: string, { remove = false } = {}): Promise<() => void> {
  const program = fileURLToPath(new URL('watchdog.ts', import.meta.url));
  const child = spawn(process.execPath, [program, dataDir, ...(remove ? ['--remove'] : [])], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true,
  });
  await once(child, 'spawn');
  child.unref();
  child.channel?.unref();
  child.on('error', () => undefined); // it is gone already
  return () => {
    if (child.connected) child.send('done', () => undefined);
  };
}
