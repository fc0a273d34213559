import { afterAll, beforeAll, expect, it } from 'vitest';
import { demoRecords } from '../../src/local/salesforce/data/demo-records.ts';
import { openProduct, type OpenProduct } from '../support/product.ts';
import { service } from '../support/services.ts';
import { acme } from '../unit/stand-in/oauth-browser.ts';

let product: OpenProduct;
beforeAll(async () => {
  product = await openProduct(await service('product'));
});
afterAll(() => product.close());

/** What Prometheus reads, so many ports above `METRICS_PORT`. */
async function scrape(offset: number): Promise<string> {
  const port = Number(product.environment['METRICS_PORT']) + offset;
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(response.status).toBe(200);
  return response.text();
}

/** The sum of a metric over the labels that are not named. */
function valueOf(metrics: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

it('of a lookup are there for Prometheus, from the server to both SDKs of Temporal', async () => {
  const phoneSystem = await product.newPhoneSystem(await product.newAccount());
  const lookup = async () => {
    const server = await scrape(0);
    return {
      answers: valueOf(server, 'trunkline_lookup_answer_seconds_count', { reason: 'not-connected' }),
      starts: valueOf(server, 'trunkline_lookup_workflow_starts_total'),
      unrecorded: /^trunkline_lookup_unrecorded_total\{[^}]*\} 0$/m.test(server),
      waiting: /^trunkline_lookup_starts_waiting\{[^}]*\} \d+$/m.test(server),
    };
  };
  const before = await lookup();
  expect((await product.ask(phoneSystem, acme, demoRecords.direct.call)).reason).toBe('not-connected');
  const after = await lookup();
  expect(after).toMatchObject({ unrecorded: true, waiting: true });
  expect(after.answers).toBeGreaterThan(before.answers);
  await expect.poll(async () => (await lookup()).starts, { timeout: 15_000 }).toBeGreaterThan(before.starts);

  expect(valueOf(await scrape(1), 'trunkline_process_cpu_seconds_total', { service: 'worker' })).toBeGreaterThan(0);
  const recorder = async () =>
    valueOf(await scrape(2), 'temporal_workflow_completed', { workflow_type: 'lookupWorkflow' });
  await expect.poll(recorder, { timeout: 15_000 }).toBeGreaterThan(0);
  expect(valueOf(await scrape(3), 'temporal_num_pollers', { task_queue: 'connections' })).toBeGreaterThan(0);
});
