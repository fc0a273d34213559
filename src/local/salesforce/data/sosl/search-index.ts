import type { SObject } from '../schema.ts';
import type { Row } from '../store.ts';

/** What a search looks at: `IN … FIELDS`. */
export const searchGroups = ['ALL', 'NAME', 'EMAIL', 'PHONE', 'SIDEBAR'] as const;
export type SearchGroup = (typeof searchGroups)[number];

type Kind = 'name' | 'email' | 'phone' | 'text';

const kindsOf: Readonly<Record<SearchGroup, readonly Kind[]>> = {
  ALL: ['name', 'email', 'phone', 'text'],
  NAME: ['name'],
  EMAIL: ['email'],
  PHONE: ['phone'],
  SIDEBAR: ['name', 'email', 'phone'],
};

/** One word of a search; `pattern` when it has wildcards. */
export interface Term {
  readonly text: string;
  readonly pattern: RegExp | null;
}

/** Without case and accents. */
export const foldText = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Shorter endings of a number would match everybody. */
const shortestEnding = 7;

/**
 * Words of a phone number: its digits without punctuation, each of their endings (so that the national number finds an international
 * spelling), and the groups as they were typed. An extension behind `x` stands apart.
 */
function phoneWords(text: string): readonly string[] {
  const words: string[] = [];
  for (const part of text.split(/\s*(?:x|ext\.?)\s*/i)) {
    const digits = part.replace(/\D/g, '');
    if (digits === '') continue;
    words.push(digits);
    for (let start = 1; digits.length - start >= shortestEnding; start++) words.push(digits.slice(start));
    words.push(...(part.match(/\d{2,}/g) ?? []));
  }
  return words;
}

const textWords = (text: string): readonly string[] => foldText(text).match(/[\p{L}\p{N}]+/gu) ?? [];

function wordsOf(object: SObject, row: Row): readonly string[] {
  const words = new Set<string>();
  for (const field of object.fields) {
    const value = row[field.name];
    if (typeof value !== 'string') continue;
    const kind: Kind | null =
      field.type === 'phone'
        ? 'phone'
        : field.type === 'email'
          ? 'email'
          : field.nameField
            ? 'name'
            : field.type === 'string' || field.type === 'textarea' || field.type === 'picklist' || field.type === 'url'
              ? 'text'
              : null;
    if (kind === null) continue;
    for (const word of kind === 'phone' ? phoneWords(value) : textWords(value)) words.add(`${kind}:${word}`);
    if (kind === 'email') words.add(`email:${foldText(value)}`);
  }
  return [...words];
}

interface Pending {
  readonly id: string;
  readonly words: readonly string[];
  readonly changedAtMs: number;
}

/**
 * The search index of one object: words to ids. It is behind the records on purpose: a change joins a queue and is taken in once it is
 * older than the org's delay. Until then the old words go on finding the record, and the answer shows its present values.
 */
export class SearchIndex {
  readonly #object: SObject;
  readonly #ids = new Map<string, Set<string>>();
  readonly #words = new Map<string, readonly string[]>();
  #queue: Pending[] = [];

  constructor(object: SObject) {
    this.#object = object;
  }

  /** A record of the seed: searchable at once. */
  add(row: Row): void {
    this.#take(row.Id, wordsOf(this.#object, row));
  }

  changed(row: Row, changedAtMs: number): void {
    this.#queue.push({ id: row.Id, words: wordsOf(this.#object, row), changedAtMs });
  }

  removed(id: string, changedAtMs: number): void {
    this.#queue.push({ id, words: [], changedAtMs });
  }

  /** Takes in what changed before a moment. */
  catchUp(untilMs: number): void {
    if (this.#queue.length === 0) return;
    const due = this.#queue.filter((each) => each.changedAtMs <= untilMs);
    this.#queue = this.#queue.filter((each) => each.changedAtMs > untilMs);
    for (const { id, words } of due) this.#take(id, words);
  }

  find(group: SearchGroup, term: Term): ReadonlySet<string> {
    const found = new Set<string>();
    for (const kind of kindsOf[group]) {
      const prefix = `${kind}:`;
      if (term.pattern === null) {
        for (const id of this.#ids.get(prefix + term.text) ?? []) found.add(id);
        continue;
      }
      for (const [word, ids] of this.#ids) {
        if (!word.startsWith(prefix) || !term.pattern.test(word.slice(prefix.length))) continue;
        for (const id of ids) found.add(id);
      }
    }
    return found;
  }

  #take(id: string, words: readonly string[]): void {
    for (const word of this.#words.get(id) ?? []) {
      const ids = this.#ids.get(word);
      ids?.delete(id);
      if (ids?.size === 0) this.#ids.delete(word);
    }
    if (words.length === 0) {
      this.#words.delete(id);
      return;
    }
    this.#words.set(id, words);
    for (const word of words) {
      const ids = this.#ids.get(word);
      if (ids === undefined) this.#ids.set(word, new Set([id]));
      else ids.add(id);
    }
  }
}
