import * as wf from '@temporalio/workflow';
import {
  begin,
  checkDue,
  isAwaitingRefusal,
  isLost,
  live,
  refreshDueAtMs,
  timelineOf,
  type ConnectionEvent,
  type ConnectionIntervals,
  type ConnectionLife,
  type TimelineAction,
} from '../src/domain/connection-life.ts';
import type { ConnectionRecord, RefreshOutcome, RefreshRequest } from '../src/domain/connection-outcomes.ts';
import {
  checkConnection,
  endConnection,
  readConnection,
  recordConnection,
  refreshCredentials,
  revokeSealedGrant,
  sealGrant,
} from './activity-proxies.ts';
import { connectionQueries, connectionSignals, connectionUpdates, type CheckNow, type VersionSignal } from './names.ts';

export const authorizedSignal = wf.defineSignal<[VersionSignal]>(connectionSignals.authorized);
export const tokenRejectedSignal = wf.defineSignal<[VersionSignal]>(connectionSignals.tokenRejected);
export const tokenDoubtedSignal = wf.defineSignal<[VersionSignal]>(connectionSignals.tokenDoubted);
export const grantRevokedSignal = wf.defineSignal(connectionSignals.grantRevoked);
export const checkNowUpdate = wf.defineUpdate<ConnectionSummary, [CheckNow?]>(connectionUpdates.checkNow);
export const refreshNowUpdate = wf.defineUpdate<RefreshSummary>(connectionUpdates.refreshNow);
export const disconnectUpdate = wf.defineUpdate<ConnectionSummary>(connectionUpdates.disconnect);
export const getConnectionQuery = wf.defineQuery<ConnectionSummary>(connectionQueries.getConnection);

/** What operators and callers are told; the page reads the row. */
export interface ConnectionSummary {
  readonly state: ConnectionLife['state'];
  readonly cause: ConnectionLife['cause'];
  readonly version: number;
}

export interface RefreshSummary extends ConnectionSummary {
  readonly outcome: ConnectionLife['lastRefresh'] | 'uncertain' | 'not-connected';
}

/** The first execution of an org and the one that continues have the same argument. */
export interface ConnectionStart {
  readonly orgId: string;
  readonly carried?: {
    readonly life: ConnectionLife;
    readonly intervals: ConnectionIntervals;
    readonly authorized: boolean;
    readonly inbox: readonly ConnectionEvent[];
  };
}

/** A page does not wait for longer: what is found later reaches it through the row. */
const answerWithin = '10 seconds';
/** A lookup does not wait for longer: a refresh that takes this long is told. */
const slowAfter = '5 seconds';

/**
 * One execution per org, from the first authorization until the administrator disconnects: the only one that refreshes. Handlers only
 * record; three loops act, side by side:
 *
 * - the *credentials* loop does one credential-changing thing at a time: disconnect, take over a new authorization, refresh;
 * - the *checks* loop uses the access token only, so a slow refresh never delays the truth;
 * - the *record* loop writes the row and the timeline, the newest state at once and never an older one after it.
 *
 * What is due, and what an event makes of the connection, is pure code in `connection-life.ts`.
 */
