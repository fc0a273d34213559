import { and, eq, ne, sql } from 'drizzle-orm';
import { connections } from '../../drizzle/schema/connections.ts';
import { packageKeys } from '../../drizzle/schema/package-keys.ts';
import type { PackageKeys, Sealer } from '../ports.ts';
import { guarded, type Drizzle } from './client.ts';
import { sealContext } from './sealed-columns.ts';

const secretContext = (connectionId: string) => sealContext('package_keys.secret_sealed', connectionId);

export function createPackageKeys(db: Drizzle, sealer: Sealer): PackageKeys {
  return {
    put: (connectionId, secret) =>
      guarded(async () => {
        const key = { secretSealed: sealer.seal(secret, secretContext(connectionId)), addedAt: sql`now()` };
        await db
          .insert(packageKeys)
          .values({ connectionId, ...key })
          .onConflictDoUpdate({ target: packageKeys.connectionId, set: key });
      }),

    addedAtMs: (connectionId) =>
      guarded(async () => {
        const [row] = await db
          .select({ addedAt: packageKeys.addedAt })
          .from(packageKeys)
          .where(eq(packageKeys.connectionId, connectionId));
        return row?.addedAt.getTime();
      }),

    secretOfOrg: (orgId) =>
      guarded(async () => {
        const [row] = await db
          .select({ connectionId: packageKeys.connectionId, sealed: packageKeys.secretSealed })
          .from(packageKeys)
          .innerJoin(connections, eq(connections.id, packageKeys.connectionId))
          .where(and(eq(connections.orgId, orgId), ne(connections.state, 'disconnected')));
        return row && sealer.open(row.sealed, secretContext(row.connectionId));
      }),
  };
}
