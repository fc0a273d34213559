import { isSameOrg } from '../domain/answer.ts';
import type { DialingRules } from '../domain/dialing-rules.ts';
import { toTripletId, type OrgId } from '../domain/ids.ts';
import type { Answer, LookupDefinition, Pbx, Question } from '../domain/lookup.ts';
import { AppError } from '../errors.ts';
import type { ReadNumber } from '../phone-numbers/read-number.ts';
import type { PhoneDirectory } from '../ports.ts';
import { unknownPbx } from './authenticate-pbx.ts';
import type { LookupCalls } from './lookup-calls.ts';

export interface ExtensionRequest {
  readonly pbx: Pbx;
  /** As the URL has it: 15 or 18 characters, in any case. */
  readonly orgId: string;
  /** As sent; the phone system's default when absent. */
  readonly lookupId: string | undefined;
  /** A member that is present but empty was sent empty: the caller withheld the number. */
  readonly question: Question;
  readonly arrivedAtMs: number;
}

export type AskExtension = (request: ExtensionRequest) => Promise<Answer>;

/**
 * Whose extension should ring for a call. Answers before the phone system's deadline, whatever happens at Salesforce. Throws
 * `REQUEST_INVALID`, `PBX_NOT_FOUND` (the org is not this phone system's), `LOOKUP_NOT_FOUND`, `LOOKUP_WRONG_KIND`.
 */
export function createAskExtension(dependencies: {
  readonly directory: Pick<PhoneDirectory, 'connection' | 'lookup'>;
  readonly calls: Pick<LookupCalls, 'answer'>;
  readonly readNumber: (sent: string, rules: DialingRules) => ReadNumber;
  readonly dialingRules: (country: string) => DialingRules;
}): AskExtension {
  const { directory, calls, readNumber, dialingRules } = dependencies;

  return async ({ pbx, orgId, lookupId, question, arrivedAtMs }) => {
    const connectedOrgId = orgOf(pbx, orgId);
    const lookup = lookupOf(pbx, lookupId);
    const { callerId, calledId, ivrId } = question;
    if (callerId === undefined && calledId === undefined && ivrId === undefined) {
      throw new AppError('REQUEST_INVALID', 'At least one of callerid, calledid and ivrid is required.');
    }
    const rules = dialingRules(pbx.country);
    const number = numberOf(question, (sent) => readNumber(sent, rules));
    return calls.answer({ pbx, lookup, orgId: connectedOrgId, question, number, rules, arrivedAtMs });
  };

  /** The org connected; undefined where none ever was, which the answer says: there is nothing to compare the URL with. */
  function orgOf(pbx: Pbx, given: string): OrgId | undefined {
    const connection = directory.connection(pbx.accountId);
    if (connection && !isSameOrg(given, connection.orgId)) throw unknownPbx();
    return connection?.orgId;
  }

  function lookupOf(pbx: Pbx, given: string | undefined): LookupDefinition {
    const id = given === undefined || given === '' ? pbx.defaultExtensionLookupId : toTripletId(given);
    const lookup = id === undefined ? undefined : directory.lookup(id);
    if (lookup?.accountId !== pbx.accountId) {
      throw new AppError('LOOKUP_NOT_FOUND', 'There is no lookup with this id among yours.');
    }
    if (lookup.kind !== 'extension') {
      throw new AppError(
        'LOOKUP_WRONG_KIND',
        `This lookup is of the kind ${lookup.kind}; an extension lookup is needed.`,
      );
    }
    return lookup;
  }
}

/** The number that a question is about: the caller's, else the one called. */
export const numberOf = ({ callerId, calledId }: Question, read: (sent: string) => ReadNumber): ReadNumber =>
  read((callerId === undefined || callerId === '' ? calledId : callerId) ?? '');
