import {
  isBreaking,
  isFinal,
  type Cause,
  type ConnectionState,
  type Observations,
  type ReasonDetail,
} from './connection.ts';
import { grantsPerUser } from './early-warnings.ts';

/*
 * The life of a connection, as a pure state machine. `connectionWorkflow` tells it what happened (events) and does what it says is due
 * (`checkDue`, `refreshDue`); it never acts itself and knows no clock.
 *
 *   active        the last check passed
 *   degraded      linked, but Salesforce is away, slow or out of calls, or nobody knows what became of a refresh
 *   broken        Salesforce refuses us
 *   disconnected  the end: the administrator disconnected
 *
 * Two kinds of proof say whether a connection works: a *check* (a real call with the access token) and a *refresh*. Trouble that one of
 * them found ends only when that one succeeds, or the connection would flap between them. So `proof` names what is owed. From `broken`
 * only a check of the user's rights leads back, on the schedule of re-checks; and nothing does when the refresh token was refused for good.
 *
 * An access token that was refused waits for a refresh; until then it is not checked again. One that is refused again, before any
 * check passed since the refresh, breaks the connection (`session-refused`): one cycle, never a loop.
 *
 * After a refresh with an unknown outcome (`uncertain`) the refresh token is not sent again while the access token works. So a refusal
 * from before is asked for anew, and one of a host that moved or of a token that introspection calls active counts as no refusal of the
 * token: it breaks the connection, and the refresh token is kept for when the access token has ended.
 */

/** How often and how patiently; all in milliseconds. */
export interface ConnectionIntervals {
  readonly validateEveryMs: number;
  readonly rightsCheckEveryMs: number;
  /** How long before its end an access token is refreshed. */
  readonly refreshAheadMs: number;
  readonly refreshAtLeastEveryMs: number;
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** Waits between re-checks of a broken connection; the last repeats. */
  readonly recheckDelaysMs: readonly number[];
  /** A check that was asked for is skipped when one is younger. */
  readonly checkNowEveryMs: number;
  /** How long a refresh may be uncertain before the page warns. */
  readonly uncertainWarningMs: number;
  /** Events of a workflow's history after which it continues as new. */
  readonly historyEvents: number;
}

export const defaultIntervals: ConnectionIntervals = {
  validateEveryMs: 5 * 60_000,
  rightsCheckEveryMs: 24 * 3_600_000,
  refreshAheadMs: 60_000,
  refreshAtLeastEveryMs: 7 * 24 * 3_600_000,
  retryFirstMs: 2_000,
  retryMaxMs: 5 * 60_000,
  recheckDelaysMs: [60_000, 5 * 60_000, 15 * 60_000, 3_600_000],
  checkNowEveryMs: 10_000,
  uncertainWarningMs: 15 * 60_000,
  historyEvents: 4_000,
};

/** A refresh token that nobody used for this long has expired (Salesforce, "Idle refresh token time to live"). */
export const idleLimitMs = 30 * 24 * 3_600_000;

/** The row and the credentials as a workflow finds them. Plain JSON: it is an activity's result. */
export interface ConnectionFacts {
  readonly connectionId: string;
  readonly version: number;
  readonly state: ConnectionState;
  readonly sinceMs: number;
  readonly cause: Cause | null;
  readonly detail: ReasonDetail;
  readonly issuedAtMs: number;
  readonly lastCheckedAtMs: number | null;
  readonly lastRefreshedAtMs: number | null;
  /** A refresh was begun for this version and nobody wrote what came of it. */
  readonly refreshStartedAtMs: number | null;
  readonly observed: Observations;
}

export type CheckDepth = 'session' | 'rights';

