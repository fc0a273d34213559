import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Asks one question; the number makes it a question never asked before. */
export type Ask = (sequence: number) => Promise<void>;

export interface Measured {
  readonly name: string;
  readonly count: number;
  readonly failed: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** One question after the other, the contenders taking turns, so that a slow moment of the machine hits all alike. */
export async function oneAtATime(contenders: ReadonlyMap<string, Ask>, rounds: number): Promise<Measured[]> {
  const samples = new Map([...contenders.keys()].map((name) => [name, new Samples()]));
  let sequence = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [name, ask] of contenders) await samples.get(name)?.measure(ask, sequence++);
  }
  return [...samples].map(([name, sample]) => sample.summary(name));
}

/**
 * Questions at a fixed rate, whatever the answers take (an open loop: a slow answer does not thin the load), the contenders
 * taking turns by slices of a second, each with the whole rate.
 */
export async function atRate(
  contenders: ReadonlyMap<string, Ask>,
  perSecond: number,
  secondsEach: number,
): Promise<Measured[]> {
  const samples = new Map([...contenders.keys()].map((name) => [name, new Samples()]));
  let sequence = 1_000_000;
  for (let slice = 0; slice < secondsEach; slice++) {
    for (const [name, ask] of contenders) {
      const under: Promise<void>[] = [];
      const startedAt = performance.now();
      for (let i = 0; i < perSecond; i++) {
        const dueAt = startedAt + (i * 1_000) / perSecond;
        const waitMs = dueAt - performance.now();
        if (waitMs > 0) await sleep(waitMs);
        const sample = samples.get(name);
        if (sample) under.push(sample.measure(ask, sequence++));
      }
      await Promise.all(under);
    }
  }
  return [...samples].map(([name, sample]) => sample.summary(name));
}

class Samples {
  readonly #ms: number[] = [];
  #failed = 0;

  async measure(ask: Ask, sequence: number): Promise<void> {
    const startedAt = performance.now();
    try {
      await ask(sequence);
      this.#ms.push(performance.now() - startedAt);
    } catch {
      this.#failed++;
    }
  }

  summary(name: string): Measured {
    const sorted = [...this.#ms].sort((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
    return { name, count: sorted.length, failed: this.#failed, p50: at(0.5), p90: at(0.9), p99: at(0.99) };
  }
}
