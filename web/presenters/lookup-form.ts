import {
  comparedForms,
  filterOperators,
  filterTypes,
  fixedForms,
  newStep,
  readyMadeConditions,
  withoutExtension,
  type ExtensionSource,
  type LookupStep,
  type StepFilter,
  type StepSearch,
} from '../../src/domain/lookup-step.ts';
import { answerReasons, type AnswerReason, type LookupKind } from '../../src/domain/lookup.ts';
import { defaultExtensionSteps } from '../../src/domain/pbx-settings.ts';
import type { DefinitionDraft } from '../../src/use-cases/validate-definition.ts';

/*
 * The form of a lookup and the definition that it stands for. The form holds the whole definition, saved or not: each button sends all
 * of it, so that steps and rows can be added, moved and removed without a script and without keeping half a definition anywhere.
 */

/** A form as it was sent; a name that occurs several times has several values. */
export type SentForm = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Lists of a step that rows are added to and removed from. */
export const stepLists = ['fields', 'filters', 'order', 'returns'] as const;
export type StepList = (typeof stepLists)[number];

export type FormAction =
  | { readonly does: 'save' | 'update' | 'test' | 'add-step' }
  | { readonly does: 'remove-step' | 'move-up' | 'move-down'; readonly step: number }
  | { readonly does: 'add'; readonly list: StepList; readonly step: number }
  | { readonly does: 'remove'; readonly list: StepList; readonly step: number; readonly row: number };

/** What the pressed button means; a form that was sent by the Enter key changes nothing. */
export function readAction(value: string): FormAction {
  const [does = '', ...rest] = value.split('.');
  const list = stepLists.find((name) => name === rest[0]);
  switch (does) {
    case 'save':
    case 'test':
    case 'add-step':
      return { does };
    case 'remove-step':
    case 'move-up':
    case 'move-down':
      return { does, step: Number(rest[0]) };
    case 'add':
      if (list) return { does, list, step: Number(rest[1]) };
      break;
    case 'remove':
      if (list) return { does, list, step: Number(rest[1]), row: Number(rest[2]) };
      break;
  }
  return { does: 'update' };
}

/** Fallbacks make sense for whatever is no plain match. */
export const fallbackReasons = answerReasons.filter((reason) => reason !== 'matched');

/** A step as a button adds it. */
export function blankStep(kind: LookupKind): LookupStep {
  switch (kind) {
    case 'extension':
      return newStep('Contact', ['Phone', 'MobilePhone']);
    case 'data':
      return {
        ...withoutExtension(newStep('Contact', ['Phone', 'MobilePhone'])),
        returns: ['FirstName', 'LastName'].map((name) => ({ field: name, name, empty: '' })),
      };
    case 'ivr':
      return { ...newStep('Case', ['CaseNumber']), search: { by: 'ivr', as: 'text', leadingZerosTo: 8 } };
  }
}

/** A lookup as it begins. */
export const blankDraft = (kind: LookupKind): DefinitionDraft => ({
  kind,
  name: '',
  steps: kind === 'extension' ? defaultExtensionSteps : [blankStep(kind)],
  fallbacks: {},
  fallbackExtension: undefined,
});

/** What the form says; nothing that is typed is lost, and what cannot be understood is the first of its choices. */
export function readDraft(form: SentForm, kind: LookupKind): DefinitionDraft {
  const fallbacks: Partial<Record<AnswerReason, string>> = {};
  for (const reason of fallbackReasons) {
    const extension = textOf(form, `fallback.${reason}`);
    if (extension !== '') fallbacks[reason] = extension;
  }
  const fallbackExtension = textOf(form, 'fallbackExtension');
  const count = Math.min(20, Number.parseInt(textOf(form, 'steps'), 10) || 0);
  return {
    kind,
    name: textOf(form, 'name'),
    steps: Array.from({ length: count }, (_, index) => readStep(form, `s${index}`, kind)),
    fallbacks,
    fallbackExtension: fallbackExtension === '' ? undefined : fallbackExtension,
  };
}

function readStep(form: SentForm, prefix: string, kind: LookupKind): LookupStep {
  const text = (name: string) => textOf(form, `${prefix}.${name}`);
  const step = {
    search: readSearch(text),
    object: text('object'),
    fields: [...new Set(textsOf(form, `${prefix}.fields`))],
    only: readyMadeConditions.filter((condition) => textsOf(form, `${prefix}.only`).includes(condition)),
    filters: rowsOf(form, `${prefix}.filter`, ['field', 'type', 'operator', 'value']).map((row): StepFilter => ({
      field: row.field,
      type: oneOf(filterTypes, row.type),
      operator: oneOf(filterOperators, row.operator),
      value: row.value,
    })),
    order: rowsOf(form, `${prefix}.order`, ['field', 'direction']).map(({ field, direction }) => ({
      field,
      direction: oneOf(['ascending', 'descending'] as const, direction),
    })),
    whenSeveral: oneOf(['first', 'answer-several'] as const, text('whenSeveral')),
    returns: rowsOf(form, `${prefix}.return`, ['field', 'name', 'empty']),
  };
  const extension = kind === 'data' ? undefined : readExtension(text);
  return extension === undefined ? step : { ...step, extension };
}

