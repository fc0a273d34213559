/**
 * A history, or a part of one, as text with every payload opened. Not by `JSON.stringify`: protobuf's own `toJSON` would turn the payloads
 * into base64, in which nothing is found.
 */
export function historyText(part: unknown): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString('utf8');
  if (typeof part === 'object' && part !== null) {
    return Object.entries(part)
      .map(([name, value]) => `${name}: ${historyText(value)}`)
      .join('\n');
  }
  return String(part);
}