/** Plain JSON, carried through continue-as-new. */
export interface ConnectionLife {
  readonly connectionId: string;
  readonly version: number;
  readonly state: ConnectionState;
  readonly sinceMs: number;
  readonly cause: Cause | null;
  readonly detail: ReasonDetail;
  /** What must succeed for the trouble to end; null when there is none. */
  readonly proof: 'check' | 'refresh' | null;
  readonly token: {
    readonly issuedAtMs: number;
    /** Salesforce refused it. */
    readonly refused: boolean;
    /** Last check that passed with it. */
    readonly confirmedAtMs: number | null;
    /** It came from a refresh that was made because the one before was refused. */
    readonly replacesRefused: boolean;
    readonly expiresAtMs: number | null;
  };
  /** `attempt`: the one that is known to have ended; null when it may still be under way somewhere. */
  readonly uncertain: { readonly sinceMs: number; readonly attempt: string | null } | null;
  /** When Salesforce was asked last, by a check or by a refresh that failed. */
  readonly lastCheckedAtMs: number | null;
  readonly lastRefreshedAtMs: number;
  readonly rightsCheckedAtMs: number;
  readonly checkAtMs: number;
  readonly refreshNotBeforeMs: number;
  /** Failures in a row, for the backoff. */
  readonly failures: number;
  /** Re-checks since it broke. */
  readonly rechecks: number;
  readonly apiUsage: { readonly used: number; readonly max: number } | null;
  readonly observed: Observations;
  readonly asked: { readonly check: boolean; readonly refresh: boolean; readonly disconnect: boolean };
  /** How many ended, for those who wait. */
  readonly ended: { readonly checks: number; readonly refreshes: number };
  readonly lastRefresh: 'refreshed' | 'refused' | 'trouble';
}

export type ConnectionEvent =
  // Facts and wishes from outside
  | { readonly type: 'tokenRejected'; readonly version: number }
  | { readonly type: 'tokenDoubted'; readonly version: number }
  | { readonly type: 'grantRevoked' }
  /** `thorough`: by a person, who expects that rights and licence are looked at, too. */
  | { readonly type: 'checkAsked'; readonly thorough?: boolean }
  | { readonly type: 'refreshAsked' }
  | { readonly type: 'disconnectAsked' }
  // Checks
  | { readonly type: 'checkBegun' }
  | {
      readonly type: 'checkPassed';
      readonly version: number;
      readonly depth: CheckDepth;
      readonly expiresAtMs: number | null;
      readonly apiUsage: { readonly used: number; readonly max: number } | null;
      /** What was noticed beside; what is absent was not looked at. */
      readonly observed?: Observations;
    }
  | {
      readonly type: 'checkRefused';
      readonly version: number;
      /** What to say when a refresh does not mend it. */
      readonly cause: Cause;
      readonly detail: ReasonDetail;
      /** What introspection says of the token; absent when it said nothing. */
      readonly isTokenActive?: boolean;
    }
  | { readonly type: 'checkFailed'; readonly version: number; readonly cause: Cause; readonly detail: ReasonDetail }
  // Refreshes
  | { readonly type: 'refreshBegun' }
  /** It is under way for so long that lookups which wait for its token find none. */
  | { readonly type: 'refreshSlow' }
  | {
      readonly type: 'refreshed';
      readonly version: number;
      readonly issuedAtMs: number;
      readonly observed?: Observations;
    }
  | { readonly type: 'refreshRefused'; readonly cause: Cause; readonly detail: ReasonDetail }
  | { readonly type: 'refreshDidNotHappen'; readonly cause: Cause; readonly detail: ReasonDetail }
  | {
      readonly type: 'refreshUnknown';
      readonly cause: Cause;
      readonly detail: ReasonDetail;
      readonly attempt: string | null;
    }
  /** Another attempt holds the mark and cannot be taken over yet. */
  | { readonly type: 'refreshBusy'; readonly retryInMs: number }
  /** Trouble of our own before anything was sent. */
  | { readonly type: 'refreshPostponed' }
  // The end
  | { readonly type: 'disconnected' };

interface Moment {
  readonly nowMs: number;
  /** From 0 up to 1, for the jitter. */
  readonly random: number;
  readonly intervals: ConnectionIntervals;
}

