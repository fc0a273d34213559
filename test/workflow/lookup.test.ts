import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { LookupTrace } from '../../src/domain/lookup-trace.ts';
import type { AskedLookup } from '../../src/domain/lookup.ts';
import type { SalesforceFailure } from '../../src/ports.ts';
import type { LookupSummary } from '../../workflows/lookup.ts';
import { lookupWorkflowId } from '../../workflows/names.ts';
import { accountId, foundContact, lookup, orgId, pbx } from '../support/fakes/lookups.ts';
import { lookupRequest, startLookupProcess, type TestLookupProcess } from '../support/lookup-worker.ts';
import { matched } from '../support/phone-api.ts';
import { createTestNamespace } from '../support/temporal.ts';

let server: TestLookupProcess;
const findRecord: TestLookupProcess['findRecord'] = async () => ({
  ok: true,
  finding: matched('201'),
  apiUsage: undefined,
});

beforeAll(async () => {
  server = await startLookupProcess(await createTestNamespace());
});
afterAll(() => server.close());
afterEach(() => {
  server.findRecord = findRecord;
  server.runs.failure = undefined;
  server.runs.recorded.length = 0;
});

const down: SalesforceFailure = { kind: 'failure', cause: 'salesforce-error', answer: '503', retryable: true };
/** Of a workflow that is started a moment after the answer. */
async function result(runId: string): Promise<LookupSummary> {
  const handle = server.temporal.client.workflow.getHandle(lookupWorkflowId(runId));
  await expect
    .poll(
      () =>
        handle.describe().then(
          () => true,
          () => false,
        ),
      { timeout: 10_000 },
    )
    .toBe(true);
  return (await handle.result()) as LookupSummary;
}
const unanswered = new Promise<never>(() => undefined);
const recordsOf = (runId: string) => server.runs.recorded.filter(({ id }) => id === runId);

/** A start whose process is gone. */
function orphan(callerId: string, deadlineAtMs: number): AskedLookup {
  return {
    runId: randomUUID(),
    askedAtMs: Date.now(),
    deadlineAtMs,
    accountId,
    pbxId: pbx.id,
    lookupId: lookup.id,
    lookupVersion: lookup.version,
    orgId,
    question: { callerId },
    number: '+497525433120',
  };
}

it('records what the phone system was told, started eagerly', async () => {
  const { runId } = await server.calls.answer(lookupRequest('07525433121'));
  expect(await result(runId)).toMatchObject({ reason: 'matched', matches: 1, found: 'matched' });
  expect(recordsOf(runId)).toMatchObject([
    {
      pbxId: pbx.id,
      orgId,
      question: { callerId: '07525433121' },
      number: '+497525433121',
      answer: { reason: 'matched', extension: '201', matches: 1 },
      found: { reason: 'matched', extension: '201', recordId: '003A0000000AbCdIAK' },
      repeats: 0,
    },
  ]);
  expect(server.counts['eager']).toBeGreaterThan(0);
  expect(server.counts['polled']).toBeUndefined();
});

it('records what was asked for and how many fields were told, also when the log is away at first', async () => {
  server.findRecord = async () => ({
    ok: true,
    finding: { ...matched('201'), fields: { Name: 'Marc', Level: 'Gold' } },
    apiUsage: undefined,
  });
  const { runId } = await server.calls.answer({ ...lookupRequest('07525433131'), service: 'data' });
  await result(runId);
  const told = { reason: 'matched', extension: undefined, fields: 2 };
  expect(recordsOf(runId)).toMatchObject([{ service: 'data', answer: told }]);
  server.runs.failure = new Error('the database is away');
  const again = await server.calls.answer({ ...lookupRequest('07525433132'), service: 'data' });
  await expect.poll(() => server.runs.attempts, { timeout: 10_000 }).toBeGreaterThan(2);
  server.runs.failure = undefined;
  await result(again.runId);
  expect(recordsOf(again.runId)).toMatchObject([{ service: 'data', answer: told }]);
});

