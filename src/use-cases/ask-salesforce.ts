import { setTimeout as sleep } from 'node:timers/promises';
import { trouble } from '../domain/answer.ts';
import { causeClass, isActive } from '../domain/connection.ts';
import type { DialingRules } from '../domain/dialing-rules.ts';
import type { OrgId, PbxId } from '../domain/ids.ts';
import type { Finding, LookupStep } from '../domain/lookup.ts';
import type { Logger } from '../logger.ts';
import type { ConnectionEngine, Credentials, PhoneDirectory, SalesforceFailure } from '../ports.ts';
import { refusedBy, type FindRecord, type FindRecordEvent, type FindRecordOutcome } from './find-record.ts';
import type { OrgGate } from './org-gate.ts';
import type { ReadQuestion } from './read-question.ts';

const attempts = 3;
const firstPauseMs = 50;
/** A database that is away must not keep the connection from hearing that its token was refused. */
const rereadLimitMs = 250;
/** Nor the caller waiting for a fallback. */
const confirmLimitMs = 500;
/** Longer than a check counts as new, so that one that was not made for that is asked for again. */
const checkEveryMs = 15_000;

export interface SalesforceQuestion {
  /** Whose turn it takes where many wait. */
  readonly pbxId: PbxId;
  readonly accountId: string;
  readonly question: ReadQuestion;
  readonly rules: DialingRules;
  readonly steps: readonly LookupStep[];
  /** Told of what is asked and found; see `FindRecordRequest`. */
  readonly observe?: (event: FindRecordEvent) => void;
}

/** Resolves when Salesforce has answered, or when `signal` ends the asking; rejects only by a bug of ours. */
export type AskSalesforce = (question: SalesforceQuestion, signal: AbortSignal) => Promise<Finding>;

/**
 * Asks Salesforce until it answers, three attempts have failed, or `signal` ends. What is under way at that moment gives the
 * reason: a call, `salesforce-slow`; the pause after a failed one, that one's; the wait for a new access token or for its turn,
 * `deadline`.
 *
 * Where no connection or credentials are known that can be used, the database is asked before the answer says so: the page may have
 * told of a connection a moment before this process heard of it.
 *
 * An access token that is refused is asked about in the database; unless another process has a newer one already, the connection
 * is told, once per process and version. The lookup waits for a version above it and tries once more. A refusal that only an
 * administrator can mend, like an API that was switched off, has the connection checked at once, instead of at its next turn.
 */
