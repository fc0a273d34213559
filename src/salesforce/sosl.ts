import type { SearchedObject } from '../ports.ts';
import { apiName, hasUserOwner, maxRows, ownerUserFields, recordFields, standingCondition } from './soql.ts';

/** A word to search for, its reserved characters escaped (source: SOQL and SOSL Reference, "Reserved Characters"). */
export const searchWord = (word: string): string =>
  word
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .replace(/[?&|!{}[\]()^~*:\\"'+-]/g, '\\$&')
    // Operators are words in capitals.
    .replace(/\b(?:AND|OR|NOT)\b/gi, (operator) => operator.toLowerCase());

/**
 * Records whose phone fields the index holds under one of the words, begun (`752543312*`) or whole. A polymorphic owner is told by its
 * id alone, since SOSL has no TYPEOF.
 */
export function searchPhoneFields(
  objects: readonly SearchedObject[],
  words: { readonly begun: readonly string[]; readonly whole: readonly string[] },
): string {
  const terms = [...words.begun.map((word) => `${searchWord(word)}*`), ...words.whole.map(searchWord)];
  const returning = objects.map((searched) => {
    const object = apiName(searched.object);
    const owner = hasUserOwner(object) ? ownerUserFields(searched).map((field) => `Owner.${field}`) : [];
    const standing = standingCondition(object);
    return (
      `${object}(${[...recordFields(searched), ...owner].join(', ')}` +
      `${standing === undefined ? '' : ` WHERE ${standing}`} ORDER BY LastModifiedDate DESC LIMIT ${maxRows})`
    );
  });
  return `FIND {${terms.join(' OR ')}} IN PHONE FIELDS RETURNING ${returning.join(', ')}`;
}
