/** An extension as somebody types or imports it. */
export interface GivenExtension {
  readonly extension: string;
  readonly isPrimary: boolean;
}

/** What can be dialled or named as an extension, wherever it comes from. */
export const isMappedExtension = (text: string): boolean => /^[A-Za-z0-9*#+._-]{1,40}$/.test(text);

/** Each extension once, exactly one of them primary: the first that says so, else the first. */
export function withOnePrimary<T extends GivenExtension>(given: readonly T[]): readonly T[] {
  const distinct = new Map<string, T>();
  for (const each of given) {
    const known = distinct.get(each.extension);
    if (known === undefined || (each.isPrimary && !known.isPrimary)) distinct.set(each.extension, each);
  }
  const all = [...distinct.values()];
  const primary = all.find(({ isPrimary }) => isPrimary) ?? all[0];
  return all.map((each) => ({ ...each, isPrimary: each === primary }));
}

/** Several in one field, separated as people do; the first is the primary one. */
export const splitExtensions = (text: string): readonly string[] =>
  text
    .split(/[;,|/\n]+/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
