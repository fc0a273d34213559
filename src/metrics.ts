import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { AppError } from './errors.ts';
import type { LookupMetrics } from './ports.ts';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A registry of its own, so that two servers in one process do not share their counts. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, prefix: 'trunkline_' });
  return registry;
}

/** What operators watch of lookups. Labels are closed sets: no id, no number. */
export function createLookupMetrics(registry: Registry): LookupMetrics {
  const registers = [registry];
  const answers = new Histogram({
    name: 'trunkline_lookup_answer_seconds',
    help: 'Time from a question to its answer, by reason',
    labelNames: ['reason'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 7],
    registers,
  });
  const counter = (name: string, help: string) =>
    new Counter({ name: `trunkline_lookup_${name}_total`, help, registers });
  const repeated = counter('repeats', 'Questions that got the answer of an identical one');
  const starts = new Counter({
    name: 'trunkline_lookup_workflow_starts_total',
    help: 'Lookup workflows started; eager: this process got the first task at once',
    labelNames: ['eager'],
    registers,
  });
  const failed = counter('workflow_start_failures', 'Starts of lookup workflows that failed and are tried again');
  const unrecorded = counter('unrecorded', 'Lookups that were answered but could not be recorded');
  const waiting = new Gauge({
    name: 'trunkline_lookup_starts_waiting',
    help: 'Lookup workflows waiting to be started',
    registers,
  });
  return {
    answered: (reason, ms) => answers.observe({ reason }, ms / 1_000),
    repeated: () => repeated.inc(),
    started: (eager) => starts.inc({ eager: String(eager) }),
    startFailed: () => failed.inc(),
    unrecorded: () => unrecorded.inc(),
    waiting: (count) => waiting.set(count),
  };
}

/** Serves `/metrics` for Prometheus. */
export async function serveMetrics(registry: Registry, host: string, port: number): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    void registry.metrics().then((text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new AppError(
              'CONFIGURATION_INVALID',
              `Port ${port} is taken: set METRICS_PORT so that it and the three ports above it are free, or to 0.`,
            )
          : error,
      ),
    );
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
