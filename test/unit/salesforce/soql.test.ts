import { parseQuery, type Query } from '@jetstreamapp/soql-parser-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StepFilter } from '../../../src/domain/lookup-step.ts';
import type { AskedValues, RecordQuestion } from '../../../src/ports.ts';
import { defaultDialingRules } from '../../../src/phone-numbers/numbering-plans.ts';
import { readNumber } from '../../../src/phone-numbers/read-number.ts';
import { mainNumberSpellings, spellingPatterns, spellings } from '../../../src/phone-numbers/spellings.ts';
import {
  apiName,
  fieldPath,
  literal,
  maxQueryBytes,
  queriesByValues as encodedQueriesByValues,
  queryOfUser,
  uriValue,
} from '../../../src/salesforce/soql.ts';
import { uriOf } from '../../support/uri-of.ts';

const question: RecordQuestion = {
  object: 'Contact',
  fields: ['Phone', 'MobilePhone'],
  only: [],
  filters: [],
  order: [],
  wanted: [],
  users: ['OwnerId'],
  userFields: ['Extension'],
};
const onlyWhatJsonTakes = /^[\w+,'()./*!~%-]*$/;
type Values = AskedValues['values'];
const queriesByValues = (asked: AskedValues) => encodedQueriesByValues(asked).map(({ soql }) => soql);
const contact = (...values: Values): AskedValues => ({ question, values });
const changed = (change: Partial<RecordQuestion>, values: Values = ['1']): AskedValues => ({
  question: { ...question, ...change },
  values,
});
const lead = (...values: Values): AskedValues =>
  changed(
    { object: 'Lead', fields: ['Phone'], only: ['unconverted-lead'], userFields: ['Extension', 'Ext__c'] },
    values,
  );
/** A step that uses everything, with hostile values wherever an administrator types. */
const everything = (value: string, filtered: string, name: string): readonly string[] => [
  ...queriesByValues({
    question: {
      object: 'Support_Contract__c',
      fields: ['Contract_Number__c', 'Account__r.Customer_Number__c'],
      only: ['active-owner'],
      filters: [
        { field: 'Name', type: 'text', operator: 'equals', value: filtered },
        { field: 'Account__r.Name', type: 'text', operator: 'contains', value: filtered },
        { field: 'Name', type: 'text', operator: 'starts-with', value: filtered },
        { field: 'Name', type: 'text', operator: 'not-equals', value: filtered },
      ],
      order: [{ field: 'Account__r.Name', direction: 'ascending' }],
      wanted: ['Account__r.Name'],
      users: ['Agent__c', 'Account__r.OwnerId'],
      userFields: ['Extension'],
    },
    values: [value],
  }),
  queryOfUser({ name }, ['Extension']),
];

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
    '\ue000\ue001',
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
    expect(queriesByValues(contact('+49752543312', '07525 43312'))).toEqual([
      'SELECT Id, LastModifiedDate, Phone, MobilePhone, OwnerId, Owner.IsActive, Owner.Extension FROM Contact ' +
        "WHERE Phone IN ('+49752543312','07525 43312') OR MobilePhone IN ('+49752543312','07525 43312') " +
        'ORDER BY LastModifiedDate DESC, Id LIMIT 200',
    ]);
  });

  it('asks for a polymorphic owner by type, and for leads that are not converted', () => {
    expect(queriesByValues(lead('1'))).toEqual([
      'SELECT Id, LastModifiedDate, Phone, OwnerId, TYPEOF Owner WHEN User THEN IsActive, Extension, Ext__c END FROM Lead ' +
        "WHERE (Phone IN ('1')) AND IsConverted = false ORDER BY LastModifiedDate DESC, Id LIMIT 200",
    ]);
  });

  it('asks for parents, users, conditions and an order of one’s own', () => {
    expect(everything('A', 'B%_', 'C')).toEqual([
      'SELECT Id, Account__r.Name, Contract_Number__c, Account__r.Customer_Number__c, ' +
        'Agent__c, Agent__r.IsActive, Agent__r.Extension, Account__r.OwnerId FROM Support_Contract__c ' +
        "WHERE (Contract_Number__c IN ('A') OR Account__r.Customer_Number__c IN ('A')) AND Owner.IsActive = true " +
        "AND Name = 'B%_' AND Account__r.Name LIKE '%B\\%\\_%' AND Name LIKE 'B\\%\\_%' AND Name != 'B%_' " +
        'ORDER BY Account__r.Name ASC NULLS LAST, Id LIMIT 200',
      "SELECT Id, IsActive, Extension FROM User WHERE Name = 'C' AND UserType = 'Standard' ORDER BY IsActive DESC, Id LIMIT 2",
    ]);
  });

  it('writes a value as the type of the field wants it', () => {
    const where = (filter: Partial<StepFilter>, values?: Values) => {
      const filters = [{ field: 'Level__c', type: 'number', operator: 'equals', value: '', ...filter }] as const;
      const [soql = ''] = queriesByValues(changed({ fields: ['Level__c'], filters }, values));
      return /WHERE (.*) ORDER/.exec(soql)?.[1];
    };
    expect(where({ value: '3.5', operator: 'less-or-equal' }, [1002])).toBe('(Level__c IN (1002)) AND Level__c <= 3.5');
    expect(where({ type: 'boolean', value: 'true' })).toBe("(Level__c IN ('1')) AND Level__c = true");
    expect(where({ type: 'date', value: 'LAST_N_DAYS:30', operator: 'greater' })).toBe(
      "(Level__c IN ('1')) AND Level__c > LAST_N_DAYS:30",
    );
    expect(where({ type: 'datetime', value: '2026-11-23T09:00:00Z', operator: 'less' })).toBe(
      "(Level__c IN ('1')) AND Level__c < 2026-11-23T09:00:00Z",
    );
    expect(where({ type: 'text', operator: 'is-empty' })).toBe("(Level__c IN ('1')) AND Level__c = null");
    expect(where({ type: 'text', operator: 'is-not-empty' })).toBe("(Level__c IN ('1')) AND Level__c != null");
    for (const [type, operator, value] of [
      ['number', 'equals', '1 OR 1=1'],
      ['boolean', 'equals', 'null'],
      ['date', 'equals', 'TODAY OR Id != null'],
      ['datetime', 'equals', '2026-11-23'],
      ['number', 'contains', '1'],
      ['text', 'less', '1'],
    ] as const) {
      expect(() => where({ type, operator, value }), value).toThrow(RangeError);
    }
    expect(() => where({}, [Infinity])).toThrow(RangeError);
  });

  it('keeps its structure whatever the values, the filters and the names', () => {
    for (const of of [contact, lead]) {
      const harmless = structure(queriesByValues(of('a', 'b'))[0] ?? '');
      fc.assert(
        fc.property(hostile, hostile, (one, other) => {
          const [soql = '', ...more] = queriesByValues(of(one, other));
          expect(more).toEqual([]);
          const { query, values } = structure(soql);
          expect(query).toBe(harmless.query);
          expect(values).toHaveLength(harmless.values.length);
        }),
        { numRuns: 500 },
      );
    }
    const harmless = everything('a', 'b', 'c').map((soql) => structure(soql).query);
    fc.assert(
      fc.property(hostile, hostile, hostile, (value, filtered, name) => {
        expect(everything(value, filtered, name).map((soql) => structure(soql).query)).toEqual(harmless);
      }),
      { numRuns: 500 },
    );
  });

  it('writes each as a URL wants it, too', () => {
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        for (const of of [contact, lead])
          for (const query of encodedQueriesByValues(of(one, other, 7))) {
            expect(new URL(`http://x/?q=${uriOf(query)}`).searchParams.get('q')).toBe(query.soql);
            expect(uriOf(query)).toMatch(onlyWhatJsonTakes);
          }
      }),
    );
  });

  it('puts the digits of a number where their blanks are, in both forms', () => {
    const rules = defaultDialingRules('DE');
    const told = (asked: AskedValues) => encodedQueriesByValues(asked).map((query) => [query.soql, uriOf(query)]);
    fc.assert(
      fc.property(fc.constantFrom('7525', '171', '30'), fc.integer({ min: 1_000, max: 9_999_999 }), (area, rest) => {
        const number = readNumber(`+49${area}${rest}`, rules);
        if (number.kind !== 'number') throw new Error('This is no number.');
        const spelled = [...spellings(number, rules), ...mainNumberSpellings(number, rules)];
        const patterns = { question, values: spellingPatterns(number, rules).all, digits: number.national };
        expect(spelled).toContain(number.e164);
        expect(told(patterns)).toEqual(told(contact(...spelled)));
        // In more fields than one query has room for.
        const many = { ...question, fields: Array.from({ length: 20 }, (_, n) => `Phone_Number_${n}__c`) };
        expect(told({ ...patterns, question: many })).toEqual(told({ question: many, values: spelled }));
        expect(told({ ...patterns, question: many }).length).toBeGreaterThan(1);
      }),
    );
  });

  it('takes nothing but digits for a number’s, and not too few', () => {
    const ask = (digits: string) => encodedQueriesByValues({ question, values: ['+\ue000\ue001'], digits });
    expect(ask('49').map(uriOf)[0]).toContain("('%2B49')");
    for (const digits of ["'", '4', '', '4 ', "9') OR (Id != '", '\ue000\ue001'])
      expect(() => ask(digits), digits).toThrow(RangeError);
  });

  it('splits what would not fit a URI, without losing a value', () => {
    const values = Array.from({ length: 900 }, (_, n) => `+49 (0)7525 / ${String(n).padStart(6, '0')}`);
    const queries = encodedQueriesByValues(contact(...values));
    expect(queries.length).toBeGreaterThan(1);
    for (const query of queries) expect(uriOf(query).length).toBeLessThanOrEqual(maxQueryBytes);
    const asked = queries.flatMap(({ soql }) => {
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
      expect(() => queriesByValues(changed({ object: name }))).toThrow(RangeError);
      if (name === 'a.b') continue;
      const filter = { type: 'text', operator: 'equals', value: '' } as const;
      for (const change of [
        { fields: [name] },
        { wanted: [name] },
        { users: [name] },
        { order: [{ field: name, direction: 'ascending' }] },
        { filters: [{ ...filter, field: `Account.${name}` }] },
      ] as const)
        expect(() => queriesByValues(changed(change))).toThrow(RangeError);
      expect(() => queriesByValues(changed({ userFields: [name] }))).toThrow(RangeError);
    }
    for (const name of ['Contact', 'MobilePhone', 'Ext__c', 'ns__Ext_2__c', 'PersonHomePhone', 'Phone__pc', 'Owner__r'])
      expect(apiName(name)).toBe(name);
    expect(fieldPath('Account.Parent.Owner.Name')).toBe('Account.Parent.Owner.Name');
    expect(() => fieldPath('A.B.C.D.E.F.G')).toThrow(RangeError);
  });
});

describe('queryOfUser', () => {
  it('keeps its structure whatever the id', () => {
    const harmless = structure(queryOfUser({ id: '005' }, ['Extension'])).query;
    fc.assert(
      fc.property(hostile, (id) => {
        expect(structure(queryOfUser({ id }, ['Extension'])).query).toBe(harmless);
      }),
    );
  });
});

it.each([
  "SELECT Id FROM Contact WHERE Phone IN ('+49 7525/4331-21','(0)7525 %20&q=1#2')",
  'a+b =c;d?e@f:g[h]{i}|j\\k"l<m>n^o`p',
  'Grüße 📞 \u2028 中',
])('writes a query so that a URL gives it back: %s', (query) => {
  const value = uriValue(query);
  expect(new URL(`http://x/?q=${value}`).searchParams.get('q')).toBe(query);
  expect(value).toMatch(onlyWhatJsonTakes);
});
