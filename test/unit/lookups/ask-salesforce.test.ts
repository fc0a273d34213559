import { beforeEach, describe, expect, it, vi } from 'vitest';
import { isTrouble } from '../../../src/domain/answer.ts';
import type { SalesforceFailure } from '../../../src/ports.ts';
import { createAskSalesforce, type AskSalesforce } from '../../../src/use-cases/ask-salesforce.ts';
import { createOrgGate } from '../../../src/use-cases/org-gate.ts';
import type { FindRecord, FindRecordOutcome, FindRecordRequest } from '../../../src/use-cases/find-record.ts';
import { readQuestion } from '../../../src/use-cases/read-question.ts';
import { accountId, connection, credentials, lookup, orgId, pbx, rules } from '../../support/fakes/lookups.ts';
import { createFakePhoneDirectory, type FakePhoneDirectory } from '../../support/fakes/phone-directory.ts';
import { createFakeClock } from '../../support/fakes/world.ts';
import { matched, readNumber, version } from '../../support/phone-api.ts';

const down: SalesforceFailure = { kind: 'failure', cause: 'salesforce-error', answer: '503', retryable: true };
const unauthorized: SalesforceFailure = { kind: 'token', cause: 'session-refused', answer: '401', retryable: false };
const failed = (failure: SalesforceFailure): FindRecordOutcome => ({ ok: false, failure });
const found: FindRecordOutcome = { ok: true, finding: matched('201'), apiUsage: undefined };

const question = {
  pbxId: pbx.id,
  accountId,
  question: readQuestion({ callerId: '0752543312' }, readNumber),
  rules,
  steps: lookup.steps,
};

let clock = createFakeClock();
let directory: FakePhoneDirectory;
let rejected: { orgId: string; version: number }[];
let checksAsked: string[];
let tellFailure: Error | undefined;
let requests: FindRecordRequest[];
let ask: AskSalesforce;
/** What Salesforce answers, in turn; the last repeats. */
let answers: (FindRecordOutcome | Promise<FindRecordOutcome> | Error)[];

beforeEach(() => {
  clock = createFakeClock();
  directory = createFakePhoneDirectory();
  directory.setConnection(connection);
  directory.setCredentials(credentials);
  rejected = [];
  checksAsked = [];
  tellFailure = undefined;
  requests = [];
  answers = [found];
  const findRecord: FindRecord = async (request) => {
    requests.push(request);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return answer ?? found;
  };
  ask = createAskSalesforce({
    directory,
    findRecord,
    gate: createOrgGate(clock, { concurrency: 2, quotaShare: 0.9, probeEveryMs: 60_000 }),
    engine: {
      async tokenRejected(org, tokenVersion) {
        rejected.push({ orgId: org, version: tokenVersion });
        if (tellFailure) throw tellFailure;
      },
      async checkNow(org) {
        checksAsked.push(org);
        if (tellFailure) throw tellFailure;
      },
    },
    logger: { warn: () => undefined, error: () => undefined },
  });
});

const within = (ms: number) => AbortSignal.timeout(ms);
const never = new Promise<FindRecordOutcome>(() => undefined);

it('asks with the access token in memory', async () => {
  expect(await ask(question, within(1_000))).toEqual(matched('201'));
  expect(requests[0]?.session).toEqual({
    orgId,
    instanceUrl: credentials.instanceUrl,
    accessToken: 'access-1',
    version: 1,
  });
});

it('tries a passing failure again, three times in all', async () => {
  answers = [failed(down), failed(down), found];
  expect(await ask(question, within(1_000))).toEqual(matched('201'));
  expect(requests).toHaveLength(3);
  answers = [failed(down)];
  expect(await ask(question, within(1_000))).toEqual({ reason: 'salesforce-error', matches: 0 });
  expect(requests).toHaveLength(6);
});

it('does not try again what asking again cannot mend', async () => {
  answers = [failed({ ...down, cause: 'request-refused', retryable: false })];
  const refused = { reason: 'salesforce-error', matches: 0, refused: { answer: '503' } };
  expect(await ask(question, within(1_000))).toEqual(refused);
  answers = [failed({ ...down, cause: 'api-limit-reached', retryable: false })];
  expect(await ask(question, within(1_000))).toEqual({ reason: 'quota', matches: 0 });
  expect(requests).toHaveLength(2);
});

