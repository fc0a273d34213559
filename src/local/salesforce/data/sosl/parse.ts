import { SalesforceError } from '../errors.ts';
import { foldText, searchGroups, type SearchGroup, type Term } from './search-index.ts';

export type SearchExpression =
  | { readonly kind: 'term'; readonly term: Term }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly SearchExpression[] }
  | { readonly kind: 'not'; readonly part: SearchExpression };

/** One object of RETURNING: the SOQL that its clauses stand for. */
export interface Returning {
  readonly object: string;
  readonly soql: string;
}

export interface Search {
  readonly expression: SearchExpression;
  readonly group: SearchGroup;
  /** Empty: every searchable object. */
  readonly returning: readonly Returning[];
  readonly limit: number;
}

export const mostResults = 2_000;
const longestStatement = 100_000;
const longestTerm = 10_000;

const malformed = (message: string): SalesforceError => new SalesforceError(400, 'MALFORMED_SEARCH', message);

const unexpected = (text: string): SalesforceError =>
  malformed(text === '' ? "unexpected token: '<EOF>'" : `unexpected token: '${text}'`);

/** Reads a SOSL statement. */
export function parseSosl(source: string): Search {
  if (source.length > longestStatement)
    throw malformed(`SOSL statements cannot be longer than ${longestStatement} characters.`);
  const find = /^\s*FIND\s*/i.exec(source);
  if (find === null) throw unexpected(/^\s*(\S*)/.exec(source)?.[1] ?? '');
  if (source.charAt(find[0].length) !== '{') {
    throw malformed('No search term found. The search term must be enclosed in braces.');
  }
  const end = endOfTerm(source, find[0].length + 1);
  const term = source.slice(find[0].length + 1, end);
  let rest = source.slice(end + 1);

  const group = /^\s*IN\s+(\w+)\s+FIELDS\b/i.exec(rest);
  const groupName = searchGroups.find((each) => each === group?.[1]?.toUpperCase());
  if (group !== null) {
    if (groupName === undefined) throw unexpected(group[1] ?? '');
    rest = rest.slice(group[0].length);
  }
  const returning: Returning[] = [];
  const clause = /^\s*RETURNING\s+/i.exec(rest);
  if (clause !== null) {
    rest = rest.slice(clause[0].length);
    for (;;) {
      const object = /^\s*(\w+)\s*/.exec(rest);
      if (object === null) throw unexpected(/^\s*(\S*)/.exec(rest)?.[1] ?? '');
      rest = rest.slice(object[0].length);
      let inside = '';
      if (rest.startsWith('(')) {
        const close = endOfParentheses(rest);
        inside = rest.slice(1, close);
        rest = rest.slice(close + 1);
      }
      returning.push({ object: object[1] ?? '', soql: soqlOf(object[1] ?? '', inside) });
      const comma = /^\s*,/.exec(rest);
      if (comma === null) break;
      rest = rest.slice(comma[0].length);
    }
  }
  const limit = /^\s*LIMIT\s+(\d+)/i.exec(rest);
  if (limit !== null) rest = rest.slice(limit[0].length);
  if (rest.trim() !== '') throw unexpected(/^\s*(\S*)/.exec(rest)?.[1] ?? '');
  return {
    expression: parseTerm(term),
    group: groupName ?? 'ALL',
    returning,
    limit: Math.min(Number(limit?.[1] ?? mostResults), mostResults),
  };
}

function endOfTerm(source: string, start: number): number {
  for (let at = start; at < source.length; at++) {
    const char = source.charAt(at);
    if (char === '\\') at++;
    else if (char === '{') throw unexpected('{');
    else if (char === '}') return at;
  }
  throw malformed('No search term found. The search term must be enclosed in braces.');
}

function endOfParentheses(text: string): number {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (quoted && char === '\\') at++;
    else if (char === "'") quoted = !quoted;
    else if (!quoted && char === '(') depth++;
    else if (!quoted && char === ')' && --depth === 0) return at;
  }
  throw unexpected('');
}

/** `Id, Name WHERE … LIMIT n` of an object, as the SOQL that says the same. */
export function soqlOf(object: string, inside: string): string {
  const clause = /(?:^|\s)(?:WHERE|ORDER\s+BY|LIMIT|OFFSET|USING)\s/i.exec(inside);
  const fields = (clause === null ? inside : inside.slice(0, clause.index)).trim();
  return `SELECT ${fields === '' ? 'Id' : fields} FROM ${object} ${clause === null ? '' : inside.slice(clause.index).trim()}`;
}

