import { comparedFormsOf, filterTypeOf, isReturnable } from '../../src/domain/field-types.ts';
import type { FilterType, LookupStep } from '../../src/domain/lookup-step.ts';
import type { DescribedField, DescribedObject, ListedObject } from '../../src/ports.ts';
import type { LookupDefinitions } from '../../src/use-cases/lookup-definitions.ts';
import type { DefinitionDraft } from '../../src/use-cases/validate-definition.ts';

/** Objects that phone calls are mostly about come first. */
const usual = ['Contact', 'Lead', 'Account', 'Case', 'Opportunity'];
/** Parents whose fields are offered; deeper and further ones can be typed. */
const parentsOffered = 8;

export interface OfferedField {
  /** As it is written into the form: `Account.Name`. */
  readonly path: string;
  readonly label: string;
  readonly field: DescribedField;
}

/** What can be chosen for the steps of a draft; names are typed where the org cannot be asked. */
export interface OfferedSchema {
  /** Undefined where the org cannot be asked. */
  readonly objects: { readonly usual: readonly ListedObject[]; readonly others: readonly ListedObject[] } | undefined;
  readonly unavailable: string | undefined;
  /** By object name; of those in the draft that exist. */
  readonly fields: ReadonlyMap<string, readonly OfferedField[]>;
  /** Of the user object. */
  readonly userFields: readonly OfferedField[];
}

export async function readOfferedSchema(
  definitions: Pick<LookupDefinitions, 'objects' | 'object'>,
  accountId: string,
  draft: Pick<DefinitionDraft, 'steps'>,
): Promise<OfferedSchema> {
  const listed = await definitions.objects(accountId);
  if (!listed.ok) return { objects: undefined, unavailable: listed.cause, fields: new Map(), userFields: [] };
  const queryable = listed.value.filter(({ queryable: can }) => can);
  const describe = async (name: string): Promise<DescribedObject | undefined> => {
    const outcome = await definitions.object(accountId, name);
    return outcome.ok ? outcome.value : undefined;
  };
  const names = [...new Set(draft.steps.map(({ object }) => object).filter((name) => name !== ''))];
  const described = await Promise.all(
    names.map(async (name) => {
      const object = await describe(name);
      return object ? ([name, await offeredFields(object, describe)] as const) : undefined;
    }),
  );
  const user = await describe('User');
  return {
    objects: {
      usual: usual.flatMap((name) => queryable.find((object) => object.name === name) ?? []),
      others: queryable
        .filter(({ name }) => !usual.includes(name))
        .toSorted((a, b) => a.label.localeCompare(b.label) || a.name.localeCompare(b.name)),
    },
    unavailable: undefined,
    fields: new Map(described.filter((entry) => entry !== undefined)),
    userFields: (user?.fields ?? []).map((field) => ({ path: field.name, label: field.label, field })),
  };
}

async function offeredFields(
  object: DescribedObject,
  describe: (name: string) => Promise<DescribedObject | undefined>,
): Promise<readonly OfferedField[]> {
  const own = object.fields.map((field) => ({ path: field.name, label: field.label, field }));
  const references = object.fields
    .filter(({ relationshipName, referenceTo }) => relationshipName !== undefined && referenceTo.length === 1)
    .slice(0, parentsOffered);
  const ofParents = await Promise.all(
    references.map(async (reference) => {
      const parent = await describe(reference.referenceTo[0] ?? '');
      return (parent?.fields ?? []).map((field) => ({
        path: `${reference.relationshipName ?? ''}.${field.name}`,
        label: `${reference.label.replace(/ ID$/, '')}: ${field.label}`,
        field,
      }));
    }),
  );
  return [...own, ...ofParents.flat()];
}

export const labelOf = (fields: readonly OfferedField[] | undefined, path: string): string | undefined =>
  fields?.find((offered) => offered.path === path)?.label;

/** The fields of the object itself that hold phone numbers; these are ticked instead of typed. */
export const phoneFields = (fields: readonly OfferedField[] | undefined): readonly OfferedField[] =>
  (fields ?? []).filter(({ path, field }) => field.type === 'phone' && field.filterable && !path.includes('.'));

/** Fields that can be compared with what a step searches by. */
export function comparable(
  fields: readonly OfferedField[] | undefined,
  { search }: LookupStep,
): readonly OfferedField[] {
  const form = search.by === 'ivr' || search.by === 'fixed' ? search.as : 'phone';
  return (fields ?? []).filter(({ field }) => field.filterable && comparedFormsOf(field.type).includes(form));
}

export const filterable = (fields: readonly OfferedField[] | undefined): readonly OfferedField[] =>
  (fields ?? []).filter(({ field }) => field.filterable && filterTypeOf(field.type) !== undefined);

export const sortable = (fields: readonly OfferedField[] | undefined): readonly OfferedField[] =>
  (fields ?? []).filter(({ field }) => field.sortable);

export const returnable = (fields: readonly OfferedField[] | undefined): readonly OfferedField[] =>
  (fields ?? []).filter(({ field }) => isReturnable(field.type));

export const leadingToUsers = (fields: readonly OfferedField[] | undefined): readonly OfferedField[] =>
  (fields ?? []).filter(({ field }) => field.referenceTo.includes('User'));

/** How values are compared follows from the org's type of the field. */
export function withFilterTypes(draft: DefinitionDraft, schema: OfferedSchema): DefinitionDraft {
  const typeOf = (object: string, path: string): FilterType | undefined => {
    const offered = schema.fields.get(object)?.find((each) => each.path === path);
    return offered && filterTypeOf(offered.field.type);
  };
  return {
    ...draft,
    steps: draft.steps.map((step) => ({
      ...step,
      filters: step.filters.map((filter) => ({ ...filter, type: typeOf(step.object, filter.field) ?? filter.type })),
    })),
  };
}