export async function connectionWorkflow({ orgId, carried }: ConnectionStart): Promise<ConnectionSummary> {
  const restsOnlyWhenRead = wf.patched('2026-11-rest-only-when-read');
  const refreshing = { whileBroken: wf.patched('2026-11-refresh-while-broken') };
  const self = {
    life: carried?.life,
    intervals: carried?.intervals,
    /** Told before the life was read. */
    inbox: [...(carried?.inbox ?? [])],
    /** A new authorization waits to be taken over. */
    authorized: carried?.authorized ?? false,
    /** The row has other credentials than the life knows. */
    isStale: false,
    isRefreshing: false,
    /** What is known is being replaced. */
    isReading: false,
    /** Grants of a disconnected org that are being revoked. */
    revoking: 0,
    /** There is no connection of this org. */
    isOver: false,
    timeline: [] as TimelineAction[],
    /** How many changes there were, and how many of them the row has. */
    changes: 0,
    recorded: 0,
  };

  const note = (event: ConnectionEvent): void => {
    if (self.life === undefined || self.intervals === undefined) {
      self.inbox.push(event);
      return;
    }
    const before = self.life;
    self.life = live(before, event, { nowMs: Date.now(), random: Math.random(), intervals: self.intervals });
    const timeline = timelineOf(before, self.life);
    self.timeline.push(...timeline);
    const isSeen = JSON.stringify(row(before)) !== JSON.stringify(row(self.life));
    if (isSeen || timeline.length > 0) self.changes += 1;
  };
  const isEnded = (): boolean => self.isOver || self.life?.state === 'disconnected';
  const summary = (): ConnectionSummary =>
    self.life
      ? { state: self.life.state, cause: self.life.cause, version: self.life.version }
      : { state: 'disconnected', cause: null, version: 0 };
  const nextRefreshAtMs = (life: ConnectionLife): number | undefined =>
    self.intervals && refreshDueAtMs(life, self.intervals, refreshing);
  const row = (life: ConnectionLife) => rowOf(life, nextRefreshAtMs(life));
  const isRecorded = (): boolean => self.recorded >= self.changes;

  wf.setHandler(authorizedSignal, () => {
    self.authorized = true;
  });
  wf.setHandler(tokenRejectedSignal, ({ version }) => note({ type: 'tokenRejected', version }));
  wf.setHandler(tokenDoubtedSignal, ({ version }) => note({ type: 'tokenDoubted', version }));
  wf.setHandler(grantRevokedSignal, () => note({ type: 'grantRevoked' }));
  wf.setHandler(getConnectionQuery, summary);

  wf.setHandler(checkNowUpdate, async ({ thorough } = { thorough: false }) => {
    const { life, intervals } = await begun();
    if (!life || !intervals || isEnded() || isLost(life)) return summary();
    const { lastCheckedAtMs, rightsCheckedAtMs, ended } = life;
    const lastAtMs = thorough ? Math.min(rightsCheckedAtMs, lastCheckedAtMs ?? 0) : lastCheckedAtMs;
    if (lastAtMs !== null && Date.now() - lastAtMs < intervals.checkNowEveryMs) return summary();
    note({ type: 'checkAsked', thorough });
    await wf.condition(
      () => isEnded() || (self.life !== undefined && isAnswered(self.life, ended, intervals) && isRecorded()),
      answerWithin,
    );
    return summary();
  });

  wf.setHandler(refreshNowUpdate, async (): Promise<RefreshSummary> => {
    const { life } = await begun();
    if (!life || isEnded() || isLost(life)) return { ...summary(), outcome: 'not-connected' };
    if (isAwaitingRefusal(life)) return { ...summary(), outcome: 'uncertain' };
    const { refreshes } = life.ended;
    note({ type: 'refreshAsked' });
    const answered = await wf.condition(
      () => isEnded() || (self.life !== undefined && self.life.ended.refreshes > refreshes && isRecorded()),
      answerWithin,
    );
    return { ...summary(), outcome: answered ? (self.life ?? life).lastRefresh : 'trouble' };
  });

  wf.setHandler(disconnectUpdate, async () => {
    const { life } = await begun();
    if (!life || isEnded()) return summary();
    note({ type: 'disconnectAsked' });
    await wf.condition(() => isEnded() || self.life?.asked.disconnect === false);
    return summary();
  });

  async function begun() {
    await wf.condition(() => self.isOver || self.life !== undefined);
    return { life: self.life, intervals: self.intervals };
  }

  /** Reads the row: at the start, and when new credentials are there. */
  async function read(): Promise<void> {
    const { authorized } = self;
    self.authorized = false;
    self.isStale = false;
    self.isReading = restsOnlyWhenRead;
    const { facts, intervals } = await readConnection(orgId);
    self.isReading = false;
    self.intervals = intervals;
    self.isOver = facts === null;
    if (facts === null) return;
    const isKnown =
      self.life?.version === facts.version &&
      self.life.connectionId === facts.connectionId &&
      self.life.state !== 'disconnected';
    if (isKnown) return;
    const isToEnd = self.life?.asked.disconnect === true;
    self.life = begin(facts, { nowMs: Date.now(), authorized });
    if (isToEnd) note({ type: 'disconnectAsked' });
    for (const event of self.inbox.splice(0)) note(event);
  }

  const mustLeave = (): boolean => {
    const { historyLength, continueAsNewSuggested } = wf.workflowInfo();
    const isLong = continueAsNewSuggested || historyLength >= (self.intervals?.historyEvents ?? Infinity);
    return isLong && self.revoking === 0 && wf.allHandlersFinished();
  };
  /** The loops come to rest: at the end, and before continuing as new. Whoever waits for an answer gets it first. */
  const isResting = (): boolean => (isEnded() && !self.authorized && !self.isReading) || mustLeave();

  /** Waits until `dueAtMs()` has come or has become another moment. */
  async function untilDue(dueAtMs: () => number): Promise<boolean> {
    const planned = dueAtMs();
    const waitMs = planned - Date.now();
    if (waitMs <= 0) return true;
    const changed = (): boolean => isResting() || dueAtMs() !== planned;
    if (planned === Infinity) await wf.condition(changed);
    else if (!(await wf.condition(changed, waitMs))) return true;
    return false;
  }

  async function changeCredentials(): Promise<void> {
    const nextAtMs = (): number => {
      if (self.authorized || self.isStale || self.life?.asked.disconnect === true) return 0;
      return (self.life && nextRefreshAtMs(self.life)) ?? Infinity;
    };
    while (!isResting()) {
      if (!(await untilDue(nextAtMs))) continue;
      if (self.authorized || self.isStale) await read();
      else if (self.life?.asked.disconnect === true) await disconnect(self.life);
      else if (self.life) await refresh(self.life);
    }
  }

  async function refresh({ version, token, uncertain }: ConnectionLife): Promise<void> {
    note({ type: 'refreshBegun' });
    self.isRefreshing = true;
    const attempt = attemptRefresh({
      orgId,
      version,
      resend: token.refused,
      endedAttempt: uncertain?.attempt ?? null,
    });
    if (wf.patched('2026-11-show-slow-refresh')) void tellIfSlow(attempt);
    const outcome = await attempt;
    self.isRefreshing = false;
    if (typeof outcome !== 'string' && outcome.kind === 'superseded') self.isStale = true;
    else note(toEvent(outcome));
  }

  /** Lookups wait from the moment at which the access token is refused, be that before the refresh or in the middle of it. */
  async function tellIfSlow(attempt: Promise<unknown>): Promise<void> {
    const refresh = { isOver: false };
    const end = () => {
      refresh.isOver = true;
    };
    void attempt.then(end, end);
    await wf.condition(() => refresh.isOver || self.life?.token.refused === true);
    if (refresh.isOver) return;
    if (!(await wf.condition(() => refresh.isOver, slowAfter))) note({ type: 'refreshSlow' });
  }

  async function disconnect({ connectionId, version }: ConnectionLife): Promise<void> {
    const sealed = await sealGrant(orgId, version);
    if (!(await endConnection({ orgId, connectionId, version }))) {
      // Other credentials are there by now: these are the ones to end.
      self.isStale = true;
      return;
    }
    note({ type: 'disconnected' });
    if (sealed !== null) void revoke(sealed);
  }

  /** Beside everything else: the org may be connected again long before Salesforce confirms. */
  async function revoke(sealed: string): Promise<void> {
    self.revoking += 1;
    try {
      await revokeSealedGrant(orgId, sealed);
    } catch (error) {
      if (wf.isCancellation(error)) throw error;
      wf.log.warn('the grant of a disconnected org could not be revoked within a day');
    } finally {
      self.revoking -= 1;
    }
  }

  async function keepChecking(): Promise<void> {
    const next = () => (self.life && self.intervals ? checkDue(self.life, Date.now(), self.intervals) : undefined);
    while (!isResting()) {
      if (!(await untilDue(() => next()?.atMs ?? Infinity))) continue;
      const due = next();
      if (!due || !self.life) continue;
      note({ type: 'checkBegun' });
      const { outcome, intervals } = await checkConnection({ orgId, version: self.life.version, depth: due.depth });
      self.intervals = intervals;
      switch (outcome.kind) {
        case 'passed':
          note({ ...outcome, type: 'checkPassed', depth: due.depth });
          break;
        case 'refused':
          note({ ...outcome, type: 'checkRefused' });
          break;
        case 'failed':
          note({ ...outcome, type: 'checkFailed' });
          break;
        case 'no-credentials':
          self.isStale = true;
          break;
      }
      // Credentials that nobody told of; a refresh under way tells of its own.
      if (outcome.kind !== 'no-credentials' && outcome.version > self.life.version && !self.isRefreshing) {
        self.isStale = true;
      }
    }
  }

  async function keepRecording(): Promise<void> {
    for (;;) {
      await wf.condition(() => !isRecorded());
      const { changes, life } = self;
      if (!life || !self.intervals) return;
      const timeline = self.timeline.splice(0);
      wf.setCurrentDetails(describe(orgId, life));
      await recordConnection({
        orgId,
        connectionId: life.connectionId,
        version: life.version,
        knownAtMs: Date.now(),
        row: row(life),
        timeline,
      });
      self.recorded = changes;
    }
  }

  if (self.life === undefined) await read();
  void keepRecording();
  do {
    await Promise.all([changeCredentials(), keepChecking()]);
    await wf.condition(() => !isResting() || (isRecorded() && self.revoking === 0 && wf.allHandlersFinished()));
  } while (!isResting());

  if (isEnded() || self.life === undefined || self.intervals === undefined) return summary();
  return wf.continueAsNew<typeof connectionWorkflow>({
    orgId,
    carried: { life: self.life, intervals: self.intervals, authorized: self.authorized, inbox: self.inbox },
  });
}

