import type { DialingRules } from '../domain/dialing-rules.ts';
import type { Finding, LookupStep } from '../domain/lookup.ts';
import type { ReadNumber } from '../phone-numbers/read-number.ts';
import type { SalesforceFailure, SalesforceSession } from '../ports.ts';

export interface FindRecordRequest {
  /** As `readNumber` read it; only a number is searched for, anything else is a miss without a call to Salesforce. */
  readonly number: ReadNumber;
  readonly rules: DialingRules;
  /** In the administrator's order: the first step with a match wins. */
  readonly steps: readonly LookupStep[];
  readonly session: SalesforceSession;
  /** Ends every call to Salesforce. */
  readonly signal: AbortSignal;
  /** Told of each step as it happens, so that a listener can put its own clock to it. */
  readonly observe?: (event: FindRecordEvent) => void;
}

export type FindRecordOutcome =
  | {
      readonly ok: true;
      readonly finding: Finding;
      readonly apiUsage: { readonly used: number; readonly max: number } | undefined;
    }
  | { readonly ok: false; readonly failure: SalesforceFailure };

/** What the test box shows. Carries numbers and names: never logged, never recorded. */
export type FindRecordEvent =
  | { readonly kind: 'asking'; readonly call: 'exact' | 'digits'; readonly queries: readonly string[] }
  | { readonly kind: 'answered'; readonly call: 'exact' | 'digits'; readonly rows: number }
  | {
      readonly kind: 'judged';
      readonly object: string;
      readonly recordId: string;
      /** Position of the step that asked. */
      readonly step: number;
      readonly verdict: 'winner' | 'also-matches' | 'matches-main-number' | 'later-step' | 'other-number';
    };

export type FindRecord = (request: FindRecordRequest) => Promise<FindRecordOutcome>;

/** The finding for what cannot be searched for; undefined for a number. */
export type FindWithoutSearch = (number: ReadNumber) => Finding | undefined;
