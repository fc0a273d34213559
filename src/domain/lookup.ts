import type { LookupId, OrgId, PbxId } from './ids.ts';
import type { LookupStep } from './lookup-step.ts';
import type { LookupTrace } from './lookup-trace.ts';

export type { LookupStep } from './lookup-step.ts';

/** Every reason an answer can have; the same words in the header, the log, the metrics and the README. */
export const answerReasons = [
  'matched',
  'matched-several',
  'no-match',
  'withheld',
  'invalid-number',
  'no-extension',
  'owner-inactive',
  'not-connected',
  'salesforce-slow',
  'salesforce-error',
  'quota',
  'deadline',
] as const;
export type AnswerReason = (typeof answerReasons)[number];

/** Reasons that Salesforce's own data gave: these are repeated for five seconds, the others never. */
export const repeatableReasons: ReadonlySet<AnswerReason> = new Set([
  'matched',
  'matched-several',
  'no-match',
  'no-extension',
  'owner-inactive',
]);

/** Reasons that trouble forced: the workflow goes on asking after the answer. */
export const troubleReasons: ReadonlySet<AnswerReason> = new Set([
  'not-connected',
  'salesforce-slow',
  'salesforce-error',
  'quota',
  'deadline',
]);

/** What a phone system asks for: an extension to ring, or data of the record. */
export const lookupServices = ['extension', 'data'] as const;
export type LookupService = (typeof lookupServices)[number];

export const lookupKinds = ['extension', 'data', 'ivr'] as const;
export type LookupKind = (typeof lookupKinds)[number];

/** What the phone system sent, as it sent it. At least one is given; an empty `callerId` says that the caller withheld the number. */
export interface Question {
  readonly callerId?: string;
  readonly calledId?: string;
  readonly ivrId?: string;
}

/** What Salesforce said about a question. `fields` are a data lookup's values. */
export interface Finding {
  readonly reason: AnswerReason;
  readonly matches: number;
  readonly extension?: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Id and object of the record that won. */
  readonly recordId?: string;
  readonly object?: string;
  /** With `salesforce-error` it is why; with any other reason, a step that took no part. */
  readonly refused?: Refused;
}

/** What Salesforce refuses and would refuse again, so that asking on is of no use. */
export interface Refused {
  /** Its code or one of ours, never its message. */
  readonly answer: string;
  /** Position of the step that cannot be asked as it is set up: the lookup has broken. Absent where it is about none. */
  readonly step?: number;
}

/** What the phone system was told. */
export interface Answer {
  readonly runId: string;
  readonly reason: AnswerReason;
  /** Beside the reason: a step of the lookup cannot be asked. */
  readonly detail?: 'lookup-broken';
  readonly matches: number;
  /** The extension to ring: found, or the fallback; undefined when there is none. */
  readonly extension: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
  /** From the question's arrival, by the server's own clock. */
  readonly ms: number;
}

/** Why a definition cannot work as it stands, at which part of which step. */
export interface DefinitionProblem {
  /** Position of the step, from 0; undefined for the definition as a whole. */
  readonly step: number | undefined;
  readonly part:
    'name' | 'steps' | 'object' | 'fields' | 'search' | 'filters' | 'order' | 'extension' | 'returns' | 'fallbacks';
  /** Position within `fields`, `filters`, `order` or `returns`. */
  readonly position: number | undefined;
  readonly problem: DefinitionFault;
  /** The field or object that it is about. */
  readonly subject: string | undefined;
}

export const definitionFaults = [
  'missing',
  'too-long',
  'too-many',
  'invisible',
  'not-a-name',
  'name-taken',
  /** Not in the org any more, or hidden from the connected user: Salesforce does not tell the two apart. */
  'gone',
  'not-searchable',
  'not-filterable',
  'not-sortable',
  'wrong-type',
  'wrong-operator',
  'wrong-value',
  'not-a-user',
  'no-owner',
  'does-not-apply',
] as const;
export type DefinitionFault = (typeof definitionFaults)[number];

export type Fallbacks = Readonly<Partial<Record<AnswerReason, string>>>;

export interface LookupDefinition {
  readonly id: LookupId;
  readonly accountId: string;
  readonly kind: LookupKind;
  readonly name: string;
  /** The first that yields an answer wins. */
  readonly steps: readonly LookupStep[];
  /** The extension for a reason; `fallbackExtension` for those not named, and then the phone system's. */
  readonly fallbacks: Fallbacks;
  readonly fallbackExtension: string | undefined;
  /** What the last check against the org found; empty when all is well. */
  readonly problems: readonly DefinitionProblem[];
  readonly checkedAtMs: number | undefined;
  readonly version: number;
}