function readSearch(text: (name: string) => string): StepSearch {
  const by = oneOf(['caller', 'called', 'ivr', 'fixed'] as const, text('by'));
  switch (by) {
    case 'caller':
    case 'called':
      return { by };
    case 'ivr':
      return { by, as: oneOf(comparedForms, text('as')), leadingZerosTo: Number.parseInt(text('zeros'), 10) || 0 };
    case 'fixed':
      return { by, value: text('value'), as: oneOf(fixedForms, text('as')) };
  }
}

export const extensionChoices = ['user', 'named', 'named-in', 'record', 'none'] as const;
export type ExtensionChoice = (typeof extensionChoices)[number];

function readExtension(text: (name: string) => string): ExtensionSource | undefined {
  const userField = text('userField') || 'Extension';
  const choice = oneOf(extensionChoices, text('extension'));
  switch (choice) {
    case 'user':
      return { from: 'user', user: { is: 'field', field: text('userPath') || 'OwnerId' }, userField };
    case 'named':
      return { from: 'user', user: { is: 'named', name: text('userName') }, userField };
    case 'named-in':
      return { from: 'user', user: { is: 'named-in', field: text('namePath') }, userField };
    case 'record':
      return { from: 'record', field: text('recordPath') };
    case 'none':
      return undefined;
  }
}

/** The choice of the form that an extension source stands for. */
export function extensionChoiceOf(extension: ExtensionSource | undefined): ExtensionChoice {
  if (extension === undefined) return 'none';
  if (extension.from === 'record') return 'record';
  return extension.user.is === 'field' ? 'user' : extension.user.is;
}

/** The draft after a button that changes its shape; rows left blank stay while somebody works on the form. */
export function applyAction(draft: DefinitionDraft, action: FormAction): DefinitionDraft {
  const { steps } = draft;
  switch (action.does) {
    case 'save':
    case 'test':
      return withoutBlankRows(draft);
    case 'update':
      return draft;
    case 'add-step':
      return { ...draft, steps: [...steps, blankStep(draft.kind)] };
    case 'remove-step':
      return { ...draft, steps: steps.filter((_, index) => index !== action.step) };
    case 'move-up':
      return { ...draft, steps: moved(steps, action.step, action.step - 1) };
    case 'move-down':
      return { ...draft, steps: moved(steps, action.step, action.step + 1) };
    case 'add':
      return changeStep(draft, action.step, (step) => addRow(step, action.list));
    case 'remove':
      return changeStep(draft, action.step, (step) => ({
        ...step,
        [action.list]: step[action.list].filter((_, row) => row !== action.row),
      }));
  }
}

function addRow(step: LookupStep, list: StepList): LookupStep {
  switch (list) {
    case 'fields':
      return { ...step, fields: [...step.fields, ''] };
    case 'filters':
      return { ...step, filters: [...step.filters, { field: '', type: 'text', operator: 'equals', value: '' }] };
    case 'order':
      return { ...step, order: [...step.order, { field: '', direction: 'descending' }] };
    case 'returns':
      return { ...step, returns: [...step.returns, { field: '', name: '', empty: '' }] };
  }
}

function withoutBlankRows(draft: DefinitionDraft): DefinitionDraft {
  return {
    ...draft,
    steps: draft.steps.map((step) => ({
      ...step,
      fields: step.fields.filter((field) => field !== ''),
      filters: step.filters.filter(({ field, value }) => field !== '' || value !== ''),
      order: step.order.filter(({ field }) => field !== ''),
      // The name that a field is told under is the field's own unless another is given.
      returns: step.returns
        .filter(({ field, name, empty }) => field !== '' || name !== '' || empty !== '')
        .map((row) => (row.name === '' ? { ...row, name: row.field.replaceAll('.', '_') } : row)),
    })),
  };
}

const changeStep = (draft: DefinitionDraft, at: number, change: (step: LookupStep) => LookupStep): DefinitionDraft => ({
  ...draft,
  steps: draft.steps.map((step, index) => (index === at ? change(step) : step)),
});

function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  const thing = list[from];
  if (thing === undefined || to < 0 || to >= list.length) return list;
  const rest = list.filter((_, index) => index !== from);
  return [...rest.slice(0, to), thing, ...rest.slice(to)];
}

function textsOf(form: SentForm, name: string): readonly string[] {
  const value = form[name];
  return (typeof value === 'string' ? [value] : (value ?? [])).map((text) => text.trim());
}
const textOf = (form: SentForm, name: string): string => textsOf(form, name)[0] ?? '';

const oneOf = <T extends string>(choices: readonly [T, ...T[]], text: string): T =>
  choices.find((each) => each === text) ?? choices[0];

/** Rows are numbered in the names of their fields: `s0.filter.2.value`. */
function rowsOf<Name extends string>(
  form: SentForm,
  prefix: string,
  names: readonly Name[],
): readonly Record<Name, string>[] {
  const rows: Record<Name, string>[] = [];
  while (rows.length < 100 && names.some((name) => `${prefix}.${rows.length}.${name}` in form)) {
    const index = rows.length;
    rows.push(
      Object.fromEntries(names.map((name) => [name, textOf(form, `${prefix}.${index}.${name}`)])) as Record<
        Name,
        string
      >,
    );
  }
  return rows;
}
