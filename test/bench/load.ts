import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Asks one question; the number makes it a question never asked before. */
export type Ask = (sequence: number) => Promise<void>;

export interface Contender {
  readonly name: string;
  readonly ask: Ask;
  /** The contender that does the same without us. */
  readonly base?: string;
  /** Before its turn. */
  readonly before?: () => void;
}

/** Times in milliseconds. */
export interface Measured {
  readonly name: string;
  readonly count: number;
  readonly failed: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  /** Against the base, in the same run under the same load. */
  readonly overhead: { readonly p50: number; readonly p90: number; readonly p99: number } | undefined;
}

/** Never used twice in one process, so that no answer is the repeated one of another question. */
let sequence = 0;

/** One question after the other, the contenders taking turns, so that a slow moment of the machine hits all alike. */
export async function oneAtATime(contenders: readonly Contender[], rounds: number): Promise<Measured[]> {
  const samples = samplesOf(contenders);
  for (let round = 0; round < rounds; round++) {
    for (const { name, ask } of contenders) await samples.get(name)?.measure(ask);
  }
  return summaries(contenders, samples);
}

/**
 * Questions at a fixed rate, whatever the answers take (an open loop: a slow answer does not thin the load), the contenders taking
 * turns by slices of some seconds, each with the whole rate. Each question comes at a moment of its own within its share of the second:
 * in step with the timers of Salesforce's stand-in, which know whole milliseconds, a slice would measure how the two happen to lie.
 */
export async function atRate(
  contenders: readonly Contender[],
  perSecond: number,
  { sliceSeconds, slices }: { sliceSeconds: number; slices: number },
): Promise<Measured[]> {
  const samples = samplesOf(contenders);
  for (let slice = 0; slice < slices; slice++) {
    for (const { name, ask, before } of contenders) {
      before?.();
      const sample = samples.get(name) ?? new Samples();
      const under: Promise<void>[] = [];
      const startedAt = performance.now();
      for (let i = 0; i < perSecond * sliceSeconds; i++) {
        await until(startedAt + ((i + Math.random()) * 1_000) / perSecond);
        under.push(sample.measure(ask));
      }
      await Promise.all(under);
    }
  }
  return summaries(contenders, samples);
}

/** To a fraction of a millisecond, which timers do not know. */
async function until(ms: number): Promise<void> {
  const waitMs = Math.floor(ms - performance.now()) - 1;
  if (waitMs > 0) await sleep(waitMs);
  while (performance.now() < ms) await nextTurn();
}

const samplesOf = (contenders: readonly Contender[]) => new Map(contenders.map(({ name }) => [name, new Samples()]));

function summaries(contenders: readonly Contender[], samples: ReadonlyMap<string, Samples>): Measured[] {
  const all = new Map([...samples].map(([name, sample]) => [name, sample.summary()]));
  return contenders.flatMap(({ name, base }) => {
    const own = all.get(name);
    const other = base === undefined ? undefined : all.get(base);
    const overhead = own && other && { p50: own.p50 - other.p50, p90: own.p90 - other.p90, p99: own.p99 - other.p99 };
    return own ? [{ name, ...own, overhead }] : [];
  });
}

class Samples {
  readonly #ms: number[] = [];
  #failed = 0;

  async measure(ask: Ask): Promise<void> {
    const startedAt = performance.now();
    try {
      await ask(sequence++);
      this.#ms.push(performance.now() - startedAt);
    } catch {
      this.#failed++;
    }
  }

  summary(): Omit<Measured, 'name' | 'overhead'> {
    const sorted = [...this.#ms].sort((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
    return { count: sorted.length, failed: this.#failed, p50: at(0.5), p90: at(0.9), p99: at(0.99) };
  }
}