/** A life begins with what was found in the database. `authorized`: right after a hand-over, when the user's rights were just checked. */
export function begin(
  facts: ConnectionFacts,
  { nowMs, authorized }: { nowMs: number; authorized: boolean },
): ConnectionLife {
  const healthy = facts.state === 'active';
  return {
    connectionId: facts.connectionId,
    version: facts.version,
    state: facts.state,
    sinceMs: facts.sinceMs,
    cause: facts.cause,
    detail: facts.detail,
    proof: healthy ? null : 'check',
    token: {
      issuedAtMs: facts.issuedAtMs,
      refused: false,
      confirmedAtMs: null,
      replacesRefused: false,
      expiresAtMs: null,
    },
    uncertain: facts.refreshStartedAtMs === null ? null : { sinceMs: facts.refreshStartedAtMs, attempt: null },
    lastCheckedAtMs: facts.lastCheckedAtMs,
    lastRefreshedAtMs: facts.lastRefreshedAtMs ?? facts.issuedAtMs,
    rightsCheckedAtMs: authorized ? nowMs : 0,
    checkAtMs: nowMs,
    refreshNotBeforeMs: 0,
    failures: 0,
    rechecks: 0,
    apiUsage: null,
    observed: facts.observed,
    asked: { check: false, refresh: false, disconnect: false },
    ended: { checks: 0, refreshes: 0 },
    lastRefresh: 'refreshed',
  };
}

/** What an event makes of a life. An event about another version of the credentials changes nothing but the counts. */
export function live(life: ConnectionLife, event: ConnectionEvent, moment: Moment): ConnectionLife {
  if (life.state === 'disconnected') return life;
  // What was under way when the refresh token was refused for good changes nothing any more.
  if (isLost(life) && event.type !== 'disconnectAsked' && event.type !== 'disconnected') return life;
  const { nowMs, intervals } = moment;
  switch (event.type) {
    case 'tokenRejected': {
      if (event.version !== life.version || life.state === 'broken' || life.token.refused) return life;
      const { confirmedAtMs, replacesRefused } = life.token;
      const isDoubtful =
        life.uncertain !== null ||
        (confirmedAtMs === null ? replacesRefused : nowMs - confirmedAtMs < intervals.checkNowEveryMs);
      return isDoubtful ? asking(life, { check: true }) : { ...life, token: { ...life.token, refused: true } };
    }
    case 'tokenDoubted':
      return event.version === life.version && !life.token.refused ? asking(life, { check: true }) : life;
    case 'grantRevoked':
      // The approvals of the user were counted before.
      return { ...asking(life, { check: true }), rightsCheckedAtMs: 0 };
    case 'checkAsked':
      // What is owed is asked for: a check proves nothing while a refresh is.
      return {
        ...asking(life, life.proof === 'refresh' && !isAwaitingRefusal(life) ? { refresh: true } : { check: true }),
        rightsCheckedAtMs: event.thorough === true ? 0 : life.rightsCheckedAtMs,
      };
    case 'refreshAsked':
      return isAwaitingRefusal(life) ? life : asking(life, { refresh: true });
    case 'disconnectAsked':
      return asking(life, { disconnect: true });

    case 'checkBegun':
      return asking(life, { check: false });
    case 'checkPassed':
      return event.version === life.version
        ? checkPassed(countCheck(life), event, moment)
        : checkedAnother(life, moment);
    case 'checkRefused':
      return event.version === life.version
        ? checkRefused(countCheck(life), event, moment)
        : checkedAnother(life, moment);
    case 'checkFailed':
      return event.version === life.version
        ? checkFailed(countCheck(life), event, moment)
        : checkedAnother(life, moment);

    case 'refreshBegun':
      return asking(life, { refresh: false });
    case 'refreshSlow':
      return life.token.refused ? waitingForToken(life, nowMs) : life;
    case 'refreshed':
      return {
        ...countRefresh(life, 'refreshed'),
        version: event.version,
        token: {
          issuedAtMs: event.issuedAtMs,
          refused: false,
          confirmedAtMs: null,
          replacesRefused: life.token.refused,
          expiresAtMs: null,
        },
        uncertain: null,
        // What is owed now is the check that follows at once.
        proof: life.proof === null ? null : 'check',
        lastRefreshedAtMs: nowMs,
        observed: { ...life.observed, ...event.observed },
        refreshNotBeforeMs: nowMs,
        checkAtMs: nowMs,
        failures: 0,
      };
    case 'refreshRefused': {
      const cause = explained(event.cause, life, nowMs);
      const counted = { ...countRefresh(life, 'refused'), lastCheckedAtMs: nowMs };
      return isBreaking(cause)
        ? breaking(
            { ...counted, uncertain: isFinal(cause) ? null : life.uncertain },
            cause,
            event.detail,
            'refresh',
            moment,
          )
        : troubled(counted, cause, event.detail, 'refresh', moment);
    }
    case 'refreshDidNotHappen': {
      const counted = { ...countRefresh(life, 'trouble'), lastCheckedAtMs: nowMs };
      return troubled(counted, event.cause, event.detail, 'refresh', moment);
    }
    case 'refreshUnknown': {
      const counted = {
        ...countRefresh(life, 'trouble'),
        lastCheckedAtMs: nowMs,
        uncertain: { sinceMs: life.uncertain?.sinceMs ?? nowMs, attempt: event.attempt },
      };
      if (!life.token.refused) return checkedInstead(counted, nowMs);
      const shown = troubled(counted, event.cause, event.detail, 'refresh', moment);
      return life.uncertain ? shown : askedAnew(shown, nowMs);
    }
    case 'refreshBusy': {
      const counted = {
        ...countRefresh(life, 'trouble'),
        uncertain: life.uncertain ?? { sinceMs: nowMs, attempt: null },
        refreshNotBeforeMs: nowMs + event.retryInMs,
      };
      if (!life.token.refused) return checkedInstead(counted, nowMs);
      const shown = waitingForToken(counted, nowMs);
      return life.uncertain ? shown : askedAnew(shown, nowMs);
    }
    case 'refreshPostponed':
      return {
        ...countRefresh(life, 'trouble'),
        failures: life.failures + 1,
        refreshNotBeforeMs: nowMs + backoffMs(life.failures, moment),
      };

    case 'disconnected':
      return {
        ...life,
        state: 'disconnected',
        sinceMs: nowMs,
        cause: null,
        detail: {},
        asked: { check: false, refresh: false, disconnect: false },
      };
  }
}

