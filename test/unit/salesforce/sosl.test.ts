import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSosl, type SearchExpression } from '../../../src/local/salesforce/data/sosl/parse.ts';
import type { RecordQuestion } from '../../../src/ports.ts';
import { searchPhoneFields } from '../../../src/salesforce/sosl.ts';

const contact: RecordQuestion = {
  object: 'Contact',
  fields: ['Phone'],
  only: [],
  filters: [],
  order: [],
  wanted: [],
  users: ['OwnerId'],
  userFields: ['Extension'],
};
const objects: readonly RecordQuestion[] = [
  contact,
  { ...contact, object: 'Lead', fields: ['Phone', 'MobilePhone'], only: ['unconverted-lead'] },
];

/** The search without its words: how many alternatives, how they are made up, and everything after them. */
function structure(sosl: string): { alternatives: readonly string[]; rest: unknown } {
  const { expression, ...rest } = parseSosl(sosl);
  const alternatives = expression.kind === 'or' ? expression.parts : [expression];
  return { alternatives: alternatives.map(kindOf), rest };
}

/** A phrase is a term, or all of its words. */
function kindOf(expression: SearchExpression): string {
  if (expression.kind === 'term') return expression.term.pattern === null ? 'words' : 'pattern';
  if (expression.kind === 'and' && expression.parts.every((part) => kindOf(part) === 'words')) return 'words';
  return expression.kind;
}

describe('searchPhoneFields', () => {
  it('searches phone fields for any of the words and tells a polymorphic owner by its id alone', () => {
    expect(searchPhoneFields(objects, ['752543312', '0752543312'])).toBe(
      'FIND {752543312 OR 0752543312} IN PHONE FIELDS RETURNING ' +
        'Contact(Id, LastModifiedDate, Phone, OwnerId, Owner.IsActive, Owner.Extension ORDER BY LastModifiedDate DESC LIMIT 200), ' +
        'Lead(Id, LastModifiedDate, Phone, MobilePhone, OwnerId WHERE IsConverted = false ORDER BY LastModifiedDate DESC LIMIT 200)',
    );
  });

  it('keeps its structure whatever the words', () => {
    const harmless = structure(searchPhoneFields(objects, ['ab', 'cd']));
    const hostile = fc.oneof(
      fc.constantFrom(
        '} RETURNING User(Id)',
        'a OR b',
        'a* OR b?',
        '"a" AND NOT "b"',
        '\\',
        '\\"',
        '{',
        '}',
        "'",
        'a\0b',
        '\ud800',
        'or',
      ),
      fc.string({ unit: fc.constantFrom(...Array.from('?&|!{}[]()^~*:\\"\'+-aOR \n\t'), '\u2028', '😀') }),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        // A word of which nothing can be searched for would be an error of its own.
        expect(structure(searchPhoneFields(objects, [`${one}1`, `${other}1`]))).toEqual(harmless);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps its structure whatever is filtered by', () => {
    const filtered = (value: string) =>
      searchPhoneFields(
        [
          {
            ...contact,
            filters: [
              { field: 'Account.Name', type: 'text', operator: 'contains', value },
              { field: 'Title', type: 'text', operator: 'not-equals', value },
            ],
            order: [{ field: 'Account.Name', direction: 'ascending' }],
          },
        ],
        ['752543312'],
      );
    expect(filtered('A')).toBe(
      'FIND {752543312} IN PHONE FIELDS RETURNING Contact(Id, Account.Name, Phone, OwnerId, Owner.IsActive, Owner.Extension ' +
        "WHERE Account.Name LIKE '%A%' AND Title != 'A' ORDER BY Account.Name ASC NULLS LAST LIMIT 200)",
    );
    /** Everything but the texts between quotes, as Salesforce's reference says where they end. */
    const bare = (sosl: string) => sosl.replace(/'(?:[^'\\]|\\.)*'/gs, '?');
    const harmless = bare(filtered('A'));
    const hostile = fc.oneof(
      fc.constantFrom("' OR Id != '", "\\' OR Id != \\'", ') , User(Id', '%', '_', "\ud800'"),
      fc.string({ unit: fc.constantFrom("'", '\\', '"', '(', ')', '%', '_', '\n', ' ', '}') }),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(hostile, (value) => {
        expect(bare(filtered(value))).toBe(harmless);
        expect(() => parseSosl(filtered(value))).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
  });

  it('refuses what is no API name', () => {
    expect(() => searchPhoneFields([{ ...contact, object: 'A(Id)' }], ['1'])).toThrow(RangeError);
    expect(() => searchPhoneFields([{ ...contact, fields: ['Phone) '] }], ['1'])).toThrow(RangeError);
  });
});
