import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import { authorizations } from '../../drizzle/schema/authorizations.ts';
import { oneTimeLinks } from '../../drizzle/schema/one-time-links.ts';
import type { AuthorizationReason, ReasonDetail } from '../domain/connection.ts';
import type { Authorization, Authorizations, FormerGrant, Grant, Sealer } from '../ports.ts';
import { notifyChange } from './changes.ts';
import { guarded, guardedPatiently, type Drizzle } from './client.ts';
import { sealContext } from './sealed-columns.ts';

type Row = typeof authorizations.$inferSelect;

/** What a sealed field belongs to: it opens in its own row and column only. */
export const authorizationContext = (id: string, field: 'code_verifier' | 'code' | 'grant' | 'former_grant'): string =>
  sealContext(`authorizations.${field}_sealed`, id);

export function createAuthorizations(db: Drizzle, sealer: Sealer): Authorizations {
  const find = async (id: string): Promise<Row | undefined> =>
    (await db.select().from(authorizations).where(eq(authorizations.id, id)))[0];
  const tell = (tx: Pick<Drizzle, 'execute'>, { id, accountId }: Pick<Row, 'id' | 'accountId'>) => {
    const { channel, payload } = notifyChange({ kind: 'authorization', id, accountId });
    return tx.execute(sql`select pg_notify(${channel}, ${payload})`);
  };

  return {
    create: ({ codeVerifier, expiresAtMs, ...attempt }) =>
      guarded(() =>
        db.transaction(async (tx) => {
          const [row] = await tx
            .insert(authorizations)
            .values({ ...attempt, expiresAt: new Date(expiresAtMs) })
            .returning({ id: authorizations.id });
          if (!row) throw new Error('an insert returned no row');
          await tx
            .update(authorizations)
            .set({ codeVerifierSealed: sealer.seal(codeVerifier, authorizationContext(row.id, 'code_verifier')) })
            .where(eq(authorizations.id, row.id));
          return row;
        }),
      ),

    findByState: (stateHash) =>
      guarded(async () => {
        const [row] = await db.select().from(authorizations).where(eq(authorizations.stateHash, stateHash));
        return row && { ...toAuthorization(row), browserHash: row.browserHash };
      }),

    find: (id) =>
      guarded(async () => {
        const row = await find(id);
        return row && toAuthorization(row);
      }),

    latestOf: (accountId) =>
      guarded(async () => {
        const [row] = await db
          .select()
          .from(authorizations)
          .where(eq(authorizations.accountId, accountId))
          .orderBy(desc(authorizations.createdAt))
          .limit(1);
        return row && toAuthorization(row);
      }),

    receiveCode: (id, code) =>
      guarded(() =>
        db.transaction(async (tx) => {
          const [row] = await tx
            .update(authorizations)
            .set({ status: 'code-received', codeSealed: sealer.seal(code, authorizationContext(id, 'code')) })
            .where(
              and(
                eq(authorizations.id, id),
                eq(authorizations.status, 'begun'),
                sql`${authorizations.expiresAt} > now()`,
              ),
            )
            .returning();
          if (row) await tell(tx, row);
          return row !== undefined;
        }),
      ),

    takeCode: (id) =>
      guardedPatiently(async () => {
        const [row] = await db
          .update(authorizations)
          .set({ codeTakenAt: sql`now()` })
          .where(
            and(
              eq(authorizations.id, id),
              eq(authorizations.status, 'code-received'),
              isNull(authorizations.codeTakenAt),
            ),
          )
          .returning();
        if (row?.codeSealed == null || row.codeVerifierSealed === null) return undefined;
        return {
          code: sealer.open(row.codeSealed, authorizationContext(id, 'code')),
          codeVerifier: sealer.open(row.codeVerifierSealed, authorizationContext(id, 'code_verifier')),
          loginHost: row.loginHost,
          accountId: row.accountId,
        };
      }),

    storeGrant: (id, grant) =>
      guarded(async () => {
        await db
          .update(authorizations)
          .set({
            grantSealed: sealer.seal(JSON.stringify(grant), authorizationContext(id, 'grant')),
            orgId: grant.orgId,
            codeSealed: null,
            codeVerifierSealed: null,
          })
          .where(eq(authorizations.id, id));
      }),

    readGrant: (id) =>
      guarded(async () => {
        const [found] = await db
          .select({ row: authorizations, invitedAs: oneTimeLinks.recipient })
          .from(authorizations)
          .leftJoin(oneTimeLinks, eq(oneTimeLinks.tokenHash, authorizations.invitationHash))
          .where(eq(authorizations.id, id));
        if (found?.row.grantSealed == null) return undefined;
        const { row, invitedAs } = found;
        const grant = JSON.parse(
          sealer.open(found.row.grantSealed, authorizationContext(id, 'grant')),
        ) as Partial<Grant> & Omit<Grant, 'refreshToken' | 'instanceUrl'>;
        return {
          // JSON leaves out what is undefined.
          grant: { ...grant, refreshToken: grant.refreshToken, instanceUrl: grant.instanceUrl },
          accountId: row.accountId,
          loginHost: row.loginHost,
          invitedAs: invitedAs ?? undefined,
        };
      }),

    readFormerGrant: (id) =>
      guarded(async () => {
        const row = await find(id);
        if (row?.formerGrantSealed == null) return undefined;
        return JSON.parse(sealer.open(row.formerGrantSealed, authorizationContext(id, 'former_grant'))) as FormerGrant;
      }),

    end: (id, { status, reason, detail, orgId }) =>
      guarded(() =>
        db.transaction(async (tx) => {
          const [row] = await tx
            .update(authorizations)
            .set({
              status,
              reason: reason ?? null,
              reasonDetail: detail ?? {},
              ...(orgId === undefined ? {} : { orgId }),
              codeSealed: null,
              codeVerifierSealed: null,
              endedAt: sql`now()`,
            })
            .where(and(eq(authorizations.id, id), inArray(authorizations.status, ['begun', 'code-received'])))
            .returning();
          if (row) await tell(tx, row);
        }),
      ),

    forgetGrants: (id) =>
      guarded(async () => {
        await db
          .update(authorizations)
          .set({ grantSealed: null, formerGrantSealed: null })
          .where(eq(authorizations.id, id));
      }),
  };
}

const toAuthorization = (row: Row): Authorization => ({
  id: row.id,
  accountId: row.accountId,
  status: row.status,
  loginHost: row.loginHost,
  reason: (row.reason ?? undefined) as AuthorizationReason | undefined,
  reasonDetail: row.reasonDetail as ReasonDetail,
  orgId: row.orgId ?? undefined,
  isInvited: row.invitationHash !== null,
  expiresAtMs: row.expiresAt.getTime(),
});
