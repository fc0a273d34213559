import type { AuthorizationReason, Cause, ConnectionState, Observations, ReasonDetail } from './connection.ts';
import type { CheckDepth, ConnectionFacts, ConnectionIntervals, TimelineAction } from './connection-life.ts';
import type { OrgId } from './ids.ts';

/*
 * What the workflows of authorizations and connections ask of their activities, and hear from them. All of it is plain JSON without a
 * secret or a name: it stands in histories that operators read.
 */

export interface RefreshRequest {
  readonly orgId: OrgId;
  readonly version: number;
  /** The access token was refused, so a refresh token that may be spent is sent all the same. */
  readonly resend: boolean;
  /** The attempt that is known to have ended without a known outcome. */
  readonly endedAttempt: string | null;
}

/** What became of one attempt to refresh. */
export type RefreshOutcome =
  | {
      readonly kind: 'refreshed';
      readonly version: number;
      readonly issuedAtMs: number;
      readonly observed: Observations;
    }
  | { readonly kind: 'refused'; readonly cause: Cause; readonly detail: ReasonDetail }
  | { readonly kind: 'did-not-happen'; readonly cause: Cause; readonly detail: ReasonDetail }
  | { readonly kind: 'unknown'; readonly cause: Cause; readonly detail: ReasonDetail; readonly attempt: string }
  /** An earlier attempt may be under way, or may have used the token up. */
  | { readonly kind: 'busy'; readonly retryInMs: number }
  /** Other credentials are there by now, or none. */
  | { readonly kind: 'superseded' };

export interface CheckRequest {
  readonly orgId: OrgId;
  /** The version that the one who asks knows of; the one that is there is checked. */
  readonly version: number;
  readonly depth: CheckDepth;
}

export type CheckOutcome =
  | {
      readonly kind: 'passed';
      readonly version: number;
      readonly expiresAtMs: number | null;
      readonly apiUsage: { readonly used: number; readonly max: number } | null;
      readonly observed: Observations;
    }
  /** The access token or its host was refused; a refresh may mend that. */
  | {
      readonly kind: 'refused';
      readonly version: number;
      readonly cause: Cause;
      readonly detail: ReasonDetail;
      /** What introspection says of the token; absent when it said nothing. */
      readonly isTokenActive?: boolean;
    }
  | { readonly kind: 'failed'; readonly version: number; readonly cause: Cause; readonly detail: ReasonDetail }
  | { readonly kind: 'no-credentials' };

/** What is found in the database; `facts` is null when the org has no connection. The settings come along, so that a changed one is heard. */
export interface ConnectionReading {
  readonly facts: ConnectionFacts | null;
  readonly intervals: ConnectionIntervals;
}

export interface ConnectionRecord {
  readonly orgId: OrgId;
  readonly connectionId: string;
  readonly version: number;
  /** By the workflow's clock, which no repetition moves. Absent in what was scheduled before it was told. */
  readonly knownAtMs?: number;
  readonly row: {
    readonly state: ConnectionState;
    readonly sinceMs: number;
    readonly cause: Cause | null;
    readonly causeDetail: ReasonDetail;
    readonly lastCheckedAtMs: number | null;
    readonly lastRefreshedAtMs: number;
    readonly nextRefreshAtMs: number | null;
    readonly apiUsage: { readonly used: number; readonly max: number } | null;
    readonly observed: Observations;
    readonly disconnecting: boolean;
  };
  readonly timeline: readonly TimelineAction[];
}

export type ExchangeOutcome =
  | { readonly kind: 'granted'; readonly orgId: OrgId }
  | { readonly kind: 'refused'; readonly reason: AuthorizationReason };

export type AdmissionOutcome =
  | {
      readonly kind: 'admitted';
      readonly orgId: OrgId;
      readonly version: number;
      /** How long to wait before the former grant may be revoked; null when there is none. */
      readonly revokeFormerAfterMs: number | null;
    }
  | { readonly kind: 'refused'; readonly reason: AuthorizationReason };
