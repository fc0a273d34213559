import { and, eq, isNull, lt, sql } from 'drizzle-orm';
import { credentials } from '../../drizzle/schema/credentials.ts';
import type { OrgId } from '../domain/ids.ts';
import type { Credentials, CredentialsStore, Sealer } from '../ports.ts';
import { notifyChange } from './changes.ts';
import { guarded, guardedPatiently, type Drizzle } from './client.ts';
import { sealContext } from './sealed-columns.ts';

/** What a sealed token belongs to: it opens in its own row and column only. */
export const credentialsContext = (orgId: OrgId, field: 'access' | 'refresh'): string =>
  sealContext(`credentials.${field}_token_sealed`, orgId);

/** The refresh protocol of design section 4: every step is one statement that says for which version and attempt it holds. */
export function createCredentials(db: Drizzle, sealer: Sealer): CredentialsStore {
  const mark = (attempt: string) => ({ refreshStartedAt: sql`now()`, refreshAttempt: attempt });
  const isVersion = (orgId: OrgId, version: number) =>
    and(eq(credentials.orgId, orgId), eq(credentials.version, version));

  return {
    read: (orgId) =>
      guarded(async () => {
        const [row] = await db.select().from(credentials).where(eq(credentials.orgId, orgId));
        return row && toCredentials(row, sealer);
      }),

    readVersion: (orgId) =>
      guarded(async () => {
        const [row] = await db
          .select({
            version: credentials.version,
            issuedAt: credentials.issuedAt,
            refreshStartedAt: credentials.refreshStartedAt,
          })
          .from(credentials)
          .where(eq(credentials.orgId, orgId));
        return (
          row && {
            version: row.version,
            issuedAtMs: row.issuedAt.getTime(),
            refreshStartedAtMs: row.refreshStartedAt?.getTime(),
          }
        );
      }),

    markRefresh: (orgId, version, attempt) =>
      guardedPatiently(async () => {
        const rows = await db
          .update(credentials)
          .set(mark(attempt))
          .where(and(isVersion(orgId, version), isNull(credentials.refreshStartedAt)))
          .returning({ orgId: credentials.orgId });
        return rows.length === 1;
      }),

    renewMark: (orgId, version, endedAttempt, attempt) =>
      guardedPatiently(async () => {
        const rows = await db
          .update(credentials)
          .set(mark(attempt))
          .where(and(isVersion(orgId, version), eq(credentials.refreshAttempt, endedAttempt)))
          .returning({ orgId: credentials.orgId });
        return rows.length === 1;
      }),

    takeOverMark: (orgId, version, attempt, olderThanMs) =>
      guardedPatiently(async () => {
        const rows = await db
          .update(credentials)
          .set(mark(attempt))
          .where(
            and(
              isVersion(orgId, version),
              lt(credentials.refreshStartedAt, sql`now() - ${olderThanMs} * interval '1 millisecond'`),
            ),
          )
          .returning({ orgId: credentials.orgId });
        return rows.length === 1;
      }),

    markAgeMs: (orgId) =>
      guarded(async () => {
        const [row] = await db
          .select({
            ageMs: sql<
              number | null
            >`(extract(epoch from now() - ${credentials.refreshStartedAt}) * 1000)::double precision`,
          })
          .from(credentials)
          .where(eq(credentials.orgId, orgId));
        return row?.ageMs ?? undefined;
      }),

    writeRefreshed: (orgId, version, attempt, grant) =>
      guardedPatiently(() =>
        db.transaction(async (tx) => {
          const rows = await tx
            .update(credentials)
            .set({
              version: version + 1,
              accessTokenSealed: sealer.seal(grant.accessToken, credentialsContext(orgId, 'access')),
              // Without rotation none comes, and the one that is there goes on being good.
              ...(grant.refreshToken === undefined
                ? {}
                : { refreshTokenSealed: sealer.seal(grant.refreshToken, credentialsContext(orgId, 'refresh')) }),
              ...(grant.instanceUrl === undefined ? {} : { instanceUrl: grant.instanceUrl }),
              identityUrl: grant.identityUrl,
              issuedAt: new Date(grant.issuedAtMs),
              refreshStartedAt: null,
              refreshAttempt: null,
              updatedAt: sql`now()`,
            })
            .where(
              and(
                isVersion(orgId, version),
                attempt === undefined ? undefined : eq(credentials.refreshAttempt, attempt),
              ),
            )
            .returning({ orgId: credentials.orgId });
          if (rows.length === 0) return false;
          const { channel, payload } = notifyChange({ kind: 'credentials', orgId, version: version + 1 });
          await tx.execute(sql`select pg_notify(${channel}, ${payload})`);
          return true;
        }),
      ),

    clearMark: (orgId, attempt) =>
      guardedPatiently(async () => {
        await db
          .update(credentials)
          .set({ refreshStartedAt: null, refreshAttempt: null })
          .where(and(eq(credentials.orgId, orgId), eq(credentials.refreshAttempt, attempt)));
      }),
  };
}

type Row = typeof credentials.$inferSelect;

export const toCredentials = (row: Row, sealer: Sealer): Credentials => ({
  orgId: row.orgId,
  version: row.version,
  accessToken: sealer.open(row.accessTokenSealed, credentialsContext(row.orgId, 'access')),
  refreshToken: sealer.open(row.refreshTokenSealed, credentialsContext(row.orgId, 'refresh')),
  instanceUrl: row.instanceUrl,
  identityUrl: row.identityUrl,
  loginHost: row.loginHost,
  issuedAtMs: row.issuedAt.getTime(),
  refreshStartedAtMs: row.refreshStartedAt?.getTime(),
  refreshAttempt: row.refreshAttempt ?? undefined,
});
