import { describe, expect, it } from 'vitest';
import {
  causes,
  connectionStates,
  isBreaking,
  refusals,
  type AuthorizationReason,
  type Cause,
} from '../../../src/domain/connection.ts';
import type { Authorization } from '../../../src/ports.ts';
import { presentConnection } from '../../../web/presenters/connection.ts';
import { explain } from '../../../web/presenters/explanations.ts';
import { createTexts } from '../../../web/texts.ts';
import { accountId, connection, orgId } from '../../support/fakes/lookups.ts';

const t = createTexts();
const nowMs = Date.UTC(2026, 10, 23, 9, 0, 0);
const minute = 60_000;
const present = (connectionNow: typeof connection | undefined, attempt?: Partial<Authorization>, atMs = nowMs) =>
  presentConnection({ connection: connectionNow, attempt: attempt && { ...begun, ...attempt }, events: [] }, atMs, t);

const begun: Authorization = {
  id: 'a',
  accountId,
  status: 'begun',
  loginHost: 'https://login.salesforce.com',
  reason: undefined,
  reasonDetail: {},
  orgId: undefined,
  isInvited: false,
  expiresAtMs: nowMs + 15 * minute,
};

const reasons = [...Object.keys(causes), ...refusals] as AuthorizationReason[];
/** Nothing in Salesforce's set-up mends these. */
const withoutSetup: readonly AuthorizationReason[] = [
  'salesforce-unreachable',
  'salesforce-error',
  'salesforce-slow',
  'refresh-uncertain',
  'stored-secret-unreadable',
  'denied-by-user',
  'invitation-used',
  'attempt-expired',
  'code-expired',
  'outcome-unknown',
  'org-connected-by-another-account',
  'another-org-connected',
];

describe('every reason', () => {
  it.each(reasons)('%s is explained: what happened, what it means, what to do', (reason) => {
    const { title, explanation, action } = explain(reason, {}, t);
    for (const text of [title, explanation, action]) {
      expect(text).toMatch(/^\p{Lu}.{10,}/u);
      expect(text).not.toMatch(/\{\{|why\./);
    }
    expect(title).not.toMatch(/[.!]$/);
  });

  it.each(reasons)('%s says where to click in Salesforce when that is where it is mended', (reason) => {
    const { setup } = explain(reason, {}, t);
    if (withoutSetup.includes(reason)) expect(setup).toBeUndefined();
    else expect(setup).toMatch(/^Setup → \S/);
  });

  it('names the user, what is missing, the org and the answer when they are known', () => {
    const detail = { username: 'ada@acme.example', missing: ['Modify All Data', 'API Enabled'], orgId, answer: '503' };
    expect(explain('not-administrator', detail, t).explanation).toContain(
      'ada@acme.example lacks Modify All Data, API Enabled',
    );
    expect(explain('org-changed', detail, t).explanation).toContain(orgId);
    expect(explain('salesforce-error', detail, t).explanation).toContain('(503)');
  });
});

describe('the two words', () => {
  it('are Inactive and a way to connect before the first connection', () => {
    const view = present(undefined);
    expect(view).toMatchObject({
      word: 'Inactive',
      summary: 'Not connected yet',
      button: 'Click To Connect Salesforce',
      orgId: undefined,
      details: [],
    });
  });

  it.each(connectionStates.map((state) => ({ state, active: state === 'active' || state === 'degraded' })))(
    'fit the state $state',
    ({ state, active }) => {
      const cause: Cause | undefined = {
        active: undefined,
        disconnected: undefined,
        degraded: 'salesforce-slow' as const,
        broken: 'user-frozen' as const,
      }[state];
      const view = present({ ...connection, state, cause });
      expect(view.word).toBe(active ? 'Active' : 'Inactive');
      expect(view.button).toBe(active ? 'Click To Refresh Salesforce Connection' : 'Click To Connect Salesforce');
      expect(view.orgId).toBe(state === 'disconnected' ? undefined : orgId);
      expect(view.why === undefined).toBe(cause === undefined);
    },
  );

  it.each(Object.keys(causes) as Cause[])('come with an explanation of %s', (cause) => {
    const state = isBreaking(cause) ? 'broken' : 'degraded';
    const view = present({ ...connection, state, cause });
    expect(view.why?.title).toBe(explain(cause, { username: connection.username }, t).title);
    if (state === 'broken') expect(view.summary).toBe(view.why?.title);
    else expect(view.summary).toContain('with a warning');
  });

  it('name the connected user in an explanation that knows of no other', () => {
    const view = present({ ...connection, state: 'broken', cause: 'user-inactive' });
    expect(view.why?.explanation).toContain(connection.username);
  });

  it('say that a disconnect waits for a renewal', () => {
    expect(present({ ...connection, disconnecting: true }).summary).toContain('Disconnecting');
  });
});

describe('the last attempt', () => {
  it('shows that it is being checked once Salesforce has answered', () => {
    expect(present(undefined, { status: 'code-received' }).attempt).toEqual({ kind: 'checking' });
  });

  it('has an unknown outcome when nobody has finished it long after it expired', () => {
    const view = present(undefined, { status: 'code-received' }, begun.expiresAtMs + 15 * minute + 1);
    expect(view.attempt).toMatchObject({ kind: 'refused', title: explain('outcome-unknown', {}, t).title });
  });

  it('shows who was refused and what is missing', () => {
    const view = present(undefined, {
      status: 'refused',
      reason: 'acd-licence-missing',
      reasonDetail: { username: 'bob@acme.example', missing: ['trunkline'] },
    });
    expect(view.attempt).toMatchObject({
      kind: 'refused',
      explanation: expect.stringContaining('bob@acme.example') as string,
    });
    expect(view.attempt).toMatchObject({ explanation: expect.stringContaining('trunkline') as string });
  });

  it.each(['begun', 'succeeded'] as const)('says nothing of its own when it is %s', (status) => {
    expect(present(undefined, { status }).attempt).toBeUndefined();
  });

  it('gives way to a connection that was made after it', () => {
    const later = { ...connection, connectedAtMs: nowMs + minute };
    expect(present(later, { status: 'refused', reason: 'denied-by-user' }).attempt).toBeUndefined();
    const earlier = { ...connection, connectedAtMs: nowMs - minute };
    expect(present(earlier, { status: 'refused', reason: 'denied-by-user' }).attempt).toBeDefined();
  });

  it('is forgotten after a day', () => {
    const attempt = { status: 'refused', reason: 'denied-by-user' } as const;
    expect(present(undefined, attempt, begun.expiresAtMs + 24 * 60 * minute).attempt).toBeDefined();
    expect(present(undefined, attempt, begun.expiresAtMs + 24 * 60 * minute + 1).attempt).toBeUndefined();
  });
});

describe('the details', () => {
  it('tell who is connected to which kind of org, and the API calls', () => {
    const { details } = present({ ...connection, isSandbox: true, apiUsed: 18, apiMax: 15_000 });
    expect(details.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['ACME (sandbox)', 'admin@acme.example', '18 of 15,000', 'Not yet']),
    );
  });
});
