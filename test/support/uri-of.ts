import type { EncodedQuery } from '../../src/ports.ts';
import { addUri } from '../../src/salesforce/soql.ts';

/** What a query is as the value of a URL's parameter. */
export function uriOf(query: EncodedQuery): string {
  const pieces: Uint8Array[] = [];
  addUri(pieces, query);
  return Buffer.concat(pieces).toString();
}
