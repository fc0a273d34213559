import pino from 'pino';
import { beforeEach, expect, it } from 'vitest';
import type { RefreshRequest } from '../../../src/domain/connection-outcomes.ts';
import { AppError } from '../../../src/errors.ts';
import type { TokenOutcome } from '../../../src/ports.ts';
import { refreshCredentials } from '../../../src/use-cases/refresh-credentials.ts';
import { createFakeCredentials, grantOf, orgId } from '../../support/fakes/credentials.ts';

let nowMs: number;
let store: ReturnType<typeof createFakeCredentials>;
/** Refresh tokens that were sent, and those that were revoked. */
let sent: string[];
let revoked: string[];
let attempts: number;
let requiresRotation: boolean;
let answer: () => Promise<TokenOutcome> | TokenOutcome;

beforeEach(() => {
  nowMs = 1_000_000;
  store = createFakeCredentials(() => nowMs);
  sent = [];
  revoked = [];
  attempts = 0;
  requiresRotation = true;
  answer = () => ({ kind: 'granted', grant: grantOf('2') });
});

const run = (request: Partial<RefreshRequest> = {}) =>
  refreshCredentials(
    {
      credentials: store,
      oauth: {
        async refresh({ refreshToken }) {
          sent.push(refreshToken);
          return answer();
        },
        async revoke(_loginHost, token) {
          revoked.push(token);
        },
      },
      tokens: { uuid: () => `attempt ${++attempts}` },
      limits: { callMs: 120_000, takeOverMs: 150_000 },
      requiresRotation,
      logger: pino({ level: 'silent' }),
    },
    { orgId, version: 1, resend: false, endedAttempt: null, ...request },
  );

const unknown: TokenOutcome = { kind: 'unknown', cause: 'salesforce-error', answer: 'ECONNRESET' };

it('marks before it sends, and leaves no mark after success', async () => {
  answer = () => {
    expect(store.row?.refreshAttempt).toBe('attempt 1');
    return { kind: 'granted', grant: grantOf('2') };
  };
  expect(await run()).toEqual({ kind: 'refreshed', version: 2, issuedAtMs: 2, observed: { rotationMissing: false } });
  expect(store.row).toMatchObject({ version: 2, refreshToken: 'refresh 2', refreshAttempt: undefined });
});

it('keeps the refresh token when none comes', async () => {
  answer = () => ({ kind: 'granted', grant: grantOf('2', { refreshToken: undefined }) });
  expect(await run()).toMatchObject({ observed: { rotationMissing: true } });
  expect(store.row).toMatchObject({ accessToken: 'access 2', refreshToken: 'refresh 1' });
});

it('misses no rotation where none is asked for', async () => {
  requiresRotation = false;
  answer = () => ({ kind: 'granted', grant: grantOf('2', { refreshToken: undefined }) });
  expect(await run()).toMatchObject({ observed: { rotationMissing: false } });
});

it('sends nothing for a version that is not there any more', async () => {
  expect(await run({ version: 7 })).toEqual({ kind: 'superseded' });
  store.row = undefined;
  expect(await run()).toEqual({ kind: 'superseded' });
  expect(sent).toEqual([]);
});

it('sends nothing while another attempt is marked, and says for how long', async () => {
  await store.markRefresh(orgId, 1, 'other');
  nowMs += 30_000;
  expect(await run()).toEqual({ kind: 'busy', retryInMs: 120_000 });
  expect(await run({ resend: true })).toEqual({ kind: 'busy', retryInMs: 120_000 });
  expect(sent).toEqual([]);
});

it('takes a mark over once it is old enough, if the access token was refused', async () => {
  await store.markRefresh(orgId, 1, 'other');
  nowMs += 150_000;
  expect((await run()).kind).toBe('busy');
  expect((await run({ resend: true })).kind).toBe('refreshed');
  expect(sent).toEqual(['refresh 1']);
});

