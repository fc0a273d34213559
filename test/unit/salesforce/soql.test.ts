import { parseQuery, type Query } from '@jetstreamapp/soql-parser-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apiName, literal, maxQueryBytes, queriesByValues, queryOfUser } from '../../../src/salesforce/soql.ts';

const contact = { object: 'Contact', fields: ['Phone', 'MobilePhone'], ownerFields: ['Extension'] };
const lead = { object: 'Lead', fields: ['Phone'], ownerFields: ['Extension', 'Ext__c'] };

/** What an attacker types: syntax of SOQL, control characters, halves of surrogate pairs, and anything. */
const hostile = fc.oneof(
  fc.constantFrom(
    "' OR Name != '",
    "\\' OR Name != \\'",
    '\\',
    "\\\\'",
    "') OR (Id != '",
    '%',
    "\u0000'",
    '\u2028',
    '\ud800',
    "'\ud800",
    '--',
    '/*',
    '{!Id}',
    ':variable',
  ),
  fc.string({
    unit: fc.constantFrom(
      "'",
      '\\',
      '"',
      '(',
      ')',
      ',',
      '\n',
      '\r',
      '\t',
      '\b',
      '\f',
      '\0',
      '{',
      '}',
      ' ',
      'u',
      '0',
      '\u2029',
      '😀',
    ),
  }),
  fc.string({ unit: 'binary' }),
);

/** The query without its values: what must never change. */
function structure(soql: string): { query: string; values: unknown[] } {
  const values: unknown[] = [];
  const query = JSON.stringify(parseQuery(soql), (key, value: unknown) => {
    if (key !== 'value') return value;
    values.push(value);
    return Array.isArray(value) ? value.map(() => '?') : '?';
  });
  return { query, values };
}

/** Undoes the escapes of a literal as Salesforce's reference gives them; fails on any other backslash or a bare quote. */
function unescaped(quoted: string): string {
  const inner = /^'((?:[^'\\\n\r]|\\(?:[nrtbf"'\\]|u[0-9a-f]{4}))*)'$/.exec(quoted)?.[1];
  if (inner === undefined) throw new Error('not a literal');
  return inner.replace(/\\(?:u([0-9a-f]{4})|(.))/g, (_, code: string | undefined, character: string) =>
    code === undefined ? character : String.fromCharCode(parseInt(code, 16)),
  );
}

describe('literal', () => {
  it('is one literal whatever the value, and gives the value back', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        expect(unescaped(literal(value))).toBe(value.toWellFormed());
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('queriesByValues', () => {
  it('asks for the fields, the owner as a user, and the newest first', () => {
    expect(queriesByValues(contact, ['+49752543312', '07525 43312'])).toEqual([
      'SELECT Id, LastModifiedDate, Phone, MobilePhone, OwnerId, Owner.IsActive, Owner.Extension FROM Contact ' +
        "WHERE Phone IN ('+49752543312','07525 43312') OR MobilePhone IN ('+49752543312','07525 43312') " +
        'ORDER BY LastModifiedDate DESC, Id LIMIT 200',
    ]);
  });

  it('asks for a polymorphic owner by type, and for leads that are not converted', () => {
    expect(queriesByValues(lead, ['1'])).toEqual([
      'SELECT Id, LastModifiedDate, Phone, OwnerId, TYPEOF Owner WHEN User THEN IsActive, Extension, Ext__c END FROM Lead ' +
        "WHERE (Phone IN ('1')) AND IsConverted = false ORDER BY LastModifiedDate DESC, Id LIMIT 200",
    ]);
  });

  it('keeps its structure whatever the values', () => {
    for (const searched of [contact, lead]) {
      const harmless = structure(queriesByValues(searched, ['a', 'b'])[0] ?? '');
      fc.assert(
        fc.property(hostile, hostile, (one, other) => {
          const [soql = '', ...more] = queriesByValues(searched, [one, other]);
          expect(more).toEqual([]);
          const { query, values } = structure(soql);
          expect(query).toBe(harmless.query);
          expect(values).toHaveLength(harmless.values.length);
        }),
        { numRuns: 500 },
      );
    }
  });

  it('splits what would not fit a URI, without losing a value', () => {
    const values = Array.from({ length: 900 }, (_, n) => `+49 (0)7525 / ${String(n).padStart(6, '0')}`);
    const queries = queriesByValues(contact, values);
    expect(queries.length).toBeGreaterThan(1);
    for (const soql of queries) expect(encodeURIComponent(soql).length).toBeLessThanOrEqual(maxQueryBytes);
    const asked = queries.flatMap((soql) => {
      const { where } = parseQuery(soql) as Query & { where: { left: { value: string[] } } };
      return where.left.value;
    });
    expect(asked).toEqual(values.map((value) => `'${value}'`));
  });

  it('refuses what is no API name, as object, field or owner field', () => {
    for (const name of [
      'Contact WHERE Id != null',
      "a'",
      'a b',
      '',
      '1a',
      'a--b',
      'a.b',
      'a__',
      '__c',
      'é',
      'a'.repeat(90),
    ]) {
      expect(() => apiName(name)).toThrow(RangeError);
      expect(() => queriesByValues({ ...contact, object: name }, ['1'])).toThrow(RangeError);
      expect(() => queriesByValues({ ...contact, fields: [name] }, ['1'])).toThrow(RangeError);
      expect(() => queriesByValues({ ...contact, ownerFields: [name] }, ['1'])).toThrow(RangeError);
    }
    for (const name of ['Contact', 'MobilePhone', 'Ext__c', 'ns__Ext_2__c', 'PersonHomePhone', 'Phone__pc', 'Owner__r'])
      expect(apiName(name)).toBe(name);
  });
});

describe('queryOfUser', () => {
  it('keeps its structure whatever the id', () => {
    const harmless = structure(queryOfUser('005', ['Extension'])).query;
    fc.assert(
      fc.property(hostile, (id) => {
        expect(structure(queryOfUser(id, ['Extension'])).query).toBe(harmless);
      }),
    );
  });
});