/** When the next check is due, and how deep; undefined while none makes sense. */
export function checkDue(
  life: ConnectionLife,
  nowMs: number,
  intervals: ConnectionIntervals,
): { readonly atMs: number; readonly depth: CheckDepth } | undefined {
  if (life.state === 'disconnected' || life.token.refused || isLost(life)) return undefined;
  if (life.state === 'broken' && life.proof === 'refresh' && !isAwaitingRefusal(life)) return undefined;
  const depth =
    life.state === 'broken' || nowMs - life.rightsCheckedAtMs >= intervals.rightsCheckEveryMs ? 'rights' : 'session';
  return { atMs: life.asked.check ? 0 : life.checkAtMs, depth };
}

/**
 * When the next refresh is due; undefined while none makes sense. Also what a check has broken is refreshed from time to time: a right
 * may come back after weeks, and a refresh token that nobody used has expired by then. `whileBroken` leaves that out.
 */
export function refreshDueAtMs(
  life: ConnectionLife,
  intervals: ConnectionIntervals,
  { whileBroken = true } = {},
): number | undefined {
  if (life.state === 'disconnected' || isLost(life) || isAwaitingRefusal(life)) return undefined;
  if (life.asked.refresh) return 0;
  if (life.token.refused || life.proof === 'refresh') return life.refreshNotBeforeMs;
  if (life.state === 'broken' && !whileBroken) return undefined;
  const { expiresAtMs, issuedAtMs } = life.token;
  const aheadOfExpiryMs =
    expiresAtMs === null
      ? Infinity
      : expiresAtMs - Math.min(intervals.refreshAheadMs, Math.max(0, expiresAtMs - issuedAtMs) / 4);
  const scheduledMs = Math.min(life.lastRefreshedAtMs + intervals.refreshAtLeastEveryMs, aheadOfExpiryMs);
  return Math.max(scheduledMs, life.refreshNotBeforeMs);
}

export type TimelineAction =
  | 'connection.refreshed'
  | 'connection.refresh-uncertain'
  | 'connection.degraded'
  | 'connection.recovered'
  | 'connection.broken'
  | 'connection.repaired'
  | 'connection.disconnected';

/** What the timeline says of a step. */
export function timelineOf(before: ConnectionLife, after: ConnectionLife): readonly TimelineAction[] {
  const actions: TimelineAction[] = [];
  if (after.version > before.version) actions.push('connection.refreshed');
  if (after.uncertain && !before.uncertain) actions.push('connection.refresh-uncertain');
  if (after.state !== before.state) {
    switch (after.state) {
      case 'active':
        actions.push(before.state === 'broken' ? 'connection.repaired' : 'connection.recovered');
        break;
      case 'degraded':
        actions.push('connection.degraded');
        break;
      case 'broken':
        actions.push('connection.broken');
        break;
      case 'disconnected':
        actions.push('connection.disconnected');
        break;
    }
  }
  return actions;
}

