import { SalesforceError } from '../errors.ts';

/** A piece of a statement. Paths (`Owner.Name`) are one word; a string's text is what stands between its quotes, escapes and all. */
export interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'symbol';
  readonly text: string;
  readonly at: number;
}

const word = /[A-Za-z_][\w.]*(?::\d+)?/y;
/** Numbers, dates and datetimes, which begin alike. */
const number = /[+-]?\d[\w.:+-]*/y;
const symbol = /<=|>=|!=|<>|[=<>(),:%*]/y;

/** Cuts a statement into tokens, refusing what Salesforce's own lexer refuses. */
export function lex(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const char = source.charCodeAt(at);
    if (char === 0x20 || (char >= 0x09 && char <= 0x0d)) {
      at++;
      continue;
    }
    if (char === 0x27) {
      const end = endOfString(source, at);
      tokens.push({ kind: 'string', text: source.slice(at + 1, end), at });
      at = end + 1;
      continue;
    }
    const token = match(word, 'word') ?? match(number, 'number') ?? match(symbol, 'symbol');
    if (token === undefined) {
      throw malformed(`line ${lineAt(source, at)} no viable alternative at character '${source.charAt(at)}'`);
    }
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;

  function match(pattern: RegExp, kind: Token['kind']): Token | undefined {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    return text === undefined ? undefined : { kind, text, at };
  }
}

function endOfString(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    const char = source.charCodeAt(at);
    if (char === 0x5c) at++;
    else if (char === 0x27) return at;
  }
  throw malformed(`line ${lineAt(source, source.length)} mismatched character '<EOF>' expecting '''`);
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  N: '\n',
  r: '\r',
  R: '\r',
  t: '\t',
  T: '\t',
  b: '\b',
  B: '\b',
  f: '\f',
  F: '\f',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

/** A part of a LIKE pattern: `text` matches itself, `any` is %, `one` is _. */
export type PatternPart = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'any' | 'one' };

/**
 * What a string literal says. `\_` and `\%` are escapes in LIKE only; any backslash that is no escape is an error.
 */
export function decodeString(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(/\\(u[0-9a-fA-F]{4}|[^]?)/g, (sequence, code: string) => decodeEscape(raw, sequence, code));
}

function decodeEscape(raw: string, sequence: string, code: string): string {
  if (code.length === 5) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  const plain = escapes[code];
  if (plain === undefined) {
    throw malformed(`Invalid string literal '${raw}'. Illegal character sequence '${sequence}' in string literal.`);
  }
  return plain;
}

/** A LIKE pattern in parts. */
export function decodePattern(raw: string): readonly PatternPart[] {
  const parts: PatternPart[] = [];
  let text = '';
  for (const [sequence, code] of raw.matchAll(/\\(u[0-9a-fA-F]{4}|[^]?)|[^]/g)) {
    if (sequence === '%' || sequence === '_') {
      if (text !== '') parts.push({ kind: 'text', text });
      text = '';
      parts.push({ kind: sequence === '%' ? 'any' : 'one' });
    } else if (code === undefined) text += sequence;
    else text += code === '%' || code === '_' ? code : decodeEscape(raw, sequence, code);
  }
  if (text !== '') parts.push({ kind: 'text', text });
  return parts;
}

const malformed = (message: string): SalesforceError => new SalesforceError(400, 'MALFORMED_QUERY', message);

/** `1:36`, as the lexer counts: lines from one, columns from nought. */
function lineAt(source: string, at: number): string {
  const { row, column } = positionAt(source, at);
  return `${row}:${column - 1}`;
}

function positionAt(source: string, at: number): { row: number; column: number; lineStart: number } {
  const before = source.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { row: before.split('\n').length, column: at - lineStart + 1, lineStart };
}

/** How many characters before the place are shown with an error. */
const shownBefore = 40;

/**
 * An error at a place of the statement, in Salesforce's form: the line (cut to what is near), a caret, row and column, then the message.
 */
export function errorAt(source: string, at: number, errorCode: string, message: string): SalesforceError {
  const { row, column, lineStart } = positionAt(source, at);
  const lineEnd = source.indexOf('\n', at);
  const line = source.slice(lineStart, lineEnd < 0 ? source.length : lineEnd);
  // Long lines are cut at the start of a word.
  const words = line.slice(0, column - 1).lastIndexOf(' ', column - 1 - shownBefore);
  const from = column - 1 > shownBefore ? words + 1 : 0;
  // The excerpt ends with the word after the one in question, and one more when that is short (`FROM Account`).
  const rest = /^\S*(?:\s+\S+){0,2}/.exec(line.slice(column - 1))?.[0] ?? '';
  const excerpt = line.slice(from, column - 1) + rest;
  const caret = ' '.repeat(column - 1 - from);
  return new SalesforceError(
    400,
    errorCode,
    `\n${excerpt}\n${caret}^\nERROR at Row:${row}:Column:${column}\n${message}`,
  );
}
