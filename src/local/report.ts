import { minutes } from './temporal-command.ts';

/** Tells a person what is going on while services start. */
export interface Report {
  /** Does a piece of work under a name. What it says in between is passed on now and then; what it answers is said at the end. */
  step<T>(
    name: string,
    work: (progress: (text: string) => void) => Promise<T>,
    done?: (result: T) => string,
  ): Promise<T>;
  say(text: string): void;
}

export const silentReport: Report = {
  step: (_name, work) => work(() => undefined),
  say: () => undefined,
};

/** One line per step with the time it took, and a sign of life from a long one every few seconds. */
export function createReport(write: (line: string) => void, aliveEveryMs = 5_000): Report {
  return {
    say: write,
    async step(name, work, done = () => 'ready') {
      const startedAtMs = Date.now();
      let latest = 'starting';
      const line = (text: string) => write(`  ${name.padEnd(18)} ${text}`);
      const timer = setInterval(() => {
        line(latest.includes('so far') ? latest : `${latest}, ${minutes(Date.now() - startedAtMs)} so far`);
      }, aliveEveryMs);
      try {
        const result = await work((text) => {
          latest = text;
        });
        line(`${done(result)} (${((Date.now() - startedAtMs) / 1_000).toFixed(1)} s)`);
        return result;
      } finally {
        clearInterval(timer);
      }
    },
  };
}
