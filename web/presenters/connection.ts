import {
  isActive,
  type Connection,
  type ConnectionState,
  type AuthorizationReason,
  type ReasonDetail,
} from '../../src/domain/connection.ts';
import type { Authorization } from '../../src/ports.ts';
import type { Texts } from '../texts.ts';

/** An attempt stays on the page for this long after it began. */
const attemptShownMs = 24 * 3_600_000;
/** An attempt whose code nobody exchanged by then has an outcome that nobody knows. */
const attemptLifeMs = 15 * 60_000;

export interface Explanation {
  readonly title: string;
  readonly explanation: string;
  readonly action: string;
  /** Where to click in Salesforce; undefined when there is nothing to be done there. */
  readonly setup: string | undefined;
}

/** What the connection page and the frame of every page show. */
export interface ConnectionView {
  readonly state: ConnectionState | 'none';
  readonly active: boolean;
  readonly tone: 'good' | 'warning' | 'bad' | 'idle';
  /** The two words of the page. */
  readonly word: string;
  readonly summary: string;
  /** The same, short, for the frame. */
  readonly short: string;
  readonly sinceMs: number | undefined;
  readonly orgId: string | undefined;
  readonly why: Explanation | undefined;
  readonly attempt: { readonly kind: 'checking' } | ({ readonly kind: 'refused' } & Explanation) | undefined;
  readonly details: readonly Detail[];
  /** Name of the button. */
  readonly button: string;
}

export interface Detail {
  readonly label: string;
  readonly text?: string;
  readonly atMs?: number;
}

export function presentConnection(
  { connection, attempt }: { connection: Connection | undefined; attempt: Authorization | undefined },
  nowMs: number,
  t: Texts,
): ConnectionView {
  const state = connection?.state ?? 'none';
  const active = isActive(connection?.state);
  return {
    state,
    active,
    tone: tones[state],
    word: t(active ? 'connection.active' : 'connection.inactive'),
    summary: summarize(connection, t),
    short: t(shorts[state]),
    sinceMs: connection?.sinceMs,
    orgId: connection && state !== 'disconnected' ? connection.orgId : undefined,
    why: connection?.cause === undefined ? undefined : explain(connection.cause, factsOf(connection), t),
    attempt: presentAttempt(attempt, connection, nowMs, t),
    details: connection && state !== 'disconnected' ? presentDetails(connection, t) : [],
    button: t(active ? 'connection.refresh' : 'connection.connect'),
  };
}

const tones = {
  none: 'idle',
  active: 'good',
  degraded: 'warning',
  broken: 'bad',
  disconnected: 'idle',
} as const satisfies Record<ConnectionState | 'none', ConnectionView['tone']>;

const shorts = {
  none: 'frame.connection-inactive',
  active: 'frame.connection-active',
  degraded: 'frame.connection-degraded',
  broken: 'frame.connection-inactive',
  disconnected: 'frame.connection-inactive',
} as const satisfies Record<ConnectionState | 'none', string>;

function summarize(connection: Connection | undefined, t: Texts): string {
  if (connection?.disconnecting) return t('connection.summary-disconnecting');
  switch (connection?.state) {
    case undefined:
      return t('connection.summary-none');
    case 'disconnected':
      return t('connection.summary-disconnected');
    case 'active':
      return connection.orgName === undefined
        ? t('connection.summary-active-unnamed')
        : t('connection.summary-active', { orgName: connection.orgName });
    case 'degraded':
      return connection.orgName === undefined
        ? t('connection.summary-degraded-unnamed')
        : t('connection.summary-degraded', { orgName: connection.orgName });
    case 'broken':
      return connection.cause === undefined ? '' : explain(connection.cause, factsOf(connection), t).title;
  }
}

const factsOf = ({ username, causeDetail }: Connection): ReasonDetail => ({ username, ...causeDetail });

/** A reason in words: what happened, what it means, what to do and where to click. */
export function explain(reason: AuthorizationReason, detail: ReasonDetail, t: Texts): Explanation {
  const facts = {
    username: detail.username ?? t('connection.unknown-user'),
    missing: detail.missing?.length ? detail.missing.join(', ') : t('connection.unknown-missing'),
    orgId: detail.orgId ?? t('connection.unknown-org'),
    answer: detail.answer ?? t('connection.unknown-answer'),
  };
  const explanation = t(`why.${reason}.explanation`, facts);
  return {
    title: t(`why.${reason}.title`, facts),
    // A user name is written as it is, our word for an unknown user as sentences begin.
    explanation: explanation.startsWith(t('connection.unknown-user'))
      ? explanation.charAt(0).toUpperCase() + explanation.slice(1)
      : explanation,
    action: t(`why.${reason}.action`, facts),
    setup: t(`why.${reason}.setup`, facts) || undefined,
  };
}

function presentAttempt(
  attempt: Authorization | undefined,
  connection: Connection | undefined,
  nowMs: number,
  t: Texts,
): ConnectionView['attempt'] {
  if (!attempt || nowMs > attempt.expiresAtMs + attemptShownMs) return undefined;
  switch (attempt.status) {
    case 'begun':
    case 'succeeded':
      return undefined;
    case 'code-received':
      return nowMs <= attempt.expiresAtMs + attemptLifeMs
        ? { kind: 'checking' }
        : { kind: 'refused', ...explain('outcome-unknown', {}, t) };
    case 'refused': {
      // A connection that was made after the attempt began says more than the attempt.
      const superseded = connection !== undefined && connection.connectedAtMs > attempt.expiresAtMs - attemptLifeMs;
      if (superseded) return undefined;
      return { kind: 'refused', ...explain(attempt.reason ?? 'salesforce-refused', attempt.reasonDetail, t) };
    }
  }
}

function presentDetails(connection: Connection, t: Texts): readonly Detail[] {
  const orgName = connection.orgName ?? t('connection.org-unnamed');
  const moment = (label: string, atMs: number | undefined): Detail =>
    atMs === undefined ? { label, text: t('connection.not-yet') } : { label, atMs };
  return [
    {
      label: t('connection.org'),
      text: t(connection.isSandbox ? 'connection.org-sandbox' : 'connection.org-production', { orgName }),
    },
    { label: t('connection.user'), text: connection.username },
    moment(t('connection.connected'), connection.connectedAtMs),
    moment(t('connection.last-checked'), connection.lastCheckedAtMs),
    moment(t('connection.last-refreshed'), connection.lastRefreshedAtMs),
    moment(t('connection.next-refresh'), connection.nextRefreshAtMs),
    ...(connection.apiUsed === undefined || connection.apiMax === undefined
      ? []
      : [
          {
            label: t('connection.api-calls'),
            text: t('connection.api-calls-of', { used: connection.apiUsed, max: connection.apiMax }),
          },
        ]),
  ];
}
