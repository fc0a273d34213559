import { betweenBlanks, filledIn, positionOfBlank } from '../domain/blank-digits.ts';
import { newestFirst, type ReadyMadeCondition, type StepFilter, type StepOrder } from '../domain/lookup-step.ts';
import { isFilterValue, operatorsOf } from '../domain/step-filter.ts';
import { madeOnce } from '../made-once.ts';
import type { AskedValues, EncodedQuery, RecordQuestion } from '../ports.ts';

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

const readyMade: Readonly<Record<ReadyMadeCondition, string>> = {
  'active-owner': 'Owner.IsActive = true',
  'open-case': 'IsClosed = false',
  'unconverted-lead': 'IsConverted = false',
};

const namePattern = /^[A-Za-z](?:_{0,2}[A-Za-z0-9])*$/;

/** The API name of an object or field, unchanged. Throws a `RangeError` for anything else, so that no text becomes syntax. */
export function apiName(name: string): string {
  if (name.length > 80 || !namePattern.test(name)) throw new RangeError('This is no API name of an object or field.');
  return name;
}

/** Salesforce follows at most five relationships. */
const longestPath = 6;

/** A field's name, maybe over parents: `Account.Owner.Name`. Throws a `RangeError` for anything else. */
export function fieldPath(path: string): string {
  const names = path.split('.');
  if (names.length > longestPath) throw new RangeError('This path leads over too many parents.');
  return names.map(apiName).join('.');
}

/** A SOQL string literal (source: SOQL and SOSL Reference, "Quoted String Escape Sequences"). */
export const literal = (value: string): string => `'${escaped(value)}'`;

/** A literal for LIKE, in which the value's own wildcards are none. */
const likeLiteral = (before: string, value: string): string => `'${before}${escaped(value).replace(/[%_]/g, '\\$&')}%'`;

const escaped = (value: string): string =>
  value
    .replace(/[\\'"\p{Cc}\u2028\u2029]/gu, (character) => {
      if (character === '\\' || character === "'" || character === '"') return `\\${character}`;
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    })
    .toWellFormed();

const valueLiteral = (value: string | number): string => {
  if (typeof value === 'string') return literal(value);
  if (!Number.isFinite(value)) throw new RangeError('This is no number.');
  return String(value);
};

/** Throws a `RangeError` for an operator or value that does not go with the type. */
function filterCondition({ field, type, operator, value }: StepFilter): string {
  const name = fieldPath(field);
  if (!operatorsOf[type].includes(operator))
    throw new RangeError('This operator does not go with the type of the field.');
  const compared = () => {
    if (!isFilterValue(type, value)) throw new RangeError('This value does not go with the type of the field.');
    return type === 'text' ? literal(value) : value;
  };
  switch (operator) {
    case 'equals':
      return `${name} = ${compared()}`;
    case 'not-equals':
      return `${name} != ${compared()}`;
    case 'less':
      return `${name} < ${compared()}`;
    case 'less-or-equal':
      return `${name} <= ${compared()}`;
    case 'greater':
      return `${name} > ${compared()}`;
    case 'greater-or-equal':
      return `${name} >= ${compared()}`;
    case 'contains':
      return `${name} LIKE ${likeLiteral('%', value)}`;
    case 'starts-with':
      return `${name} LIKE ${likeLiteral('', value)}`;
    case 'is-empty':
      return `${name} = null`;
    case 'is-not-empty':
      return `${name} != null`;
  }
}

/** What must hold beside the values. */
export const conditions = ({ only, filters }: RecordQuestion): readonly string[] => [
  ...new Set([...only.map((condition) => readyMade[condition]), ...filters.map(filterCondition)]),
];

export const orderOf = ({ order }: RecordQuestion): readonly StepOrder[] => (order.length === 0 ? newestFirst : order);

/** Empty fields come last, whichever the direction. */
export const orderTerms = (question: RecordQuestion): readonly string[] =>
  orderOf(question).map(
    ({ field, direction }) =>
      `${fieldPath(field)} ${direction === 'descending' ? 'DESC' : 'ASC'}${field === 'LastModifiedDate' ? '' : ' NULLS LAST'}`,
  );

/** A lookup field to User, and how its user can be told. */
interface UserPath {
  readonly field: string;
  /** Undefined where the query cannot follow it: the field may name a queue. */
  readonly relationship: string | undefined;
  /** `Owner` of the record itself, which may be a queue. */
  readonly isPolymorphic: boolean;
}