/** What the page reads. */
const rowOf = (life: ConnectionLife, nextRefreshAtMs: number | undefined): ConnectionRecord['row'] => ({
  state: life.state,
  sinceMs: life.sinceMs,
  cause: life.cause,
  causeDetail: life.detail,
  lastCheckedAtMs: life.lastCheckedAtMs,
  lastRefreshedAtMs: life.lastRefreshedAtMs,
  nextRefreshAtMs: nextRefreshAtMs ?? null,
  apiUsage: life.apiUsage,
  observed: { ...life.observed, refreshUncertain: life.uncertain !== null },
  disconnecting: life.asked.disconnect,
});

/**
 * Whether whoever asked for a check when so many had ended has an answer: one that failed by its token is none before the refresh, nor is
 * a refresh that succeeded before its check.
 */
function isAnswered(life: ConnectionLife, before: ConnectionLife['ended'], intervals: ConnectionIntervals): boolean {
  const { checks, refreshes } = life.ended;
  const nowMs = Date.now();
  if ((checkDue(life, nowMs, intervals)?.atMs ?? Infinity) <= nowMs) return false;
  return refreshes > before.refreshes || (checks > before.checks && !life.token.refused);
}

/** One attempt, whose process may die: then nobody knows whether the refresh token was sent. */
async function attemptRefresh(request: RefreshRequest): Promise<RefreshOutcome | 'postponed' | 'lost'> {
  try {
    return await refreshCredentials(request);
  } catch (error) {
    if (wf.isCancellation(error)) throw error;
    // What the activity throws itself, it throws before anything is sent.
    const isThrown = error instanceof wf.ActivityFailure && error.cause instanceof wf.ApplicationFailure;
    return isThrown ? 'postponed' : 'lost';
  }
}

function toEvent(outcome: Exclude<RefreshOutcome, { kind: 'superseded' }> | 'postponed' | 'lost'): ConnectionEvent {
  if (outcome === 'postponed') return { type: 'refreshPostponed' };
  if (outcome === 'lost') return { type: 'refreshUnknown', cause: 'refresh-uncertain', detail: {}, attempt: null };
  switch (outcome.kind) {
    case 'refreshed':
      return { ...outcome, type: 'refreshed' };
    case 'refused':
      return { ...outcome, type: 'refreshRefused' };
    case 'did-not-happen':
      return { ...outcome, type: 'refreshDidNotHappen' };
    case 'unknown':
      return { ...outcome, type: 'refreshUnknown' };
    case 'busy':
      return { ...outcome, type: 'refreshBusy' };
  }
}

/** For operators, in the Temporal UI. */
const describe = (orgId: string, { state, sinceMs, cause, version, uncertain }: ConnectionLife): string =>
  [
    `org ${orgId}`,
    `**${state}** since ${new Date(sinceMs).toISOString()}`,
    ...(cause === null ? [] : [`cause: ${cause}`]),
    `credentials version ${version}`,
    ...(uncertain === null ? [] : ['a refresh has an unknown outcome']),
  ].join(' · ');