/** What a search tells while it runs. */
const observed: TestLookupProcess['findRecord'] = async ({ observe }) => {
  observe?.({ kind: 'asking', call: 'values', count: 1, texts: () => ['SELECT'] });
  const record = foundContact('003A0000000TraceIAK');
  observe?.({ kind: 'judged', records: () => [{ step: 0, record, verdict: 'winner' }] });
  return { ok: true, finding: matched('201'), apiUsage: undefined };
};
const kinds = (trace: LookupTrace | undefined) => trace?.events.map(([kind]) => kind);

it('records how the answer came about, beside the workflow: its history stays as small as it was', async () => {
  server.findRecord = observed;
  const { runId } = await server.calls.answer(lookupRequest('07525433133'));
  await result(runId);
  expect(recordsOf(runId).map(({ trace }) => kinds(trace))).toEqual([['asking', 'judged']]);
  const handle = server.temporal.client.workflow.getHandle(lookupWorkflowId(runId));
  const text = readable(await handle.fetchHistory());
  expect(text).not.toContain('003A0000000TraceIAK');
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(1_200);
});

it('records it also when the log is away at first', async () => {
  server.findRecord = observed;
  server.runs.failure = new Error('the database is away');
  const attempts = server.runs.attempts;
  const { runId } = await server.calls.answer(lookupRequest('07525433134'));
  await expect.poll(() => server.runs.attempts, { timeout: 10_000 }).toBeGreaterThan(attempts + 1);
  server.runs.failure = undefined;
  await result(runId);
  expect(kinds(recordsOf(runId)[0]?.trace)).toEqual(['asking', 'judged']);
});

it('records how it was found by a process that took over, and how after trouble', async () => {
  server.findRecord = observed;
  const start = orphan('07525433135', Date.now() + 7_000);
  await server.engine.start(start, unanswered);
  await result(start.runId);
  expect(recordsOf(start.runId).map(({ trace, foundTrace }) => [kinds(trace), kinds(foundTrace)])).toEqual([
    [undefined, ['asking', 'judged']],
  ]);

  let asked = 0;
  server.findRecord = async (request) => {
    asked += 1;
    return asked <= 3 ? { ok: false, failure: down } : observed(request);
  };
  const { runId } = await server.calls.answer(lookupRequest('07525433136'));
  await result(runId);
  expect(recordsOf(runId).map(({ foundTrace }) => kinds(foundTrace))).toEqual([undefined, ['asking', 'judged']]);
  const history = await server.temporal.client.workflow.getHandle(lookupWorkflowId(runId)).fetchHistory();
  expect(readable(history)).not.toContain('003A0000000TraceIAK');
});

it('goes on asking when trouble forced the fallback, and records who it was', async () => {
  let asked = 0;
  server.findRecord = async () => {
    asked += 1;
    return asked <= 3 ? { ok: false, failure: down } : { ok: true, finding: matched('202'), apiUsage: undefined };
  };
  const answer = await server.calls.answer(lookupRequest('07525433122'));
  expect(answer).toMatchObject({ reason: 'salesforce-error', extension: '100' });
  expect(await result(answer.runId)).toMatchObject({ reason: 'salesforce-error', found: 'matched' });
  expect(recordsOf(answer.runId).at(-1)).toMatchObject({
    answer: { reason: 'salesforce-error', extension: '100' },
    found: { extension: '202' },
  });
});

it('does not ask on when no API calls are left', async () => {
  let asked = 0;
  server.findRecord = async () => {
    asked += 1;
    return { ok: false, failure: { kind: 'failure', cause: 'api-limit-reached', answer: '403', retryable: false } };
  };
  const answer = await server.calls.answer(lookupRequest('07525433128'));
  expect(answer.reason).toBe('quota');
  const summary = await result(answer.runId);
  expect(summary.reason).toBe('quota');
  expect(summary.found).toBeUndefined();
  expect(asked).toBe(1);
});