it('needs not wait for an attempt that is known to have ended', async () => {
  answer = () => unknown;
  expect(await run()).toMatchObject({ kind: 'unknown', attempt: 'attempt 1' });
  expect((await run({ endedAttempt: 'attempt 1' })).kind).toBe('busy');
  answer = () => ({ kind: 'granted', grant: grantOf('2') });
  expect((await run({ resend: true, endedAttempt: 'attempt 1' })).kind).toBe('refreshed');
});

it('goes on writing what came while the database is away', async () => {
  store.failures = 2;
  expect((await run()).kind).toBe('refreshed');
  expect(sent).toHaveLength(1);
  expect(store.row?.refreshToken).toBe('refresh 2');
});

it.each([
  ['with', grantOf('2')],
  ['without', grantOf('2', { refreshToken: undefined })],
])('knows its own writing when the database was lost before it could say so, %s rotation', async (_how, grant) => {
  answer = () => ({ kind: 'granted', grant });
  store.lostAnswers = 1;
  expect(await run()).toMatchObject({ kind: 'refreshed', version: 2 });
  expect(revoked).toEqual([]);
  expect(store.row).toMatchObject({ version: 2, accessToken: grant.accessToken });
});

it('revokes what came too late for a new authorization, by its refresh token only', async () => {
  answer = () => {
    if (store.row) store.row = { ...store.row, version: 2, refreshToken: 'refresh new', refreshAttempt: undefined };
    return { kind: 'granted', grant: grantOf('late') };
  };
  expect(await run()).toEqual({ kind: 'superseded' });
  expect(revoked).toEqual(['refresh late']);
  expect(store.row?.refreshToken).toBe('refresh new');
});

it('writes a good answer although another attempt took the mark over', async () => {
  answer = () => {
    if (store.row) store.row = { ...store.row, refreshAttempt: 'other' };
    return { kind: 'granted', grant: grantOf('2') };
  };
  expect((await run()).kind).toBe('refreshed');
  expect(revoked).toEqual([]);
  expect(store.row?.refreshToken).toBe('refresh 2');
});

it('refuses an answer for another org', async () => {
  answer = () => ({ kind: 'granted', grant: grantOf('2', { orgId: '00DB0000000CaT5MAK' }) });
  expect(await run()).toMatchObject({ kind: 'refused', cause: 'org-changed' });
  expect(store.row?.version).toBe(1);
});

it('takes its mark away after a definite refusal, and when nothing was sent', async () => {
  answer = () => ({ kind: 'refused', reason: 'login-hours', detail: {} });
  expect(await run()).toMatchObject({ kind: 'refused', cause: 'login-hours' });
  expect(store.row?.refreshAttempt).toBeUndefined();
  answer = () => ({ kind: 'did-not-happen', cause: 'salesforce-unreachable', answer: 'ECONNREFUSED' });
  expect(await run()).toMatchObject({ kind: 'did-not-happen' });
  expect(store.row?.refreshAttempt).toBeUndefined();
});

it('leaves an earlier uncertainty when a later attempt did not happen', async () => {
  answer = () => unknown;
  await run();
  answer = () => ({ kind: 'did-not-happen', cause: 'salesforce-unreachable', answer: 'ECONNREFUSED' });
  expect(await run({ resend: true, endedAttempt: 'attempt 1' })).toMatchObject({ kind: 'unknown' });
  expect(store.row?.refreshAttempt).toBeDefined();
});

it('takes a reason that only an attempt to connect can have as knowing nothing', async () => {
  // Before Winter '25 concurrent refreshes were refused with the words of an expired code.
  answer = () => ({ kind: 'refused', reason: 'code-expired', detail: {} });
  expect(await run()).toMatchObject({ kind: 'unknown' });
  expect(store.row?.refreshAttempt).toBe('attempt 1');
});

it('says so when the stored token cannot be opened, and throws other trouble before sending', async () => {
  store.read = async () => {
    throw new AppError('STORED_SECRET_UNREADABLE', 'x');
  };
  expect(await run()).toMatchObject({ kind: 'refused', cause: 'stored-secret-unreadable' });
  store.read = async () => {
    throw new AppError('DATABASE_UNAVAILABLE', 'x');
  };
  await expect(run()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  expect(sent).toEqual([]);
});
