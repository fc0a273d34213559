import { setTimeout as sleep } from 'node:timers/promises';
import { isSameOrg } from '../domain/answer.ts';
import type { DialingRules } from '../domain/dialing-rules.ts';
import { toTripletId, type OrgId } from '../domain/ids.ts';
import type { Answer, LookupDefinition, LookupService, Pbx, Question } from '../domain/lookup.ts';
import { AppError } from '../errors.ts';
import type { ReadNumber } from '../phone-numbers/read-number.ts';
import type { PhoneDirectory } from '../ports.ts';
import { unknownPbx } from './authenticate-pbx.ts';
import type { LookupCalls } from './lookup-calls.ts';
import type { PbxLimiter } from './pbx-limiter.ts';
import { readQuestion } from './read-question.ts';

/** How long news of another org is waited for; half of the deadline where that is less, so that Salesforce still has the other half. */
const confirmLimitMs = 500;

export interface AskLookupRequest {
  readonly service: LookupService;
  readonly pbx: Pbx;
  /** As the URL has it: 15 or 18 characters, in any case. */
  readonly orgId: string;
  /** As sent; the phone system's default when absent. */
  readonly lookupId: string | undefined;
  /** A member that is present but empty was sent empty: the caller withheld the number. */
  readonly question: Question;
  readonly arrivedAtMs: number;
}

export type AskLookup = (request: AskLookupRequest) => Promise<Answer>;

/**
 * Whose extension should ring for a call, or what is known of it. Answers before the phone system's deadline, whatever happens at
 * Salesforce. Throws `REQUEST_INVALID`, `PBX_NOT_FOUND` (the org is not this phone system's), `LOOKUP_NOT_FOUND`, `LOOKUP_WRONG_KIND`,
 * `TOO_MANY_REQUESTS`.
 *
 * An IVR lookup answers both services, since what a caller keyed in may lead to either; it is the default where something was keyed in
 * and the phone system has one.
 */
export function createAskLookup(dependencies: {
  readonly directory: Pick<PhoneDirectory, 'connection' | 'confirm' | 'lookup' | 'dialingRules'>;
  readonly calls: Pick<LookupCalls, 'answer'>;
  readonly limiter: PbxLimiter;
  readonly readNumber: (sent: string, rules: DialingRules) => ReadNumber;
}): AskLookup {
  const { directory, calls, limiter, readNumber } = dependencies;

  return async ({ service, pbx, orgId, lookupId, question, arrivedAtMs }) => {
    const connectedOrgId = mayBeOrgOf(pbx, orgId) ? connectedOrg(pbx) : await confirmedOrg(pbx, orgId);
    const { callerId, calledId, ivrId } = question;
    if (callerId === undefined && calledId === undefined && ivrId === undefined) {
      throw new AppError('REQUEST_INVALID', 'At least one of callerid, calledid and ivrid is required.');
    }
    const rules = directory.dialingRules(pbx);
    const beganAtMs = performance.now();
    const read = readQuestion(question, (sent) => readNumber(sent, rules));
    const readMs = performance.now() - beganAtMs;
    const lookup = lookupOf(service, pbx, lookupId, read.ivr !== undefined);
    const leave = limiter.enter(pbx);
    try {
      return await calls.answer({
        service,
        pbx,
        lookup,
        orgId: connectedOrgId,
        question,
        read,
        readMs,
        rules,
        arrivedAtMs,
      });
    } finally {
      leave();
    }
  };

  /** The org connected; undefined where none ever was, which the answer says: there is nothing to compare the URL with. */
  function connectedOrg(pbx: Pbx): OrgId | undefined {
    return directory.connection(pbx.accountId)?.orgId;
  }

  function mayBeOrgOf(pbx: Pbx, given: string): boolean {
    const orgId = connectedOrg(pbx);
    return orgId === undefined || isSameOrg(given, orgId);
  }

  /** The account may have taken another org a moment ago, and the phone system its new URL. A database that is away changes nothing. */
  async function confirmedOrg(pbx: Pbx, given: string): Promise<OrgId | undefined> {
    const limitMs = Math.min(confirmLimitMs, pbx.deadlineMs / 2);
    await Promise.race([directory.confirm(pbx.accountId).catch(() => undefined), sleep(limitMs)]);
    if (!mayBeOrgOf(pbx, given)) throw unknownPbx();
    return connectedOrg(pbx);
  }

  function lookupOf(
    service: LookupService,
    pbx: Pbx,
    given: string | undefined,
    wasKeyedIn: boolean,
  ): LookupDefinition {
    const id = given === undefined || given === '' ? defaultLookupId(service, pbx, wasKeyedIn) : toTripletId(given);
    const lookup = id === undefined ? undefined : directory.lookup(id);
    if (lookup?.accountId !== pbx.accountId) {
      throw new AppError('LOOKUP_NOT_FOUND', 'There is no lookup with this id among yours.');
    }
    if (lookup.kind !== service && lookup.kind !== 'ivr') {
      throw new AppError(
        'LOOKUP_WRONG_KIND',
        `This lookup is of the kind ${lookup.kind}; ${service === 'data' ? 'a data' : 'an extension'} lookup is needed.`,
      );
    }
    return lookup;
  }
}

/** The lookup that a phone system uses when it names none. */
function defaultLookupId(service: LookupService, pbx: Pbx, wasKeyedIn: boolean): string {
  const id =
    (wasKeyedIn ? pbx.defaultIvrLookupId : undefined) ??
    (service === 'data' ? pbx.defaultDataLookupId : pbx.defaultExtensionLookupId);
  if (id === undefined) {
    throw new AppError(
      'LOOKUP_NOT_FOUND',
      `This phone system has no default ${service} lookup: name one by lookupid, or choose a default.`,
    );
  }
  return id;
}
