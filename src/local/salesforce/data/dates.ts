/** Milliseconds to Salesforce's form of a datetime, `2020-11-06T14:04:44.000+0000`. All are UTC, so texts compare as times do. */
export const toDatetime = (ms: number): string => new Date(ms).toISOString().replace('Z', '+0000');

/** A datetime as SOQL or JSON spells it, to Salesforce's form; undefined when it is none. */
export function readDatetime(text: string): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d{1,3})?(Z|[+-]\d{2}:?\d{2})$/i.exec(text);
  if (match === null) return undefined;
  const [, date = '', time = '', fraction = '', zone = 'Z'] = match;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const ms = Date.parse(`${date}T${time}${fraction}${offset}`);
  return Number.isNaN(ms) || !isRealDay(date) ? undefined : toDatetime(ms);
}

/** `YYYY-MM-DD` of a day that exists; undefined when it is none. */
export function readDate(text: string): string | undefined {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && isRealDay(text) ? text : undefined;
}

/** `2026-02-30` is parsed by JavaScript and no day. */
function isRealDay(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date);
}