/** How much a phone system may ask. */
export interface PbxLimits {
  readonly perSecond: number;
  /** How many at once after a quiet moment. */
  readonly burst: number;
  readonly inFlight: number;
}
export const defaultPbxLimits: PbxLimits = { perSecond: 50, burst: 100, inFlight: 200 };

/** A phone system as the administrator set it up. */
export interface Pbx {
  readonly id: PbxId;
  readonly accountId: string;
  readonly name: string;
  /** ISO 3166-1 alpha-2; national numbers are read as of this country. */
  readonly country: string;
  readonly fallbackExtension: string | undefined;
  readonly deadlineMs: number;
  readonly answerFormat: AnswerFormat;
  /** 404 instead of an empty 200 when nothing was found and no fallback applies. */
  readonly notFoundOnMiss: boolean;
  readonly defaultExtensionLookupId: LookupId;
  readonly defaultDataLookupId: LookupId | undefined;
  readonly defaultIvrLookupId: LookupId | undefined;
  /** Its set of dialing rules; undefined: those of its country. */
  readonly dialingRulesId: string | undefined;
  readonly limits: PbxLimits;
  readonly version: number;
}

export const answerFormats = ['text', 'json', 'xml', 'form'] as const;
export type AnswerFormat = (typeof answerFormats)[number];

export const deadlineLimitsMs = { default: 1_500, min: 300, max: 7_000 } as const;

/** A lookup run as it is recorded. Times are epoch milliseconds; `question` is sealed where it is stored. */
export interface LookupRun {
  readonly id: string;
  readonly askedAtMs: number;
  readonly accountId: string;
  readonly pbxId: PbxId;
  readonly orgId: OrgId | undefined;
  readonly lookupId: LookupId;
  readonly lookupVersion: number;
  /** What was asked for; absent in runs of before this was kept. */
  readonly service?: LookupService | undefined;
  /** Asked from the test box, not by a phone system. */
  readonly isTest: boolean;
  readonly question: Question;
  /** The number that was searched for, as E.164; undefined when there was none. */
  readonly number: string | undefined;
  /** `unknown` when the process ended before it could tell what the caller was told. */
  readonly answer: {
    readonly reason: AnswerReason | 'unknown';
    readonly extension: string | undefined;
    /** How many fields it was told; absent where it asked for an extension. */
    readonly fields?: number | undefined;
    readonly matches: number;
    readonly ms: number | undefined;
  };
  /** What Salesforce said, maybe after the answer; undefined while that is not known. */
  readonly found: Finding | undefined;
  readonly foundAtMs: number | undefined;
  /** How the answer came about; sealed where it is stored. Lists of runs come without. */
  readonly trace?: LookupTrace | undefined;
  /** How `found` did, where it was asked for by itself. */
  readonly foundTrace?: LookupTrace | undefined;
  /** How many further identical questions got this answer. */
  readonly repeats: number;
}

/** A question that was asked, from the moment on that it is. */
export interface AskedLookup extends Omit<LookupStart, 'sealedQuestion'> {
  readonly question: Question;
  /** As in `LookupRun`. */
  readonly number: string | undefined;
}

/** The argument of `lookupWorkflow`: ids and times, and the question sealed. */
export interface LookupStart {
  readonly runId: string;
  readonly askedAtMs: number;
  readonly deadlineAtMs: number;
  readonly accountId: string;
  readonly pbxId: PbxId;
  readonly lookupId: LookupId;
  readonly lookupVersion: number;
  readonly orgId: OrgId | undefined;
  /** Absent in workflows that were started before it was told. */
  readonly service?: LookupService | undefined;
  readonly sealedQuestion: string;
}

/** What `lookupWorkflow` passes on between its steps: outcomes that the operator reads, and the rest sealed. */
export interface LookupOutcome {
  readonly reason: AnswerReason | 'unknown';
  readonly matches: number;
  /** Undefined when the process ended before it could tell. */
  readonly ms: number | undefined;
  /** What Salesforce said; undefined while that is not known. */
  readonly found: AnswerReason | undefined;
  readonly foundAtMs: number | undefined;
  /** The extension told and the finding, sealed for the run; undefined when there is neither. */
  readonly sealedDetail: string | undefined;
}

/** What joining a call came to; without `isRecorded` the workflow goes on writing. */
export interface JoinedLookup extends LookupOutcome {
  readonly isRecorded: boolean;
}

/** What Salesforce said after the answer. */
export interface LaterFinding {
  readonly found: AnswerReason;
  readonly foundAtMs: number;
  readonly sealedDetail: string;
}
