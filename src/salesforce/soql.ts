import type { SearchedObject } from '../ports.ts';

/*
 * The one place, with sosl.ts beside it, where query text is made. Names are checked, values are escaped; whatever comes in, the
 * structure of a query stays what is written here.
 */

/** Salesforce takes 16,384 bytes of URI and headers together; the rest is for the token and the host. */
export const maxQueryBytes = 12_000;
/** More people than this do not share one number; what lies beyond is not counted. */
export const maxRows = 200;

/** Standard objects that only a user can own; any other may belong to a queue, so that its owner is polymorphic. */
const ownedByUsersOnly: ReadonlySet<string> = new Set(['Account', 'Contact', 'Opportunity', 'Campaign', 'Asset']);

/** Records that are none any more: a converted lead lives on as contact and account. */
const standingConditions: Readonly<Record<string, string>> = { Lead: 'IsConverted = false' };

const namePattern = /^[A-Za-z](?:_{0,2}[A-Za-z0-9])*$/;

/** The API name of an object or field, unchanged. Throws a `RangeError` for anything else, so that no text becomes syntax. */
export function apiName(name: string): string {
  if (name.length > 80 || !namePattern.test(name)) throw new RangeError('This is no API name of an object or field.');
  return name;
}

/** A SOQL string literal (source: SOQL and SOSL Reference, "Quoted String Escape Sequences"). */
export function literal(value: string): string {
  if (/^[\w +()./-]*$/.test(value)) return `'${value}'`; // what nearly every value is
  const escaped = value.replace(/[\\'"\p{Cc}\u2028\u2029]/gu, (character) => {
    if (character === '\\' || character === "'" || character === '"') return `\\${character}`;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `'${escaped.toWellFormed()}'`;
}

/** What is selected of a record, in SOQL and SOSL alike, without its owner. */
export const recordFields = ({ fields }: SearchedObject): readonly string[] => [
  'Id',
  'LastModifiedDate',
  ...new Set(fields.map(apiName)),
  'OwnerId',
];

export const hasUserOwner = (object: string): boolean => ownedByUsersOnly.has(object);
export const standingCondition = (object: string): string | undefined =>
  Object.hasOwn(standingConditions, object) ? standingConditions[object] : undefined;

/** Fields of the owner as a user, `IsActive` among them. */
export const ownerUserFields = ({ ownerFields }: SearchedObject): readonly string[] => [
  ...new Set(['IsActive', ...ownerFields.map(apiName)]),
];

/**
 * Records of one object whose phone fields are exactly one of the values. As many queries as keep each below the URI limit; the
 * earlier hold the earlier values.
 */
export function queriesByValues(searched: SearchedObject, values: readonly string[]): readonly string[] {
  const whole = queryByValues(searched, values);
  if (values.length <= 1 || uriBytes(whole) <= maxQueryBytes) return [whole];
  const middle = Math.ceil(values.length / 2);
  return [...queriesByValues(searched, values.slice(0, middle)), ...queriesByValues(searched, values.slice(middle))];
}

/** In the query of a URL a quote is escaped, too. */
const uriBytes = (soql: string): number => encodeURIComponent(soql).replaceAll("'", '%27').length;

function queryByValues(searched: SearchedObject, values: readonly string[]): string {
  const object = apiName(searched.object);
  const fields = [...new Set(searched.fields.map(apiName))];
  const list = values.map(literal).join(',');
  const userFields = ownerUserFields(searched);
  const owner = hasUserOwner(object)
    ? userFields.map((field) => `Owner.${field}`).join(', ')
    : `TYPEOF Owner WHEN User THEN ${userFields.join(', ')} END`;
  const phone = fields.map((field) => `${field} IN (${list})`).join(' OR ');
  const standing = standingCondition(object);
  return (
    `SELECT ${recordFields(searched).join(', ')}, ${owner} FROM ${object} ` +
    `WHERE ${standing === undefined ? phone : `(${phone}) AND ${standing}`} ` +
    `ORDER BY LastModifiedDate DESC, Id LIMIT ${maxRows}`
  );
}

export const queryOfUser = (userId: string, fields: readonly string[]): string =>
  `SELECT ${[...new Set(['Id', 'IsActive', ...fields.map(apiName)])].join(', ')} FROM User WHERE Id = ${literal(userId)} LIMIT 1`;
