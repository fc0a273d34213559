import type { FilterOperator, FilterType } from './lookup-step.ts';

const ordered = [
  'equals',
  'not-equals',
  'less',
  'less-or-equal',
  'greater',
  'greater-or-equal',
  'is-empty',
  'is-not-empty',
] as const satisfies readonly FilterOperator[];

/** Which operators make sense for which type. */
export const operatorsOf: Readonly<Record<FilterType, readonly FilterOperator[]>> = {
  text: ['equals', 'not-equals', 'contains', 'starts-with', 'is-empty', 'is-not-empty'],
  number: ordered,
  boolean: ['equals', 'not-equals'],
  date: ordered,
  datetime: ordered,
};

export const needsValue = (operator: FilterOperator): boolean => operator !== 'is-empty' && operator !== 'is-not-empty';

/** Salesforce's words for moments that move (source: SOQL and SOSL Reference, "Date Formats and Date Literals"). */
const relativeDate =
  /^(?:YESTERDAY|TODAY|TOMORROW|(?:LAST|THIS|NEXT)_(?:WEEK|MONTH|QUARTER|YEAR)|(?:LAST|NEXT)_90_DAYS|(?:LAST|NEXT)_N_(?:DAYS|WEEKS|MONTHS|QUARTERS|YEARS):\d{1,4})$/;
const day = /^\d{4}-\d\d-\d\d$/;
const moment = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

/** A day of the calendar, within the years that Salesforce takes (source: SOAP API Developer Guide, "Primitive Data Types"). */
function isDay(text: string): boolean {
  const year = Number(text.slice(0, 4));
  const ms = Date.parse(`${text}T00:00:00Z`);
  // What the calendar does not have becomes a day of the next month.
  return year >= 1700 && year <= 4000 && !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/** Whether the text can be compared with a field of this type. */
export function isFilterValue(type: FilterType, value: string): boolean {
  switch (type) {
    case 'text':
      return true;
    case 'number':
      return /^-?\d{1,15}(?:\.\d{1,10})?$/.test(value);
    case 'boolean':
      return value === 'true' || value === 'false';
    case 'date':
      return relativeDate.test(value) || (day.test(value) && isDay(value));
    case 'datetime':
      return relativeDate.test(value) || isDay(moment.exec(value)?.[1] ?? '');
  }
}
