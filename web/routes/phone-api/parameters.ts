/**
 * Parameters with names in lower case, since phone systems write them in all ways: `callerid`, `CallerId`; so is the name of a
 * format. Numbers in JSON become texts, null counts as not sent. Anything else is left to the schema to refuse.
 */
export function lowerCaseNames(values: unknown): unknown {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return values;
  const parameters: [string, unknown][] = [];
  for (const [sentName, sent] of Object.entries(values) as [string, unknown][]) {
    if (sent === null) continue;
    const name = sentName.toLowerCase();
    const value = typeof sent === 'number' ? String(sent) : sent;
    parameters.push([name, name === 'format' && typeof value === 'string' ? value.toLowerCase() : value]);
  }
  return Object.fromEntries(parameters);
}

/** A plus that was not encoded in a URL arrives as a space. */
export const restorePlus = (number: string): string => number.replace(/^ (?=\d)/, '+');