it('tells the step that Salesforce refuses, and of what may pass that it may', async () => {
  const refused: SalesforceFailure = { ...down, cause: 'request-refused', answer: 'INVALID_FIELD', retryable: false };
  answers = [{ ok: false, failure: refused, step: 1 }];
  const finding = await ask(question, within(1_000));
  expect(finding).toMatchObject({ reason: 'salesforce-error', refused: { answer: 'INVALID_FIELD', step: 1 } });
  expect(isTrouble(finding)).toBe(false);
  for (const failure of [down, { ...refused, cause: 'salesforce-slow', answer: 'QUERY_TIMEOUT' } as const]) {
    answers = [failed(failure)];
    const passing = await ask(question, within(1_000));
    expect(passing).toEqual({ reason: 'salesforce-error', matches: 0 });
    expect(isTrouble(passing)).toBe(true);
  }
});

it('has the connection checked when the API was switched off, once in a while for many lookups', async () => {
  answers = [failed({ ...down, cause: 'api-disabled', answer: 'API_DISABLED_FOR_ORG', retryable: false })];
  tellFailure = new Error('Temporal is away');
  for (let times = 0; times < 3; times++) {
    expect(await ask(question, within(1_000))).toEqual({
      reason: 'salesforce-error',
      matches: 0,
      refused: { answer: 'API_DISABLED_FOR_ORG' },
    });
  }
  expect(checksAsked).toEqual([orgId]);
  const laterMs = performance.now() + 15_000;
  vi.spyOn(performance, 'now').mockReturnValue(laterMs);
  await ask(question, within(1_000));
  expect(checksAsked).toEqual([orgId, orgId]);
  vi.restoreAllMocks();
});

it.each(['request-refused', 'salesforce-error', 'api-limit-reached'] as const)(
  'has the connection not checked on account of %s',
  async (cause) => {
    answers = [failed({ ...down, cause, retryable: false })];
    await ask(question, within(1_000));
    expect(checksAsked).toEqual([]);
  },
);

it('tries again where a limit is of the moment, and says quota when it stays', async () => {
  const busy = failed({ ...down, cause: 'api-limit-reached', retryable: true });
  answers = [busy, found];
  expect(await ask(question, within(1_000))).toEqual(matched('201'));
  answers = [busy];
  expect(await ask(question, within(1_000))).toMatchObject({ reason: 'quota' });
});

it('says slow when a call was under way at the end, and error when it was between two calls', async () => {
  answers = [never];
  expect(await ask(question, within(60))).toMatchObject({ reason: 'salesforce-slow' });
  answers = [failed(down), never];
  expect(await ask(question, within(30))).toMatchObject({ reason: 'salesforce-error' });
  expect(await ask(question, AbortSignal.abort())).toMatchObject({ reason: 'deadline' });
});

