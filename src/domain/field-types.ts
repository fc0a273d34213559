import type { ComparedForm, FilterType } from './lookup-step.ts';

/*
 * Salesforce's types of fields (source: SOAP API Developer Guide, "Field Types"), by what a step can do with them.
 */

const texts: ReadonlySet<string> = new Set([
  'string',
  'phone',
  'email',
  'url',
  'picklist',
  'combobox',
  'multipicklist',
  'textarea',
  'id',
  'reference',
  'encryptedstring',
]);
const numbers: ReadonlySet<string> = new Set(['int', 'long', 'double', 'currency', 'percent']);

/** How the value of a filter on such a field is written; undefined: there is no filtering by it. */
export function filterTypeOf(fieldType: string): FilterType | undefined {
  if (numbers.has(fieldType)) return 'number';
  if (fieldType === 'multipicklist' || fieldType === 'textarea') return undefined;
  if (texts.has(fieldType)) return 'text';
  switch (fieldType) {
    case 'boolean':
    case 'date':
    case 'datetime':
      return fieldType;
    default:
      return undefined;
  }
}

/** How such a field can be compared with what is searched for. */
export function comparedFormsOf(fieldType: string): readonly ComparedForm[] {
  if (numbers.has(fieldType)) return ['number'];
  switch (fieldType) {
    case 'phone':
    case 'string':
      return ['phone', 'text'];
    case 'email':
    case 'url':
    case 'picklist':
    case 'combobox':
      return ['text'];
    case 'id':
    case 'reference':
      return ['id'];
    default:
      return [];
  }
}

/** Whether such a field holds ids of records. */
export const isOfIds = (fieldType: string): boolean => fieldType === 'id' || fieldType === 'reference';

/** Whether a value of this type is a text that can be told; compound fields and files are none. */
export const isReturnable = (fieldType: string): boolean =>
  texts.has(fieldType) || numbers.has(fieldType) || ['boolean', 'date', 'datetime', 'time'].includes(fieldType);