type Lexeme =
  { readonly kind: 'word' | 'phrase'; readonly text: string; readonly wildcard: string } | { readonly kind: '(' | ')' };

/** Must be escaped with a backslash to be searched for. */
const reserved = "&|!{}[]^~:'+-";

function lexTerm(source: string): readonly Lexeme[] {
  const lexemes: Lexeme[] = [];
  let at = 0;
  while (at < source.length) {
    const char = source.charAt(at);
    if (/\s/.test(char)) at++;
    else if (char === '(' || char === ')') {
      lexemes.push({ kind: char });
      at++;
    } else at = word(at, char === '"');
  }
  return lexemes;

  /** Reads a word, or a phrase up to its closing quote; answers where it ends. */
  function word(start: number, phrase: boolean): number {
    let text = '';
    // The same with wildcards as a regular expression.
    let wildcard = '';
    let hasWildcard = false;
    let position = phrase ? start + 1 : start;
    for (; position < source.length; position++) {
      let char = source.charAt(position);
      if (phrase ? char === '"' : /[\s()"]/.test(char)) break;
      if (char === '\\') {
        char = source.charAt(++position);
        if (char === '') throw unexpected('\\');
      } else if (char === '*' || char === '?') {
        if (text === '') throw malformed(`A search term cannot begin with the wildcard '${char}'.`);
        hasWildcard = true;
        wildcard += char === '*' ? '.*' : '.';
        continue;
      } else if (reserved.includes(char)) throw unexpected(char);
      text += char;
      wildcard += foldText(char).replace(/[$()*+./?[\\\]^{|}]/g, '\\$&');
    }
    if (phrase && position >= source.length) throw unexpected('"');
    lexemes.push({ kind: phrase ? 'phrase' : 'word', text, wildcard: hasWildcard ? wildcard : '' });
    return phrase ? position + 1 : position;
  }
}

/** The expression within FIND {…}: words side by side must all be there. */
export function parseTerm(source: string): SearchExpression {
  const visible = source.replace(/[\\"*?]/g, '').trim();
  if (visible.length < 2) {
    throw new SalesforceError(400, 'INVALID_SEARCH', `search term must be longer than one character: ${source.trim()}`);
  }
  // Salesforce answers nothing to terms beyond its limit; words that nobody has do that.
  if (source.length > longestTerm) return { kind: 'or', parts: [] };
  const lexemes = lexTerm(source);
  let at = 0;
  const whole = either();
  if (at < lexemes.length) throw unexpected(')');
  return whole;

  function isWord(index: number, text: string): boolean {
    const lexeme = lexemes[index];
    return lexeme?.kind === 'word' && lexeme.text.toUpperCase() === text;
  }

  function either(): SearchExpression {
    const parts = [all()];
    while (isWord(at, 'OR')) {
      at++;
      parts.push(all());
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'or', parts };
  }

  function all(): SearchExpression {
    const parts = [one()];
    while (at < lexemes.length && !isWord(at, 'OR') && lexemes[at]?.kind !== ')') {
      if (isWord(at, 'AND')) at++;
      if (isWord(at, 'NOT')) {
        at++;
        parts.push({ kind: 'not', part: one() });
      } else parts.push(one());
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'and', parts };
  }

  function one(): SearchExpression {
    const lexeme = lexemes[at++];
    if (lexeme === undefined) throw unexpected('');
    switch (lexeme.kind) {
      case '(': {
        const inner = either();
        if (lexemes[at++]?.kind !== ')') throw unexpected('');
        return inner;
      }
      case ')':
        throw unexpected(')');
      case 'word':
      case 'phrase':
        return termsOf(lexeme.text, lexeme.wildcard);
    }
  }
}

/** A word as it is looked up. What could be a phone number loses its punctuation; other words are cut where the index cuts them. */
function termsOf(text: string, wildcard: string): SearchExpression {
  const term = (word: string): SearchExpression => ({ kind: 'term', term: { text: word, pattern: null } });
  const isPhone = /^[\d\s()+./-]*\d[\d\s()+./-]*$/.test(text);
  if (wildcard !== '') {
    const body = isPhone ? wildcard.replace(/\\[()+./]|[\s-]/g, '') : wildcard;
    return { kind: 'term', term: { text: foldText(text), pattern: new RegExp(`^${body}$`, 's') } };
  }
  if (isPhone) return term(text.replace(/\D/g, ''));
  const whole = foldText(text);
  const words = whole.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length <= 1) return term(words[0] ?? whole);
  const parts: SearchExpression = { kind: 'and', parts: words.map(term) };
  return whole.includes('@') ? { kind: 'or', parts: [term(whole), parts] } : parts;
}
