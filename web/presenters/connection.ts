import {
  isActive,
  isForGood,
  type Connection,
  type ConnectionState,
  type ReasonDetail,
} from '../../src/domain/connection.ts';
import { apiCallsHigh, grantsPerUser, warningsOf } from '../../src/domain/early-warnings.ts';
import type { AuditedEvent, Authorization } from '../../src/ports.ts';
import { locale, type Texts } from '../texts.ts';
import { explain, explainWarning, type Explanation } from './explanations.ts';
import { presentTimeline, type TimelineEntry } from './timeline.ts';

/** An attempt stays on the page for this long after it began. */
const attemptShownMs = 24 * 3_600_000;
/** An attempt whose code nobody exchanged by then has an outcome that nobody knows. */
const attemptLifeMs = 15 * 60_000;

/** What the connection page and the frame of every page show. */
export interface ConnectionView {
  readonly state: ConnectionState | 'none';
  readonly active: boolean;
  readonly tone: 'good' | 'warning' | 'bad' | 'idle';
  /** The two words of the page. */
  readonly word: string;
  readonly summary: string;
  /** The same, short, for the frame of every page. */
  readonly frame: { readonly tone: ConnectionView['tone']; readonly text: string };
  readonly sinceMs: number | undefined;
  readonly orgId: string | undefined;
  readonly why: Explanation | undefined;
  /** What may break it. */
  readonly warnings: readonly Explanation[];
  readonly attempt: AttemptView | undefined;
  readonly details: readonly Detail[];
  readonly timeline: readonly TimelineEntry[];
  /** Name of the button. */
  readonly button: string;
  /** Whether a check can say anything new. */
  readonly canCheck: boolean;
  readonly canDisconnect: boolean;
}

/** How the last attempt to connect stands, while that is worth a word. */
export type AttemptView = { readonly kind: 'checking' } | RefusedView;
type RefusedView = { readonly kind: 'refused' } & Explanation;

export interface Detail {
  readonly label: string;
  readonly text?: string;
  readonly atMs?: number;
  readonly style?: 'absolute' | 'due';
  /** Of how much how much is used, and from where on it is much. */
  readonly meter?: { readonly value: number; readonly max: number; readonly high: number };
}

export function presentConnection(
  {
    connection,
    attempt,
    events,
  }: {
    connection: Connection | undefined;
    attempt: Authorization | undefined;
    events: readonly AuditedEvent[];
  },
  nowMs: number,
  t: Texts,
): ConnectionView {
  const state = connection?.state ?? 'none';
  const active = isActive(connection?.state);
  const isLinked = connection !== undefined && connection.state !== 'disconnected';
  // What the page explains already is no warning beside.
  const warnings = connection ? warningsOf(connection, nowMs).filter((warning) => warning !== connection.cause) : [];
  const isWarned = state === 'active' && warnings.length > 0;
  return {
    state,
    active,
    // It says Active for as long as it is, and yet it is not as it should stay.
    tone: connection?.disconnecting ? 'warning' : tones[state],
    word: t(active ? 'connection.active' : 'connection.inactive'),
    summary: summarize(connection, t),
    frame: isWarned
      ? { tone: 'warning', text: t('frame.connection-degraded') }
      : { tone: tones[state], text: t(shorts[state]) },
    sinceMs: connection?.sinceMs,
    orgId: isLinked ? connection.orgId : undefined,
    why: connection?.cause === undefined ? undefined : explain(connection.cause, factsOf(connection), t),
    warnings: warnings.map((warning) => explainWarning(warning, t)),
    attempt: presentAttempt(attempt, connection, nowMs, t),
    details: isLinked ? presentDetails(connection, nowMs, t) : [],
    timeline: presentTimeline(events, t),
    button: t(active ? 'connection.refresh' : 'connection.connect'),
    canCheck: isLinked && !connection.disconnecting && !isForGood(connection),
    canDisconnect: isLinked && !connection.disconnecting,
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

export const factsOf = ({ username, causeDetail }: Connection): ReasonDetail => ({ username, ...causeDetail });

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
      return presentExchange(attempt, nowMs, t);
    case 'refused': {
      // A connection that was made after the attempt began says more than the attempt.
      const superseded = connection !== undefined && connection.connectedAtMs > attempt.expiresAtMs - attemptLifeMs;
      return superseded ? undefined : presentRefusal(attempt, t);
    }
  }
}

/** What whoever came through an invitation sees of the attempt. */
export function presentInvitedAttempt(
  attempt: Authorization,
  nowMs: number,
  t: Texts,
): AttemptView | { readonly kind: 'connected' } {
  switch (attempt.status) {
    case 'begun':
    case 'code-received':
      return presentExchange(attempt, nowMs, t);
    case 'succeeded':
      return { kind: 'connected' };
    case 'refused': {
      const refusal = presentRefusal(attempt, t);
      // Whoever was invited cannot disconnect.
      return attempt.reason === 'another-org-connected'
        ? { ...refusal, action: t('invitation.another-org-action') }
        : refusal;
    }
  }
}

const presentExchange = ({ expiresAtMs }: Authorization, nowMs: number, t: Texts): AttemptView =>
  nowMs <= expiresAtMs + attemptLifeMs
    ? { kind: 'checking' }
    : { kind: 'refused', ...explain('outcome-unknown', {}, t) };

const presentRefusal = ({ reason, reasonDetail }: Authorization, t: Texts): RefusedView => ({
  kind: 'refused',
  ...explain(reason ?? 'salesforce-refused', reasonDetail, t),
});

function presentNextRefresh(connection: Connection, nowMs: number, t: Texts): Detail {
  const label = t('connection.next-refresh');
  const { nextRefreshAtMs: atMs } = connection;
  if (atMs !== undefined)
    return atMs > nowMs ? { label, atMs, style: 'due' } : { label, text: t('connection.refresh-due') };
  return { label, text: t(isForGood(connection) ? 'connection.refresh-none' : 'connection.not-yet') };
}

function presentDetails(connection: Connection, nowMs: number, t: Texts): readonly Detail[] {
  const orgName = connection.orgName ?? t('connection.org-unnamed');
  const { apiUsed, apiMax, observed } = connection;
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
    presentNextRefresh(connection, nowMs, t),
    ...(apiUsed === undefined || apiMax === undefined
      ? []
      : [metered(t('connection.api-calls'), apiUsed, apiMax, apiMax * apiCallsHigh, t)]),
    ...(observed.grants === undefined
      ? []
      : [metered(t('connection.grants'), observed.grants, grantsPerUser, grantsPerUser - 1, t)]),
    ...(typeof observed.licenceEndsAtMs === 'number'
      ? [{ label: t('connection.licence-ends'), atMs: observed.licenceEndsAtMs, style: 'absolute' as const }]
      : []),
  ];
}

const number = new Intl.NumberFormat(locale);

const metered = (label: string, value: number, max: number, high: number, t: Texts): Detail => ({
  label,
  text: t('connection.used-of', { used: number.format(value), max: number.format(max) }),
  meter: { value, max, high },
});
