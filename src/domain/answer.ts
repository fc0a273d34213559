import { troubleReasons } from './lookup.ts';
import type {
  Answer,
  AnswerReason,
  Finding,
  LookupDefinition,
  LookupRun,
  LookupService,
  Pbx,
  Refused,
} from './lookup.ts';

/** What a finding means for the caller: its extension, else the lookup's fallback for the reason, its other one, or the phone system's. */
export function toAnswer(
  finding: Finding,
  context: {
    readonly runId: string;
    readonly service: LookupService;
    readonly lookup: Pick<LookupDefinition, 'fallbacks' | 'fallbackExtension'>;
    readonly pbx: Pick<Pbx, 'fallbackExtension'>;
    readonly ms: number;
  },
): Answer {
  const { runId, service, lookup, pbx, ms } = context;
  const { reason, matches } = finding;
  const extension = finding.extension ?? lookup.fallbacks[reason] ?? lookup.fallbackExtension ?? pbx.fallbackExtension;
  return {
    runId,
    reason,
    ...(finding.refused?.step !== undefined && { detail: 'lookup-broken' as const }),
    matches,
    extension: service === 'extension' ? extension : undefined,
    fields: service === 'data' ? (finding.fields ?? {}) : {},
    ms,
  };
}

/** What of an answer is kept: the values of its fields are personal, so that only their number is. */
export const toldIn = (
  { reason, extension, fields, matches, ms }: Answer,
  service: LookupService | undefined,
): LookupRun['answer'] => ({
  reason,
  extension,
  matches,
  ms,
  ...(service === 'data' && { fields: Object.keys(fields).length }),
});

/** Ids and outcomes are kept; values of records are personal and are not. */
export const withoutFields = ({ reason, matches, extension, recordId, object, refused }: Finding): Finding => ({
  reason,
  matches,
  ...(extension !== undefined && { extension }),
  ...(recordId !== undefined && { recordId }),
  ...(object !== undefined && { object }),
  ...(refused !== undefined && { refused }),
});

/** A finding about which Salesforce could not be asked. */
export const trouble = (reason: AnswerReason, refused?: Refused): Finding => ({
  reason,
  matches: 0,
  ...(refused && { refused }),
});

/** True when trouble kept us from learning what Salesforce says. A refusal that will be the same again is what it says. */
export const isTrouble = ({ reason, refused }: Finding): boolean => troubleReasons.has(reason) && refused === undefined;

/** True when the org id in a URL (15 or 18 characters, in any case) names this org. */
export function isSameOrg(given: string, orgId: string): boolean {
  return (
    (given.length === 15 || given.length === 18) && given.toLowerCase() === orgId.slice(0, given.length).toLowerCase()
  );
}
