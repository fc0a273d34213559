import type { SalesforceData } from '../ports.ts';

const nothing = { ok: true, value: [], apiUsage: undefined } as const;

/** An org that is never asked and has nothing: over it a lookup tells what it would ask. */
export const unaskedData: SalesforceData = {
  query: async () => nothing,
  queries: async (_session, soql) => ({ ok: true, value: soql.map(() => nothing), apiUsage: undefined }),
  search: async () => nothing,
};
