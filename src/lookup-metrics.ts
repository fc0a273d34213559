import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { LookupMetrics } from './ports.ts';

const answerBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 1.5, 3, 7];

/** What lookups tell Prometheus. */
export function createLookupMetrics(registry: Registry): LookupMetrics {
  const registers = [registry];
  const answers = new Histogram({
    name: 'trunkline_lookup_answer_seconds',
    help: 'From the arrival of a question to its answer, by reason',
    labelNames: ['reason'],
    buckets: answerBuckets,
    registers,
  });
  const repeats = new Counter({
    name: 'trunkline_lookup_repeats_total',
    help: 'Questions that got the answer of an identical one',
    registers,
  });
  const starts = new Counter({
    name: 'trunkline_lookup_starts_total',
    help: 'Lookup workflows started; eager: their first task came with the start',
    labelNames: ['eager'],
    registers,
  });
  const failures = new Counter({
    name: 'trunkline_lookup_start_failures_total',
    help: 'Starts of lookup workflows that failed and were tried again',
    registers,
  });
  const unrecorded = new Counter({
    name: 'trunkline_lookup_unrecorded_total',
    help: 'Lookups whose record was given up because too many were waiting',
    registers,
  });
  const waiting = new Gauge({
    name: 'trunkline_lookup_starts_waiting',
    help: 'Starts of lookup workflows that wait',
    registers,
  });
  return {
    answered: (reason, ms) => answers.observe({ reason }, ms / 1_000),
    repeated: () => repeats.inc(),
    started: (eager) => starts.inc({ eager: String(eager) }),
    startFailed: () => failures.inc(),
    unrecorded: () => unrecorded.inc(),
    waiting: (count) => waiting.set(count),
  };
}