/** The refresh token was refused for good: only a new authorization helps. */
export const isLost = ({ state, cause }: ConnectionLife): boolean =>
  state === 'broken' && cause !== null && isFinal(cause);

/** The refresh token may be spent, and the access token is not known to be refused: it is not sent. */
export const isAwaitingRefusal = ({ uncertain, token }: ConnectionLife): boolean =>
  uncertain !== null && !token.refused;

const asking = (life: ConnectionLife, asked: Partial<ConnectionLife['asked']>): ConnectionLife => ({
  ...life,
  asked: { ...life.asked, ...asked },
});

/** A refresh that cannot be sent proves nothing: whether the access token still works is what can be known. */
const checkedInstead = (life: ConnectionLife, nowMs: number): ConnectionLife => ({
  ...life,
  proof: life.proof === null ? null : 'check',
  checkAtMs: nowMs,
});

/** Now that the refresh token may be spent, a check has to say that the access token is refused: a lookup cannot ask introspection. */
const askedAnew = (life: ConnectionLife, nowMs: number): ConnectionLife => ({
  ...life,
  token: { ...life.token, refused: false },
  proof: 'refresh',
  checkAtMs: nowMs,
});

/** No lookup can be answered until a refresh has ended that takes its time. */
const waitingForToken = (life: ConnectionLife, nowMs: number): ConnectionLife =>
  life.state === 'broken' ? life : { ...inState(life, 'degraded', 'salesforce-slow', {}, nowMs), proof: 'refresh' };

const countCheck = (life: ConnectionLife): ConnectionLife => ({
  ...life,
  ended: { ...life.ended, checks: life.ended.checks + 1 },
});

/** A check of other credentials, maybe of those that an authorization is about to hand over, proves nothing; the next waits a moment. */
const checkedAnother = (life: ConnectionLife, { nowMs, intervals }: Moment): ConnectionLife => ({
  ...countCheck(life),
  checkAtMs: Math.max(life.checkAtMs, nowMs + intervals.retryFirstMs),
});

/** Whoever asked for a refresh meanwhile has what came of this one. */
const countRefresh = (life: ConnectionLife, lastRefresh: ConnectionLife['lastRefresh']): ConnectionLife => ({
  ...asking(life, { refresh: false }),
  lastRefresh,
  ended: { ...life.ended, refreshes: life.ended.refreshes + 1 },
});

function checkPassed(
  life: ConnectionLife,
  { depth, expiresAtMs, apiUsage, observed }: Extract<ConnectionEvent, { type: 'checkPassed' }>,
  { nowMs, intervals }: Moment,
): ConnectionLife {
  const checked: ConnectionLife = {
    ...life,
    // An introspection that failed, or did not say, leaves what is known of these credentials.
    token: { ...life.token, confirmedAtMs: nowMs, expiresAtMs: expiresAtMs ?? life.token.expiresAtMs },
    lastCheckedAtMs: nowMs,
    checkAtMs: nowMs + intervals.validateEveryMs,
    rightsCheckedAtMs: depth === 'rights' ? nowMs : life.rightsCheckedAtMs,
    apiUsage: apiUsage ?? life.apiUsage,
    observed: { ...life.observed, ...observed },
  };
  if (life.state === 'broken' && depth === 'session') return { ...checked, checkAtMs: nowMs };
  if (life.proof === 'refresh' && !isAwaitingRefusal(life)) return checked;
  const isUncertainForLong = life.uncertain !== null && nowMs - life.uncertain.sinceMs >= intervals.uncertainWarningMs;
  if (isUncertainForLong) return { ...inState(checked, 'degraded', 'refresh-uncertain', {}, nowMs), proof: 'refresh' };
  return { ...inState(checked, 'active', null, {}, nowMs), proof: null, failures: 0, rechecks: 0 };
}

