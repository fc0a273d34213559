/*
 * How a request says who sent it. Sender and receiver share a secret; three headers carry
 *
 *   X-Trunkline-Timestamp   unix seconds
 *   X-Trunkline-Nonce       a text that is used once
 *   X-Trunkline-Signature   v1=<hex HMAC-SHA256 of the canonical request>
 *
 * A request is believed for five minutes around its timestamp, and once: its nonce is remembered for ten, which is as long as the
 * window can be, from the earliest moment that a request is believed to the last.
 */

export const signatureWindowMs = 5 * 60_000;
export const nonceMemoryMs = 2 * signatureWindowMs;

export const signatureHeaders = {
  timestamp: 'x-trunkline-timestamp',
  nonce: 'x-trunkline-nonce',
  signature: 'x-trunkline-signature',
} as const;

export interface CanonicalParts {
  readonly method: string;
  /** Path with query, as it stands in the request line. */
  readonly path: string;
  /** Hex SHA-256 of the body; of nothing when there is none. */
  readonly bodyHash: string;
  readonly timestamp: string;
  readonly nonce: string;
}

/** What is signed. */
export const canonicalRequest = ({ method, path, bodyHash, timestamp, nonce }: CanonicalParts): string =>
  [method.toUpperCase(), path, bodyHash.toLowerCase(), timestamp, nonce].join('\n');

export interface Signature {
  readonly timestamp: string;
  readonly nonce: string;
  /** Hex, lower case. */
  readonly mac: string;
}

export type SignatureReading =
  | { readonly kind: 'signed'; readonly signature: Signature }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'malformed' };

/** Reads the headers, whose names are in lower case. One that came twice is malformed. */
export function readSignature(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): SignatureReading {
  const timestamp = headers[signatureHeaders.timestamp];
  const nonce = headers[signatureHeaders.nonce];
  const signature = headers[signatureHeaders.signature];
  if (timestamp === undefined && nonce === undefined && signature === undefined) return { kind: 'unsigned' };
  if (typeof timestamp !== 'string' || !/^\d{1,11}$/.test(timestamp)) return { kind: 'malformed' };
  if (typeof nonce !== 'string' || !/^[\w.~+/=-]{8,128}$/.test(nonce)) return { kind: 'malformed' };
  const mac = typeof signature === 'string' ? /^v1=([0-9a-f]{64})$/i.exec(signature)?.[1] : undefined;
  if (mac === undefined) return { kind: 'malformed' };
  return { kind: 'signed', signature: { timestamp, nonce, mac: mac.toLowerCase() } };
}

export const isInWindow = ({ timestamp }: Pick<Signature, 'timestamp'>, nowMs: number): boolean =>
  Math.abs(nowMs - Number(timestamp) * 1_000) <= signatureWindowMs;
