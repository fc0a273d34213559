import { comparedFormsOf, filterTypeOf, isOfIds, isReturnable } from '../domain/field-types.ts';
import { toId18 } from '../domain/ids.ts';
import {
  isReturnedName,
  lookupLimits,
  type ComparedForm,
  type ExtensionSource,
  type LookupStep,
  type ReadyMadeCondition,
  type StepSearch,
} from '../domain/lookup-step.ts';
import type { DefinitionFault, DefinitionProblem, LookupDefinition } from '../domain/lookup.ts';
import { isAllVisible } from '../domain/names.ts';
import { isExtension } from '../domain/pbx-settings.ts';
import { isFilterValue, needsValue, operatorsOf } from '../domain/step-filter.ts';
import type { DescribedField, DescribedObject } from '../ports.ts';

export type DefinitionDraft = Pick<LookupDefinition, 'kind' | 'name' | 'steps' | 'fallbacks' | 'fallbackExtension'>;

/** Undefined when there is no such object, or the connected user may not see it. */
export type DescribeObject = (name: string) => Promise<DescribedObject | undefined>;

/** A problem as it is noted within one step. */
type Note = (
  part: DefinitionProblem['part'],
  problem: DefinitionFault,
  about?: { position?: number; subject?: string },
) => void;

/**
 * What is wrong with a definition, each at its place; nothing when all is well. Without `describe` only what can be seen without the
 * org. Rejects when the org cannot be asked, as `describe` does.
 */
export async function validateDefinition(
  draft: DefinitionDraft,
  describe: DescribeObject | undefined,
): Promise<readonly DefinitionProblem[]> {
  const problems: DefinitionProblem[] = [];
  const noteAt =
    (step: number | undefined): Note =>
    (part, problem, { position, subject } = {}) =>
      problems.push({ step, part, position, problem, subject });

  const note = noteAt(undefined);
  if (draft.name.trim() === '') note('name', 'missing');
  if (draft.name.length > lookupLimits.name) note('name', 'too-long');
  if (!isAllVisible(draft.name.trim())) note('name', 'invisible');
  for (const [reason, extension] of Object.entries(draft.fallbacks)) {
    if (!isExtension(extension)) note('fallbacks', 'wrong-value', { subject: reason });
  }
  if (!isExtension(draft.fallbackExtension ?? '')) note('fallbacks', 'wrong-value');
  if (draft.steps.length === 0) note('steps', 'missing');
  if (draft.steps.length > lookupLimits.steps) note('steps', 'too-many');

  for (const [position, step] of draft.steps.entries()) {
    const noteHere = noteAt(position);
    checkForm(step, draft.kind, noteHere);
    if (describe !== undefined && step.object !== '') await checkAgainstOrg(step, describe, noteHere);
  }
  return problems;
}

function checkForm(step: LookupStep, kind: LookupDefinition['kind'], note: Note): void {
  if (step.object === '') note('object', 'missing');
  if (step.fields.length === 0) note('fields', 'missing');
  for (const part of ['fields', 'filters', 'order', 'returns'] as const) {
    if (step[part].length > lookupLimits[part]) note(part, 'too-many');
  }
  checkSearch(step.search, note);
  for (const [position, { type, operator, value }] of step.filters.entries()) {
    if (!operatorsOf[type].includes(operator)) note('filters', 'wrong-operator', { position });
    if (!needsValue(operator)) continue;
    if (value.length > lookupLimits.value) note('filters', 'too-long', { position });
    else if (!isFilterValue(type, value)) note('filters', 'wrong-value', { position });
  }
  if (step.extension === undefined && kind === 'extension') note('extension', 'missing');
  if (step.extension !== undefined && kind === 'data') note('extension', 'does-not-apply');
  if (step.extension?.from === 'user' && step.extension.user.is === 'named' && step.extension.user.name.trim() === '')
    note('extension', 'missing');
  if (step.returns.length === 0 && kind === 'data') note('returns', 'missing');
  const names = new Set<string>();
  for (const [position, { name, empty }] of step.returns.entries()) {
    const key = name.toLowerCase();
    if (!isReturnedName(name)) note('returns', 'not-a-name', { position, subject: name });
    else if (names.has(key)) note('returns', 'name-taken', { position, subject: name });
    names.add(key);
    if (empty.length > lookupLimits.value) note('returns', 'too-long', { position });
  }
}

function checkSearch(search: StepSearch, note: Note): void {
  if (search.by === 'ivr' && (search.leadingZerosTo < 0 || search.leadingZerosTo > 20)) note('search', 'wrong-value');
  if (search.by !== 'fixed') return;
  if (search.value.trim() === '') note('search', 'missing');
  else if (search.value.length > lookupLimits.value) note('search', 'too-long');
  else if (search.as === 'number' && !isFilterValue('number', search.value)) note('search', 'wrong-value');
  else if (search.as === 'id' && toId18(search.value.trim()) === undefined) note('search', 'wrong-value');
}