function checkRefused(
  life: ConnectionLife,
  { cause, detail, isTokenActive }: Extract<ConnectionEvent, { type: 'checkRefused' }>,
  moment: Moment,
): ConnectionLife {
  const checked = { ...life, lastCheckedAtMs: moment.nowMs };
  // A host that answers no more says nothing of the token.
  const mayWork = isTokenActive ?? cause !== 'session-refused';
  if (life.uncertain && mayWork) {
    return breaking({ ...checked, token: { ...life.token, refused: false } }, cause, detail, 'check', moment);
  }
  const survivedARefresh = life.token.replacesRefused && life.token.confirmedAtMs === null;
  // The next re-check may refresh once more: the refusal may be over, and the token expired meanwhile.
  return survivedARefresh
    ? breaking({ ...checked, token: { ...life.token, replacesRefused: false } }, cause, detail, 'check', moment)
    : {
        ...checked,
        token: { ...life.token, refused: true },
        // Now, unless refreshing is what there is trouble with.
        refreshNotBeforeMs: life.proof === 'refresh' ? life.refreshNotBeforeMs : moment.nowMs,
      };
}

function checkFailed(
  life: ConnectionLife,
  { cause, detail }: Extract<ConnectionEvent, { type: 'checkFailed' }>,
  moment: Moment,
): ConnectionLife {
  const checked = { ...life, lastCheckedAtMs: moment.nowMs };
  return isBreaking(cause)
    ? breaking(checked, cause, detail, 'check', moment)
    : troubled(checked, cause, detail, 'check', moment);
}

/** Trouble that reconnecting does not mend: shown as a warning, and tried again. A broken connection stays broken. */
function troubled(
  life: ConnectionLife,
  cause: Cause,
  detail: ReasonDetail,
  proof: 'check' | 'refresh',
  moment: Moment,
): ConnectionLife {
  if (life.state === 'broken') return rechecking(life, moment);
  const retryAtMs = moment.nowMs + backoffMs(life.failures, moment);
  return {
    ...inState(life, 'degraded', cause, detail, moment.nowMs),
    proof: life.proof === 'refresh' ? 'refresh' : proof,
    failures: life.failures + 1,
    ...(proof === 'check' ? { checkAtMs: retryAtMs } : { refreshNotBeforeMs: retryAtMs }),
  };
}

function breaking(
  life: ConnectionLife,
  cause: Cause,
  detail: ReasonDetail,
  proof: 'check' | 'refresh',
  moment: Moment,
): ConnectionLife {
  const fresh = life.state === 'broken' ? life : { ...life, rechecks: 0 };
  return { ...rechecking(inState(fresh, 'broken', cause, detail, moment.nowMs), moment), proof };
}

function rechecking(life: ConnectionLife, { nowMs, intervals }: Moment): ConnectionLife {
  const { recheckDelaysMs } = intervals;
  const delayMs = recheckDelaysMs[Math.min(life.rechecks, recheckDelaysMs.length - 1)] ?? intervals.retryMaxMs;
  return { ...life, checkAtMs: nowMs + delayMs, refreshNotBeforeMs: nowMs + delayMs, rechecks: life.rechecks + 1 };
}

const inState = (
  life: ConnectionLife,
  state: ConnectionState,
  cause: Cause | null,
  detail: ReasonDetail,
  nowMs: number,
): ConnectionLife => ({ ...life, state, cause, detail, sinceMs: state === life.state ? life.sinceMs : nowMs });

/** Doubles from the first wait to the longest; between half and the whole of it, so that connections do not retry in step. */
const backoffMs = (failures: number, { random, intervals }: Moment): number =>
  Math.round(Math.min(intervals.retryFirstMs * 2 ** Math.min(failures, 30), intervals.retryMaxMs) * (0.5 + random / 2));

/** Salesforce says `expired access/refresh token` for many things; some of them only we can tell apart. */
function explained(cause: Cause, life: ConnectionLife, nowMs: number): Cause {
  if (cause !== 'token-revoked') return cause;
  if (life.uncertain) return 'refresh-lost';
  if (nowMs - life.lastRefreshedAtMs >= idleLimitMs) return 'token-idle';
  // All approvals were taken when we last looked: one more has ended the oldest, and nothing tells us whose.
  return (life.observed.grants ?? 0) >= grantsPerUser ? 'grant-displaced' : cause;
}