export function userPath(object: string, field: string): UserPath {
  const names = fieldPath(field).split('.');
  const name = names.at(-1) ?? '';
  const parents = names.slice(0, -1);
  const isOwner = name === 'OwnerId';
  const mayBeQueue = isOwner && !ownedByUsersOnly.has(parents.at(-1) ?? object);
  const relationship = [...parents, relationshipOf(name)].join('.');
  return {
    field,
    relationship: mayBeQueue ? undefined : relationship,
    isPolymorphic: mayBeQueue && parents.length === 0,
  };
}

/** The name under which a query follows a lookup field. */
const relationshipOf = (field: string): string =>
  /__p?c$/.test(field) ? field.replace(/c$/, 'r') : field.replace(/Id$/, '');

const userFieldsOf = ({ userFields }: RecordQuestion): readonly string[] => [
  ...new Set(['IsActive', ...userFields.map(apiName)]),
];

/** What is selected of a record, in SOQL and SOSL alike. */
export function selectedFields(question: RecordQuestion): readonly string[] {
  const userFields = userFieldsOf(question);
  return [
    ...new Set([
      'Id',
      ...orderOf(question).map(({ field }) => fieldPath(field)),
      ...question.fields.map(fieldPath),
      ...question.wanted.map(fieldPath),
      ...question.users.flatMap((field) => {
        const { relationship } = userPath(question.object, field);
        return [
          fieldPath(field),
          ...(relationship === undefined ? [] : userFields.map((of) => `${relationship}.${of}`)),
        ];
      }),
    ]),
  ];
}

/**
 * Records of one object whose fields are exactly one of the values. As many queries as keep each below the URI limit; the earlier
 * hold the earlier values.
 */
export function queriesByValues(asked: AskedValues): readonly EncodedQuery[] {
  const { values } = asked;
  const whole = queryByValues(asked);
  if (values.length <= 1 || bytesOf(whole) <= maxQueryBytes) return [whole];
  return halvesOf(values).flatMap((half) => queriesByValues({ ...asked, values: half }));
}

const halvesOf = madeOnce((values: AskedValues['values']) => {
  const middle = Math.ceil(values.length / 2);
  return [values.slice(0, middle), values.slice(middle)];
});

/** Adds what a query is as the value of a URL's parameter, in pieces. */
export function addUri(pieces: Uint8Array[], { frame, list }: EncodedQuery): void {
  for (const [index, part] of frame.entries()) {
    if (index > 0) pieces.push(list);
    pieces.push(part);
  }
}

const bytesOf = ({ frame, list }: EncodedQuery): number =>
  frame.reduce((bytes, part) => bytes + part.length, (frame.length - 1) * list.length);

/** What a byte of ASCII becomes in the query of a URL: itself, a plus for a space, or 0 where it must be escaped (RFC 3986, 3.4). */
const uriByteOf = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code === 0x20) return 0x2b;
  return /[\w,'()./*!~-]/.test(String.fromCharCode(code)) ? code : 0;
});
const hexDigits = Buffer.from('0123456789ABCDEF');

/**
 * SOQL or SOSL as the value of a URL's parameter. Only what must be is escaped: the questions of a lookup then fit into the first packets
 * of a connection, which `encodeURIComponent` makes a fifth larger. Byte by byte, since a lookup has twelve thousand of them and every
 * other way takes five times as long.
 */
export function uriValue(query: string): string {
  const bytes = Buffer.allocUnsafe(query.length * 3);
  let length = 0;
  for (let index = 0; index < query.length; index++) {
    const code = query.charCodeAt(index);
    const byte = uriByteOf[code];
    if (byte === undefined) return uriValueBeyondAscii(query);
    if (byte === 0) {
      bytes[length++] = 0x25;
      bytes[length++] = hexDigits[code >> 4] ?? 0;
      bytes[length++] = hexDigits[code & 15] ?? 0;
    } else {
      bytes[length++] = byte;
    }
  }
  return bytes.toString('latin1', 0, length);
}

const uriValueBeyondAscii = (query: string): string =>
  encodeURIComponent(query).replaceAll('%20', '+').replaceAll("'", '%27');

/** Values between their commas, in both forms; for the digits that their blanks stand for, where they have any. */
interface ValueList {
  soql(digits: string | undefined): string;
  uri(digits: string | undefined): Uint8Array;
}

/**
 * Most of a query is this list, again and again. It is the same for all callers whose numbers are grouped alike, and with its digits for
 * all steps of a lookup.
 */
