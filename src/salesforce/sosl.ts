import type { RecordQuestion } from '../ports.ts';
import { apiName, conditions, maxRows, orderTerms, selectedFields } from './soql.ts';

/**
 * A word to search for, its reserved characters escaped (source: SOQL and SOSL Reference, "Reserved Characters"). Whatever is not one
 * plain word becomes a phrase, so that neither a space nor an operator makes two of it.
 */
export function searchWord(word: string): string {
  if (/^[\p{L}\p{N}]+$/u.test(word) && !/^(?:and|or|not)$/i.test(word)) return word;
  const printable = word.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
  return `"${printable.replace(/[?&|!{}[\]()^~*:\\"'+-]/g, '\\$&')}"`;
}

/**
 * Records whose phone fields the index holds under one of the words; each object once. Whole words only: a wildcard costs Salesforce a
 * walk through its index. A polymorphic owner is told by its id alone, since SOSL has no TYPEOF.
 */
export function searchPhoneFields(questions: readonly RecordQuestion[], words: readonly string[]): string {
  const returning = questions.map((question) => {
    const others = conditions(question);
    return (
      `${apiName(question.object)}(${selectedFields(question).join(', ')}` +
      `${others.length === 0 ? '' : ` WHERE ${others.join(' AND ')}`} ORDER BY ${orderTerms(question)[0]} LIMIT ${maxRows})`
    );
  });
  return `FIND {${words.map(searchWord).join(' OR ')}} IN PHONE FIELDS RETURNING ${returning.join(', ')}`;
}