it('does not ask on for what Salesforce would refuse again, and records what it is', async () => {
  let asked = 0;
  server.findRecord = async () => {
    asked += 1;
    const failure = { kind: 'failure', cause: 'request-refused', answer: 'INVALID_FIELD', retryable: false } as const;
    return { ok: false, failure, step: 1 };
  };
  const answer = await server.calls.answer(lookupRequest('07525433140'));
  expect(answer).toMatchObject({ reason: 'salesforce-error', detail: 'lookup-broken', extension: '100' });
  expect(await result(answer.runId)).toMatchObject({ reason: 'salesforce-error', found: 'salesforce-error' });
  expect(recordsOf(answer.runId).at(-1)).toMatchObject({ found: { refused: { answer: 'INVALID_FIELD', step: 1 } } });
  expect(asked).toBe(1);
});

it('learns after trouble that Salesforce refuses a step, and asks no further', async () => {
  let asked = 0;
  server.findRecord = async () => {
    asked += 1;
    const refused = { kind: 'failure', cause: 'request-refused', answer: 'INVALID_FIELD', retryable: false } as const;
    return { ok: false, failure: asked <= 3 ? down : refused, step: 0 };
  };
  const answer = await server.calls.answer(lookupRequest('07525433141'));
  expect(answer).not.toHaveProperty('detail');
  expect(await result(answer.runId)).toMatchObject({ reason: 'salesforce-error', found: 'salesforce-error' });
  expect(recordsOf(answer.runId).at(-1)).toMatchObject({ found: { refused: { step: 0 } } });
  expect(asked).toBe(4);
});

it('writes the run as soon as the database takes it', async () => {
  server.runs.failure = new Error('the database is away');
  const { runId } = await server.calls.answer(lookupRequest('07525433123'));
  const handle = server.temporal.client.workflow.getHandle(lookupWorkflowId(runId));
  await expect
    .poll(
      () =>
        handle.describe().then(
          ({ raw }) => raw.pendingActivities?.[0]?.attempt,
          () => 0,
        ),
      { timeout: 10_000 },
    )
    .toBeGreaterThan(1);
  server.runs.failure = undefined;
  expect(await result(runId)).toMatchObject({ reason: 'matched' });
  expect(recordsOf(runId)).toMatchObject([{ answer: { reason: 'matched', extension: '201' } }]);
});

it('makes the call itself when its process is gone and the deadline has not passed', async () => {
  const start = orphan('07525433124', Date.now() + 7_000);
  await server.engine.start(start, unanswered);
  expect(await result(start.runId)).toMatchObject({ reason: 'unknown', found: 'matched' });
  expect(recordsOf(start.runId)).toMatchObject([
    { question: { callerId: '07525433124' }, answer: { reason: 'unknown' }, found: { extension: '201' } },
  ]);
});

it('records that nobody knows the answer when the process is gone and the deadline has passed, and still learns who it was', async () => {
  const start = orphan('07525433125', Date.now() - 1);
  await server.engine.start(start, unanswered);
  expect(await result(start.runId)).toMatchObject({ reason: 'unknown', found: 'matched' });
  expect(recordsOf(start.runId)).toMatchObject([
    { answer: { reason: 'unknown' }, found: undefined },
    { answer: { reason: 'unknown' }, found: { extension: '201' } },
  ]);
});

it('is one run however often it is started', async () => {
  const start = orphan('07525433126', Date.now() + 7_000);
  expect(await Promise.all([server.engine.start(start, unanswered), server.engine.start(start, unanswered)])).toEqual([
    'started',
    'started',
  ]);
  await result(start.runId);
  expect(await server.engine.start(start, unanswered)).toBe('started');
  expect(recordsOf(start.runId)).toHaveLength(1);
});

it('leaves no number, extension or token in history', async () => {
  server.findRecord = async () => ({ ok: true, finding: matched('98765'), apiUsage: undefined });
  const { runId } = await server.calls.answer(lookupRequest('07525433127'));
  await result(runId);
  const history = await server.temporal.client.workflow.getHandle(lookupWorkflowId(runId)).fetchHistory();
  const text = readable(history);
  expect(text).toContain(runId);
  expect(text).toContain('matched');
  for (const secret of ['7525433127', '98765', 'access-1', 'refresh-1']) expect(text).not.toContain(secret);
});

/** A history with every payload decoded. */
function readable(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(readable).join('\n');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, member]) => `${name}: ${readable(member)}`)
      .join('\n');
  }
  return String(value);
}
