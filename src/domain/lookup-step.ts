/*
 * What an administrator can say about a step of a lookup. Field names may lead over parents (`Account.Name`), by the names of the
 * relationships; object and field names are Salesforce's API names.
 */

/**
 * How a text is compared with a field: as a phone number (by its digits, in every notation), or exactly. `id`: of a record; Salesforce
 * refuses to compare a field of ids with anything else.
 */
export const comparedForms = ['phone', 'text', 'number', 'id'] as const;
export type ComparedForm = (typeof comparedForms)[number];
/** A fixed value is no phone number: one is found as a text. */
export const fixedForms = ['text', 'number', 'id'] as const;
export type FixedForm = (typeof fixedForms)[number];

/** What a step searches by. Callers' and called numbers are compared as phone numbers. */
export type StepSearch =
  | { readonly by: 'caller' }
  | { readonly by: 'called' }
  | {
      /** What the caller keyed in. */
      readonly by: 'ivr';
      readonly as: ComparedForm;
      /** Digits are completed with leading zeros to this length, since nobody keys in the zeros of a case number; 0: they are not. */
      readonly leadingZerosTo: number;
    }
  | { readonly by: 'fixed'; readonly value: string; readonly as: FixedForm };

/** Conditions that need no field: they know where to look. */
export const readyMadeConditions = ['active-owner', 'open-case', 'unconverted-lead'] as const;
export type ReadyMadeCondition = (typeof readyMadeConditions)[number];

export const filterOperators = [
  'equals',
  'not-equals',
  'less',
  'less-or-equal',
  'greater',
  'greater-or-equal',
  'contains',
  'starts-with',
  'is-empty',
  'is-not-empty',
] as const;
export type FilterOperator = (typeof filterOperators)[number];

/** How the value of a filter is written: it follows from the type of the field. */
export const filterTypes = ['text', 'number', 'boolean', 'date', 'datetime'] as const;
export type FilterType = (typeof filterTypes)[number];

export interface StepFilter {
  readonly field: string;
  readonly type: FilterType;
  readonly operator: FilterOperator;
  /** Of no matter for `is-empty` and `is-not-empty`. */
  readonly value: string;
}

export interface StepOrder {
  readonly field: string;
  readonly direction: 'ascending' | 'descending';
}

/** Whose extension. `field`: a lookup field to User, also a parent's: `OwnerId`, `Agent__c`, `Account.OwnerId`. */
export type UserSource =
  | { readonly is: 'field'; readonly field: string }
  | { readonly is: 'named'; readonly name: string }
  /** The user whose full name stands in a field of the record. */
  | { readonly is: 'named-in'; readonly field: string };

/** Where the extension comes from: a user's (the extension map first, then the field of the user), or a field of the record itself. */
export type ExtensionSource =
  | { readonly from: 'user'; readonly user: UserSource; readonly userField: string }
  | { readonly from: 'record'; readonly field: string };

export interface ReturnedField {
  readonly field: string;
  /** The name that the phone system reads it under. */
  readonly name: string;
  /** Told instead when the field is empty. */
  readonly empty: string;
}

/** One step of a lookup: by what and where to search, which record counts, and what of it is the answer. */
export interface LookupStep {
  readonly search: StepSearch;
  readonly object: string;
  /** The fields that are compared; one that agrees is enough. */
  readonly fields: readonly string[];
  /** All must hold, those of `filters` too. */
  readonly only: readonly ReadyMadeCondition[];
  readonly filters: readonly StepFilter[];
  /** Which record wins when several match; empty: the one modified last. Ties go to the lowest id. */
  readonly order: readonly StepOrder[];
  /** `answer-several`: several matches are the answer, without an extension or fields. */
  readonly whenSeveral: 'first' | 'answer-several';
  /** Absent where nobody's extension is asked for. */
  readonly extension?: ExtensionSource;
  /** Empty in a lookup that is asked for an extension alone. */
  readonly returns: readonly ReturnedField[];
}

export const ownerExtension: ExtensionSource = {
  from: 'user',
  user: { is: 'field', field: 'OwnerId' },
  userField: 'Extension',
};

/** A step as it begins: the caller's number, the owner's extension, every record, the one modified last. */
export const newStep = (object: string, fields: readonly string[]): LookupStep => ({
  search: { by: 'caller' },
  object,
  fields,
  only: [],
  filters: [],
  order: [],
  whenSeveral: 'first',
  extension: ownerExtension,
  returns: [],
});

/** For lookups that tell fields and ring nobody. */
export function withoutExtension(step: LookupStep): LookupStep {
  const rest: { -readonly [Member in keyof LookupStep]: LookupStep[Member] } = { ...step };
  delete rest.extension;
  return rest;
}

export const newestFirst: readonly StepOrder[] = [{ field: 'LastModifiedDate', direction: 'descending' }];

/** Limits on definitions; beyond the steps of one composite request a lookup would take more than one call. */
export const lookupLimits = {
  steps: 10,
  fields: 10,
  filters: 10,
  order: 5,
  returns: 30,
  name: 100,
  value: 255,
} as const;

/** A name that is a key in JSON and form fields, and an element in XML. One with an underscore in front is ours. */
export const isReturnedName = (name: string): boolean => /^(?!xml)[A-Za-z][\w.-]{0,59}$/i.test(name);