/** The field that makes a ready-made condition possible, and what its absence means. */
const fieldOfCondition: Readonly<Record<ReadyMadeCondition, readonly [field: string, fault: DefinitionFault]>> = {
  'active-owner': ['OwnerId', 'no-owner'],
  'open-case': ['IsClosed', 'does-not-apply'],
  'unconverted-lead': ['IsConverted', 'does-not-apply'],
};

async function checkAgainstOrg(step: LookupStep, describe: DescribeObject, note: Note): Promise<void> {
  const object = await describe(step.object);
  if (object?.queryable !== true) {
    note('object', 'gone', { subject: step.object });
    return;
  }
  const fieldAt = (path: string) => resolve(object, path, describe);
  /** Undefined, and noted, when the field is gone. */
  const known = async (part: DefinitionProblem['part'], path: string, position?: number) => {
    const field = await fieldAt(path);
    if (field === undefined) note(part, 'gone', { ...(position !== undefined && { position }), subject: path });
    return field;
  };

  const form = comparedFormOf(step.search);
  for (const [position, path] of step.fields.entries()) {
    const field = await known('fields', path, position);
    if (field === undefined) continue;
    if (!field.filterable) note('fields', 'not-filterable', { position, subject: path });
    else if (!comparedFormsOf(field.type).includes(form)) note('fields', 'wrong-type', { position, subject: path });
  }
  for (const condition of step.only) {
    const [name, fault] = fieldOfCondition[condition];
    if (!object.fields.some((field) => field.name === name)) note('filters', fault, { subject: condition });
  }
  for (const [position, { field: path, type, operator, value }] of step.filters.entries()) {
    const field = await known('filters', path, position);
    if (field === undefined) continue;
    const filterType = field.filterable ? filterTypeOf(field.type) : undefined;
    if (filterType === undefined) note('filters', 'not-filterable', { position, subject: path });
    else if (filterType !== type) note('filters', 'wrong-type', { position, subject: path });
    else if (isOfIds(field.type) && needsValue(operator)) {
      if (operator === 'contains' || operator === 'starts-with') note('filters', 'wrong-operator', { position });
      else if (toId18(value) === undefined) note('filters', 'wrong-value', { position });
    }
  }
  for (const [position, { field: path }] of step.order.entries()) {
    const field = await known('order', path, position);
    if (field?.sortable === false) note('order', 'not-sortable', { position, subject: path });
  }
  for (const [position, { field: path }] of step.returns.entries()) {
    const field = await known('returns', path, position);
    if (field && !isReturnable(field.type)) note('returns', 'wrong-type', { position, subject: path });
  }
  if (step.extension !== undefined) await checkExtension(step.extension, known, describe, note);
}

async function checkExtension(
  source: ExtensionSource,
  known: (part: 'extension', path: string) => Promise<DescribedField | undefined>,
  describe: DescribeObject,
  note: Note,
): Promise<void> {
  const checkText = async (path: string) => {
    const field = await known('extension', path);
    if (field && !isReturnable(field.type)) note('extension', 'wrong-type', { subject: path });
  };
  if (source.from === 'record') return checkText(source.field);
  const user = await describe('User');
  if (!user?.fields.some(({ name }) => name === source.userField)) {
    note('extension', 'gone', { subject: `User.${source.userField}` });
  }
  if (source.user.is === 'named-in') return checkText(source.user.field);
  if (source.user.is === 'field') {
    const field = await known('extension', source.user.field);
    if (field && !field.referenceTo.includes('User')) note('extension', 'not-a-user', { subject: source.user.field });
  }
}

const comparedFormOf = (search: StepSearch): ComparedForm =>
  search.by === 'ivr' || search.by === 'fixed' ? search.as : 'phone';

/** The field at the end of a path over parents. Of a polymorphic parent the fields that every one of its objects has are told. */
async function resolve(
  object: DescribedObject,
  path: string,
  describe: DescribeObject,
): Promise<DescribedField | undefined> {
  const [first = '', ...rest] = path.split('.');
  if (rest.length === 0) return object.fields.find(({ name }) => name === first);
  const reference = object.fields.find(({ relationshipName }) => relationshipName === first);
  let field: DescribedField | undefined;
  for (const target of reference?.referenceTo ?? []) {
    const parent = await describe(target);
    field = parent && (await resolve(parent, rest.join('.'), describe));
    if (field === undefined) return undefined;
  }
  return field;
}