it('leaves alone a call that ends after the end, and ends no process by its failure', async () => {
  const late = Promise.withResolvers<FindRecordOutcome>();
  answers = [late.promise];
  await ask(question, within(20));
  late.reject(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
});

it('gives the fallback its reason when searching itself breaks', async () => {
  answers = [new TypeError('a bug')];
  expect(await ask(question, within(1_000))).toMatchObject({ reason: 'salesforce-error' });
  expect(requests).toHaveLength(1);
});

it('keeps no place in the gate when a search cannot even begin', async () => {
  const extensions = vi.spyOn(directory, 'extensions').mockImplementation(() => {
    throw new TypeError('a bug');
  });
  for (let place = 0; place < 3; place++) await expect(ask(question, within(1_000))).rejects.toThrow('a bug');
  extensions.mockRestore();
  expect(await ask(question, within(1_000))).toEqual(matched('201'));
});

it.each(['broken', 'disconnected'] as const)('does not ask with a connection that is %s', async (state) => {
  directory.setConnection({ ...connection, state });
  expect(await ask(question, within(1_000))).toMatchObject({ reason: 'not-connected' });
  directory.connections.clear();
  expect(await ask(question, within(1_000))).toMatchObject({ reason: 'not-connected' });
  expect(requests).toEqual([]);
});

it('asks with a connection made a moment ago, of which news has not come yet', async () => {
  directory.setConnection({ ...connection, state: 'broken', cause: 'token-revoked' });
  directory.storedConnection = connection;
  directory.stored = version(2);
  expect(await ask(question, within(1_000))).toEqual(matched('201'));
  expect(requests[0]?.session).toMatchObject({ accessToken: 'access-2' });
});

it.each(['fails', 'hangs'])('says that nothing is connected in time when the database %s', async (trouble) => {
  directory.setConnection({ ...connection, state: 'broken', cause: 'token-revoked' });
  directory.confirm = () =>
    trouble === 'fails' ? Promise.reject(new Error('away')) : new Promise<void>(() => undefined);
  expect(await ask(question, within(100))).toEqual({ reason: 'not-connected', matches: 0 });
});

it('asks with a connection that is degraded', async () => {
  directory.setConnection({ ...connection, state: 'degraded', cause: 'salesforce-slow' });
  expect(await ask(question, within(1_000))).toEqual(matched('201'));
});

it('uses the newer token that another process has written already, and tells nobody', async () => {
  answers = [failed(unauthorized), found];
  directory.stored = version(2);
  expect(await ask(question, within(1_000))).toEqual(matched('201'));
  expect(requests[1]?.session).toMatchObject({ accessToken: 'access-2', version: 2 });
  expect(rejected).toEqual([]);
});

it('tells the connection of a refused token once for many lookups, and waits for the next one', async () => {
  answers = [failed(unauthorized), failed(unauthorized), failed(unauthorized), found];
  const asking = [1, 2, 3].map(() => ask(question, within(5_000)));
  await expect.poll(() => rejected).toEqual([{ orgId, version: 1 }]);
  directory.setCredentials(version(2));
  expect(await Promise.all(asking)).toEqual([matched('201'), matched('201'), matched('201')]);
  expect(rejected).toHaveLength(1);
});

it('gives up after the second token that is refused', async () => {
  answers = [failed(unauthorized)];
  directory.stored = version(2);
  expect(await ask(question, within(1_000))).toMatchObject({ reason: 'not-connected' });
  expect(requests).toHaveLength(2);
});

it('waits for a new token until the deadline, and no longer than until the connection is broken', async () => {
  answers = [failed(unauthorized)];
  expect(await ask(question, within(50))).toMatchObject({ reason: 'deadline' });
  const asking = ask(question, within(5_000));
  await expect.poll(() => directory.rereads).toBe(2);
  directory.setConnection({ ...connection, state: 'broken', cause: 'token-revoked' });
  expect(await asking).toMatchObject({ reason: 'not-connected' });
});

it('tells again when it could not be told, and when an org that was connected anew starts at the same version', async () => {
  answers = [failed(unauthorized)];
  tellFailure = new Error('Temporal is away');
  await ask(question, within(30));
  tellFailure = undefined;
  await ask(question, within(30));
  await ask(question, within(30));
  expect(rejected).toHaveLength(2);
  directory.setCredentials({ ...credentials, issuedAtMs: credentials.issuedAtMs + 1 });
  await ask(question, within(30));
  expect(rejected).toHaveLength(3);
});

describe('between lookups and an org', () => {
  const used = (calls: number): FindRecordOutcome => ({
    ok: true,
    finding: matched('201'),
    apiUsage: { used: calls, max: 100 },
  });

  it('lets only so many in at once, and the next as soon as one is done', async () => {
    const { promise, resolve } = Promise.withResolvers<FindRecordOutcome>();
    answers = [promise];
    const asking = [1, 2, 3].map(() => ask(question, within(5_000)));
    const late = ask(question, within(40));
    await expect.poll(() => requests.length).toBe(2);
    expect(await late).toEqual({ reason: 'deadline', matches: 0 });
    expect(requests).toHaveLength(2);
    resolve(found);
    expect(await Promise.all(asking)).toEqual([matched('201'), matched('201'), matched('201')]);
  });

  it('stops before the daily calls are used up, and asks once in a while whether there are some again', async () => {
    answers = [used(90), used(91), used(10)];
    expect(await ask(question, within(1_000))).toEqual(matched('201'));
    expect(await ask(question, within(1_000))).toEqual({ reason: 'quota', matches: 0 });
    clock.pass(60_000);
    expect(await ask(question, within(1_000))).toEqual(matched('201'));
    expect(await ask(question, within(1_000))).toEqual({ reason: 'quota', matches: 0 });
    clock.pass(60_000);
    expect(await ask(question, within(1_000))).toEqual(matched('201'));
    expect(await ask(question, within(1_000))).toEqual(matched('201'));
    expect(requests).toHaveLength(4);
  });
});