export function createAskSalesforce(dependencies: {
  readonly directory: Pick<
    PhoneDirectory,
    'connection' | 'credentials' | 'extensions' | 'reread' | 'confirm' | 'waitForVersionAbove'
  >;
  readonly findRecord: FindRecord;
  readonly gate: OrgGate;
  readonly engine: Pick<ConnectionEngine, 'tokenRejected' | 'checkNow'>;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
}): AskSalesforce {
  const { directory, findRecord, gate, engine, logger } = dependencies;
  /** The access token of an org that the connection was told about last; a version alone starts anew after a disconnect. */
  const told = new Map<OrgId, string>();
  /** When the connection of an org was last asked to check itself. */
  const checkAskedAtMs = new Map<OrgId, number>();

  return async (question, signal) => {
    let credentials = usable(question.accountId) ?? (await confirmed(question.accountId, signal));
    if (!credentials) return trouble('not-connected');

    const isOver = () => signal.aborted;
    let refused = false;
    for (let failed = 0; ;) {
      if (isOver()) return trouble('deadline');
      const entering = gate.enter(credentials.orgId, question.pbxId, signal);
      const admission = entering instanceof Promise ? await entering : entering; // nobody waits for what is there
      if (admission.kind === 'used-up') return trouble('quota');
      if (admission.kind === 'over') return trouble('deadline');
      let outcome: FindRecordOutcome | undefined;
      try {
        outcome = await find(question, credentials, signal);
      } finally {
        admission.leave(outcome?.ok === true ? outcome.apiUsage : undefined);
      }
      if (outcome === undefined) return trouble('salesforce-slow');
      if (outcome.ok) return outcome.finding;
      const { failure } = outcome;
      if (failure.kind === 'token') {
        if (refused) return trouble('not-connected');
        refused = true;
        credentials = await newerCredentials(credentials, signal);
        if (!credentials) return trouble(isOver() ? 'deadline' : 'not-connected');
        continue;
      }
      if (causeClass(failure.cause) === 'permanent') askForCheck(credentials.orgId);
      failed += 1;
      const reason = causeClass(failure.cause) === 'limit' ? 'quota' : 'salesforce-error';
      if (!failure.retryable || failed === attempts) return trouble(reason, refusedBy(outcome));
      await sleep(firstPauseMs * 2 ** (failed - 1), undefined, { signal }).catch(() => undefined);
      if (isOver()) return trouble(reason);
    }
  };

  function usable(accountId: string): Credentials | undefined {
    const connection = directory.connection(accountId);
    return connection && isActive(connection.state) ? directory.credentials(connection.orgId) : undefined;
  }

  async function confirmed(accountId: string, signal: AbortSignal): Promise<Credentials | undefined> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(confirmLimitMs)]);
    await untilAborted(directory.confirm(accountId), limit, () => undefined);
    return usable(accountId);
  }

  /** Undefined when the signal ends it. */
  function find(
    { accountId, question, rules, steps, observe }: SalesforceQuestion,
    { orgId, instanceUrl, accessToken, version }: Credentials,
    signal: AbortSignal,
  ): Promise<FindRecordOutcome | undefined> {
    const finding = findRecord({
      question,
      rules,
      steps,
      extensions: directory.extensions(accountId),
      session: { orgId, instanceUrl, accessToken, version },
      signal,
      ...(observe && { observe }),
    });
    // An error here is a bug of ours; the caller gets the fallback all the same.
    return untilAborted(finding, signal, (error) => {
      if (!signal.aborted) logger.error({ err: error, orgId }, 'searching for a record failed');
      return { ok: false, failure: bug };
    });
  }

  async function newerCredentials(refused: Credentials, signal: AbortSignal): Promise<Credentials | undefined> {
    const { orgId, version } = refused;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(rereadLimitMs)]);
    const reread = await untilAborted(directory.reread(orgId), limit, () => undefined);
    if (reread && reread.version > version) return reread;
    tellOnce(refused);
    return (await directory.waitForVersionAbove(orgId, version, signal)) ? directory.credentials(orgId) : undefined;
  }

  function tellOnce({ orgId, version, issuedAtMs }: Credentials): void {
    const token = `${version} ${issuedAtMs}`;
    if (told.get(orgId) === token) return;
    told.set(orgId, token);
    engine.tokenRejected(orgId, version).catch((error: unknown) => {
      // The next lookup that is refused tells it again.
      if (told.get(orgId) === token) told.delete(orgId);
      logger.warn({ err: error, orgId, version }, 'the connection could not be told that its token was refused');
    });
  }

  function askForCheck(orgId: OrgId): void {
    const nowMs = performance.now();
    if (nowMs - (checkAskedAtMs.get(orgId) ?? -Infinity) < checkEveryMs) return;
    checkAskedAtMs.set(orgId, nowMs);
    engine.checkNow(orgId).catch((error: unknown) => {
      logger.warn({ err: error, orgId }, 'the connection could not be asked to check itself');
    });
  }
}

const bug: SalesforceFailure = { kind: 'failure', cause: 'salesforce-error', answer: 'bug', retryable: false };

/**
 * What the promise gives, or what its error comes to; undefined when the signal ends first, and then the promise is left alone. The signal
 * is that of one question and goes with it, or with its time limit, and with the signal who listens to it.
 */
function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  whenRejected: (error: unknown) => T,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const end = () => resolve(undefined);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    void promise.then(resolve, (error: unknown) => resolve(whenRejected(error)));
  });
}
