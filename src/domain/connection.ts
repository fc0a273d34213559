import type { OrgId } from './ids.ts';

/** What the page calls Active: `active`, `degraded`. Inactive: `broken`, `disconnected`, and no connection at all. */
export const connectionStates = ['active', 'degraded', 'broken', 'disconnected'] as const;
export type ConnectionState = (typeof connectionStates)[number];

/**
 * The four classes of trouble. *Transient* and *limit* make a connection degraded; *permanent* and *misconfiguration* break it
 * (misconfiguration is ours: the operator is told too).
 */
export type CauseClass = 'transient' | 'limit' | 'permanent' | 'misconfiguration';

interface CauseFacts {
  readonly class: CauseClass;
  /** The refresh token itself was refused for good: only a new authorization mends it, so no re-check is made. */
  readonly final?: true;
}

/** Every cause that a connection can have for not being simply active; each has its explanation in `web/locales`. */
export const causes = {
  'salesforce-unreachable': { class: 'transient' },
  'salesforce-error': { class: 'transient' },
  'salesforce-slow': { class: 'transient' },
  'refresh-uncertain': { class: 'transient' },
  'api-limit-reached': { class: 'limit' },
  'login-rate-exceeded': { class: 'limit' },
  'token-revoked': { class: 'permanent', final: true },
  'token-idle': { class: 'permanent', final: true },
  'grant-displaced': { class: 'permanent', final: true },
  'refresh-lost': { class: 'permanent', final: true },
  'user-inactive': { class: 'permanent' },
  'user-frozen': { class: 'permanent' },
  'user-not-standard': { class: 'permanent' },
  'org-inactive': { class: 'permanent' },
  'org-gone': { class: 'permanent' },
  'host-changed': { class: 'permanent' },
  'not-administrator': { class: 'permanent' },
  'salesforce-licence-missing': { class: 'permanent' },
  'acd-licence-missing': { class: 'permanent' },
  'app-not-installed': { class: 'permanent' },
  'app-blocked': { class: 'permanent' },
  'user-not-approved': { class: 'permanent' },
  'ip-restricted': { class: 'permanent' },
  'login-hours': { class: 'permanent' },
  'password-or-session-policy': { class: 'permanent' },
  'api-disabled': { class: 'permanent' },
  'session-refused': { class: 'permanent' },
  'org-changed': { class: 'permanent', final: true },
  'client-credentials-wrong': { class: 'misconfiguration' },
  'request-refused': { class: 'misconfiguration' },
  'stored-secret-unreadable': { class: 'misconfiguration' },
} as const satisfies Record<string, CauseFacts>;

export type Cause = keyof typeof causes;

export const causeClass = (cause: Cause): CauseClass => causes[cause].class;
export const isFinal = (cause: Cause): boolean => 'final' in causes[cause];
export const isBreaking = (cause: Cause): boolean => ['permanent', 'misconfiguration'].includes(causeClass(cause));

/** Why an attempt to connect ended without a connection; a `Cause`, or one of these. */
export const refusals = [
  'denied-by-user',
  'approval-refused',
  'cross-org-blocked',
  'attempt-expired',
  'code-expired',
  'outcome-unknown',
  'no-refresh-token',
  'wrong-host',
  'org-connected-by-another-account',
  'another-org-connected',
  'invitation-used',
  'salesforce-refused',
] as const;
export type Refusal = (typeof refusals)[number];
export type AuthorizationReason = Cause | Refusal;

/** Facts that make an explanation concrete; never a secret. */
export interface ReasonDetail {
  /** Salesforce user name of the user who was refused. */
  readonly username?: string;
  /** What is missing: names of permissions or of a licence. */
  readonly missing?: readonly string[];
  /** Another org id that is concerned. */
  readonly orgId?: OrgId;
  /** Words of ours that name what Salesforce answered: `error` code or HTTP status, never its message. */
  readonly answer?: string;
}

/** What was noticed beside whether it works. What is absent is not known, or cannot be read by this user. */
export interface Observations {
  /** Approvals of our app that the user has; Salesforce keeps five. */
  readonly grants?: number;
  readonly appInstalled?: boolean;
  /** When the ACD licence ends; null: never. */
  readonly licenceEndsAtMs?: number | null;
  /** A refresh brought no new refresh token, although the setting asks for rotation. */
  readonly rotationMissing?: boolean;
  /** Nobody knows what became of a refresh. */
  readonly refreshUncertain?: boolean;
}

/** The projection row of one connection: what the portal and the phone API read. Times are epoch milliseconds. */
export interface Connection {
  readonly id: string;
  readonly accountId: string;
  readonly orgId: OrgId;
  readonly state: ConnectionState;
  readonly sinceMs: number;
  readonly cause: Cause | undefined;
  readonly causeDetail: ReasonDetail;
  readonly orgName: string | undefined;
  readonly isSandbox: boolean;
  readonly userId: string;
  readonly username: string;
  readonly connectedAtMs: number;
  readonly lastCheckedAtMs: number | undefined;
  readonly lastRefreshedAtMs: number | undefined;
  readonly nextRefreshAtMs: number | undefined;
  readonly apiUsed: number | undefined;
  readonly apiMax: number | undefined;
  readonly observed: Observations;
  /** The administrator asked to disconnect, and a refresh must end first. */
  readonly disconnecting: boolean;
  /** Grows with each write, so that a late reader never replaces a newer row by an older one. */
  readonly revision: number;
}

/** Whether only a new authorization mends it. */
export const isForGood = ({ cause }: Pick<Connection, 'cause'>): boolean => cause !== undefined && isFinal(cause);

/** The words of the page: the only two that its users know. */
export const isActive = (state: ConnectionState | undefined): boolean => state === 'active' || state === 'degraded';