const listOf = madeOnce((values: AskedValues['values']): ValueList => {
  const soql = values.map(valueLiteral).join(',');
  let fill: ((digits: string) => Uint8Array) | undefined;
  return {
    soql: (digits) => (digits === undefined ? soql : filledIn(soql, digits)),
    uri(digits) {
      if (digits === undefined) return Buffer.from(uriValue(soql));
      fill ??= keepingLast(fillable(soql.replace(betweenBlanks, uriValue)));
      return fill(digits);
    },
  };
});

/**
 * Puts digits into a text of ASCII and blanks: a lookup has hundreds of them, for which `filledIn` takes twenty times as long. Throws a
 * `RangeError` for anything but digits, and for too few.
 */
function fillable(text: string): (digits: string) => Uint8Array {
  const form = Buffer.from(text, 'latin1');
  const gaps = Array.from(text, (character, place) => ({
    place,
    position: positionOfBlank(character.charCodeAt(0)) ?? -1,
  })).filter(({ position }) => position >= 0);
  const placeOf = Uint16Array.from(gaps, ({ place }) => place);
  const positionOf = Uint8Array.from(gaps, ({ position }) => position);
  const needed = Math.max(...positionOf) + 1;
  return (digits) => {
    if (!/^\d+$/.test(digits) || digits.length < needed) throw new RangeError('These are not the digits of a number.');
    const filled = Buffer.from(form);
    for (let index = 0; index < placeOf.length; index++)
      filled[placeOf[index] ?? 0] = digits.charCodeAt(positionOf[index] ?? 0);
    return filled;
  };
}

/** What was made last is kept for whoever asks the same next. */
function keepingLast<Made>(make: (digits: string) => Made): (digits: string) => Made {
  let last: { readonly digits: string; readonly made: Made } | undefined;
  return (digits) => {
    if (last?.digits !== digits) last = { digits, made: make(digits) };
    return last.made;
  };
}

/** A query by values around its lists, in both forms. */
interface Frame {
  readonly soql: readonly string[];
  readonly uri: readonly Uint8Array[];
}

/** Making one takes as long as all the rest of a query. */
const frameOf = madeOnce((question: RecordQuestion): Frame => {
  const parts = aroundLists(question);
  return { soql: parts, uri: parts.map((part) => Buffer.from(uriValue(part), 'latin1')) };
});

function aroundLists(question: RecordQuestion): readonly string[] {
  const object = apiName(question.object);
  const polymorphic = question.users.some((field) => userPath(object, field).isPolymorphic)
    ? [`TYPEOF Owner WHEN User THEN ${userFieldsOf(question).join(', ')} END`]
    : [];
  const others = conditions(question);
  const [open, close] = others.length === 0 ? ['', ''] : ['(', `) AND ${others.join(' AND ')}`];
  const start = `SELECT ${[...selectedFields(question), ...polymorphic].join(', ')} FROM ${object} WHERE ${open}`;
  const end = `${close} ORDER BY ${[...orderTerms(question), 'Id'].join(', ')} LIMIT ${maxRows}`;
  const fields = [...new Set(question.fields.map(fieldPath))];
  return [...fields.map((field, index) => `${index === 0 ? start : ') OR '}${field} IN (`), `)${end}`];
}

function queryByValues({ question, values, digits }: AskedValues): EncodedQuery {
  const { soql, uri } = frameOf(question);
  const list = listOf(values);
  const encoded = list.uri(digits);
  return {
    get soql() {
      return soql.join(list.soql(digits));
    },
    frame: uri,
    list: encoded,
  };
}

/** The people of the org who could be rung, with a field of theirs. */
export const queryOfUsers = (field: string): string =>
  `SELECT Id, Name${field === 'Name' ? '' : `, ${apiName(field)}`} FROM User WHERE IsActive = true AND UserType = 'Standard' ORDER BY Name, Id`;

/** A user by id, or two of this name who could be rung, active ones first: the second tells whether the name is one's alone. */
export const queryOfUser = (
  by: { readonly id: string } | { readonly name: string },
  fields: readonly string[],
): string =>
  `SELECT ${[...new Set(['Id', 'IsActive', ...fields.map(apiName)])].join(', ')} FROM User ` +
  ('id' in by
    ? `WHERE Id = ${literal(by.id)} LIMIT 1`
    : `WHERE Name = ${literal(by.name)} AND UserType = 'Standard' ORDER BY IsActive DESC, Id LIMIT 2`);
