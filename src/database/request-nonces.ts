import { lt, sql } from 'drizzle-orm';
import { requestNonces } from '../../drizzle/schema/request-nonces.ts';
import { nonceMemoryMs } from '../domain/request-signature.ts';
import type { RequestNonces } from '../ports.ts';
import { guarded, type Drizzle } from './client.ts';

export function createRequestNonces(db: Drizzle): RequestNonces {
  return {
    remember: (signer, nonce) =>
      guarded(async () => {
        // What is too old to matter goes with each that comes, by PostgreSQL's clock.
        await db
          .delete(requestNonces)
          .where(lt(requestNonces.seenAt, sql`now() - make_interval(secs => ${nonceMemoryMs / 1_000})`));
        const fresh = await db
          .insert(requestNonces)
          .values({ signer, nonce })
          .onConflictDoNothing()
          .returning({ nonce: requestNonces.nonce });
        return fresh.length > 0;
      }),
  };
}
