import { and, eq, gt, isNull, lte, ne, notExists, or, sql } from 'drizzle-orm';
import { authorizations } from '../../drizzle/schema/authorizations.ts';
import { connections } from '../../drizzle/schema/connections.ts';
import { credentials } from '../../drizzle/schema/credentials.ts';
import { oneTimeLinks } from '../../drizzle/schema/one-time-links.ts';
import type { Cause, Connection, Observations, ReasonDetail } from '../domain/connection.ts';
import { AppError } from '../errors.ts';
import type { Change, ConnectionChange, Connections, FormerGrant, HandOverOutcome, Sealer } from '../ports.ts';
import { authorizationContext } from './authorizations.ts';
import { notifyChange } from './changes.ts';
import { guarded, violatedConstraint, type Drizzle } from './client.ts';
import { credentialsContext } from './credentials.ts';

type Row = typeof connections.$inferSelect;
type Transaction = Parameters<Parameters<Drizzle['transaction']>[0]>[0];

export function createConnections(db: Drizzle, sealer: Sealer): Connections {
  const tell = (tx: Transaction, change: Change) => {
    const { channel, payload } = notifyChange(change);
    return tx.execute(sql`select pg_notify(${channel}, ${payload})`);
  };
  const tellOf = (tx: Transaction, { accountId, orgId, revision }: Row) =>
    tell(tx, { kind: 'connection', accountId, orgId, revision });
  const linkedFirst = sql`(${connections.state} <> 'disconnected') desc, ${connections.since} desc`;

  return {
    ofAccount: (accountId) =>
      guarded(async () => {
        const [row] = await db
          .select()
          .from(connections)
          .where(eq(connections.accountId, accountId))
          .orderBy(linkedFirst)
          .limit(1);
        return row && toConnection(row);
      }),

    ofOrg: (orgId) =>
      guarded(async () => {
        const [row] = await db
          .select()
          .from(connections)
          .where(eq(connections.orgId, orgId))
          .orderBy(linkedFirst)
          .limit(1);
        return row && toConnection(row);
      }),

    ofOrgInUrl: (named) =>
      guarded(async () => {
        if (named.length !== 15 && named.length !== 18) return undefined;
        const beginning = sql`left(${connections.orgId}, ${named.length}::int)`;
        const [row] = await db
          .select()
          .from(connections)
          .where(sql`lower(${beginning}) = ${named.toLowerCase()}`)
          .orderBy(sql`(${beginning} = ${named}) desc`, linkedFirst)
          .limit(1);
        return row && toConnection(row);
      }),

    instanceUrl: (orgId) =>
      guarded(async () => {
        const [row] = await db
          .select({ instanceUrl: credentials.instanceUrl })
          .from(credentials)
          .where(eq(credentials.orgId, orgId));
        return row?.instanceUrl;
      }),

    handOver: ({ authorizationId, accountId, grant, loginHost, user, observed, takeOverMs }) =>
      guarded(() =>
        db.transaction(async (tx): Promise<HandOverOutcome> => {
          const [attempt] = await tx
            .select({ status: authorizations.status, invitationHash: authorizations.invitationHash })
            .from(authorizations)
            .where(eq(authorizations.id, authorizationId))
            .for('update');
          const [former] = await tx.select().from(credentials).where(eq(credentials.orgId, grant.orgId)).for('update');
          const { invitationHash = null } = attempt ?? {};
          if (attempt?.status !== 'succeeded' && !(await isInvitationOpen(tx, invitationHash))) {
            return { kind: 'refused', reason: 'invitation-used', otherOrgId: undefined };
          }
          const claim = await claimOrg(tx, { accountId, orgId: grant.orgId, user, observed });
          if (claim.kind === 'refused') return claim;
          const { row, isNew } = claim;
          if (attempt?.status === 'succeeded' && former) {
            // Repeated: everything has been done, and a refresh may have changed the credentials since.
            return {
              kind: 'handed-over',
              connection: toConnection(row),
              version: former.version,
              isNew,
              revokeFormerAfterMs: takeOverMs,
            };
          }
          const formerRefreshToken =
            former && openIfPossible(sealer, former.refreshTokenSealed, credentialsContext(grant.orgId, 'refresh'));
          const isReplaced = formerRefreshToken !== undefined && formerRefreshToken !== grant.refreshToken;
          const version = (former?.version ?? 0) + 1;
          const fresh = {
            connectionId: row.id,
            version,
            accessTokenSealed: sealer.seal(grant.accessToken, credentialsContext(grant.orgId, 'access')),
            refreshTokenSealed: sealer.seal(grant.refreshToken, credentialsContext(grant.orgId, 'refresh')),
            instanceUrl: grant.instanceUrl,
            identityUrl: grant.identityUrl,
            loginHost,
            issuedAt: new Date(grant.issuedAtMs),
            refreshStartedAt: null,
            refreshAttempt: null,
            updatedAt: sql`now()`,
          };
          await tx
            .insert(credentials)
            .values({ orgId: grant.orgId, ...fresh })
            .onConflictDoUpdate({ target: credentials.orgId, set: fresh });
          const formerGrant: FormerGrant | undefined =
            former && isReplaced ? { loginHost: former.loginHost, refreshToken: formerRefreshToken } : undefined;
          await tx
            .update(authorizations)
            .set({
              status: 'succeeded',
              orgId: grant.orgId,
              reason: null,
              reasonDetail: {},
              codeSealed: null,
              codeVerifierSealed: null,
              grantSealed: null,
              formerGrantSealed:
                formerGrant === undefined
                  ? null
                  : sealer.seal(JSON.stringify(formerGrant), authorizationContext(authorizationId, 'former_grant')),
              endedAt: sql`now()`,
            })
            .where(eq(authorizations.id, authorizationId));
          if (invitationHash !== null) {
            await tx
              .update(oneTimeLinks)
              .set({ usedAt: sql`now()` })
              .where(eq(oneTimeLinks.tokenHash, invitationHash));
          }
          await tell(tx, { kind: 'credentials', orgId: grant.orgId, version });
          await tellOf(tx, row);
          await tell(tx, { kind: 'authorization', id: authorizationId, accountId });
          return {
            kind: 'handed-over',
            connection: toConnection(row),
            version,
            isNew,
            revokeFormerAfterMs: formerGrant && (former?.refreshStartedAt ? takeOverMs : 0),
          };
        }),
      ),

    update: (connectionId, version, change, knownAtMs) =>
      guarded(() =>
        db.transaction(async (tx) => {
          // Waits here for a hand-over under way: a statement that waits for the row sees the credentials as they were before it waited.
          await tx
            .select({ id: connections.id })
            .from(connections)
            .where(eq(connections.id, connectionId))
            .for('update');
          const newer = tx
            .select({ version: credentials.version })
            .from(credentials)
            .where(and(eq(credentials.connectionId, connectionId), gt(credentials.version, version)));
          const knownAt = toDate(knownAtMs);
          // A moment that has not come is that of a clock that was wrong, and is not to keep the truth out.
          const isNotOlder = knownAt
            ? or(
                isNull(connections.knownAt),
                lte(connections.knownAt, knownAt),
                sql`${connections.knownAt} > now() + interval '10 seconds'`,
              )
            : undefined;
          const [row] = await tx
            .update(connections)
            .set({
              ...toColumns(change),
              ...(knownAt && { knownAt }),
              revision: sql`${connections.revision} + 1`,
            })
            .where(
              and(
                eq(connections.id, connectionId),
                ne(connections.state, 'disconnected'),
                notExists(newer),
                isNotOlder,
              ),
            )
            .returning();
          if (row) await tellOf(tx, row);
          return row !== undefined;
        }),
      ),

    disconnect: (connectionId, orgId, version) =>
      guarded(() =>
        db.transaction(async (tx) => {
          const [there] = await tx
            .select({ version: credentials.version, connectionId: credentials.connectionId })
            .from(credentials)
            .where(eq(credentials.orgId, orgId))
            .for('update');
          if (there && (there.connectionId !== connectionId || there.version !== version)) return false;
          await tx.delete(credentials).where(eq(credentials.connectionId, connectionId));
          const [row] = await tx
            .update(connections)
            .set({
              state: 'disconnected',
              since: sql`now()`,
              cause: null,
              causeDetail: {},
              nextRefreshAt: null,
              disconnecting: false,
              revision: sql`${connections.revision} + 1`,
            })
            .where(and(eq(connections.id, connectionId), ne(connections.state, 'disconnected')))
            .returning();
          if (row) {
            await tell(tx, { kind: 'credentials', orgId, version });
            await tellOf(tx, row);
          }
          return true;
        }),
      ),
  };
}

/** Whether nobody has connected through this invitation yet. That it was in time was asked when the attempt began. */
async function isInvitationOpen(tx: Transaction, invitationHash: string | null): Promise<boolean> {
  if (invitationHash === null) return true;
  const [link] = await tx
    .select({ usedAt: oneTimeLinks.usedAt })
    .from(oneTimeLinks)
    .where(eq(oneTimeLinks.tokenHash, invitationHash))
    .for('update');
  return link?.usedAt === null;
}

type Claim =
  | { readonly kind: 'claimed'; readonly row: Row; readonly isNew: boolean }
  | Extract<HandOverOutcome, { kind: 'refused' }>;

/**
 * The row of account and org, active from now on. One account per org and one org per account hold among connections that are not
 * disconnected; unique indexes decide between two that claim at the same moment.
 */
async function claimOrg(
  tx: Transaction,
  {
    accountId,
    orgId,
    user,
    observed,
  }: Pick<Parameters<Connections['handOver']>[0], 'accountId' | 'user' | 'observed'> & { orgId: string },
): Promise<Claim> {
  const linked = await tx
    .select()
    .from(connections)
    .where(
      and(
        ne(connections.state, 'disconnected'),
        sql`(${connections.orgId} = ${orgId} or ${connections.accountId} = ${accountId})`,
      ),
    )
    .for('update');
  const ofOrg = linked.find((row) => row.orgId === orgId);
  if (ofOrg && ofOrg.accountId !== accountId) {
    return { kind: 'refused', reason: 'org-connected-by-another-account', otherOrgId: undefined };
  }
  const other = linked.find((row) => row.orgId !== orgId);
  if (other) return { kind: 'refused', reason: 'another-org-connected', otherOrgId: other.orgId };

  const known =
    ofOrg ??
    (
      await tx
        .select()
        .from(connections)
        .where(and(eq(connections.accountId, accountId), eq(connections.orgId, orgId)))
        .limit(1)
    )[0];
  const facts = {
    state: 'active' as const,
    since: ofOrg?.state === 'active' ? ofOrg.since : sql`now()`,
    cause: null,
    causeDetail: {},
    orgName: user.orgName ?? null,
    isSandbox: user.isSandbox,
    userId: user.userId,
    username: user.username,
    ...(ofOrg ? {} : { connectedAt: sql`now()` }),
    lastCheckedAt: sql`now()`,
    lastRefreshedAt: sql`now()`,
    nextRefreshAt: null,
    observed: observed ?? {},
    disconnecting: false,
  };
  try {
    const [row] = known
      ? await tx
          .update(connections)
          .set({ ...facts, revision: sql`${connections.revision} + 1` })
          .where(eq(connections.id, known.id))
          .returning()
      : await tx.transaction((nested) =>
          nested
            .insert(connections)
            .values({ accountId, orgId, ...facts })
            .returning(),
        );
    if (!row) throw new Error('a claim returned no row');
    return { kind: 'claimed', row, isNew: ofOrg === undefined };
  } catch (error) {
    switch (violatedConstraint(error)) {
      case 'connections_org_id_linked':
        return { kind: 'refused', reason: 'org-connected-by-another-account', otherOrgId: undefined };
      case 'connections_account_id_linked':
        return { kind: 'refused', reason: 'another-org-connected', otherOrgId: undefined };
      default:
        throw error;
    }
  }
}

const toDate = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));

/** Only what the change names: a member that is there and undefined empties the column. */
function toColumns(change: ConnectionChange) {
  return {
    ...('state' in change ? { state: change.state } : {}),
    ...('sinceMs' in change ? { since: new Date(change.sinceMs) } : {}),
    ...('cause' in change ? { cause: change.cause ?? null } : {}),
    ...('causeDetail' in change ? { causeDetail: change.causeDetail } : {}),
    ...('lastCheckedAtMs' in change ? { lastCheckedAt: toDate(change.lastCheckedAtMs) } : {}),
    ...('lastRefreshedAtMs' in change ? { lastRefreshedAt: toDate(change.lastRefreshedAtMs) } : {}),
    ...('nextRefreshAtMs' in change ? { nextRefreshAt: toDate(change.nextRefreshAtMs) } : {}),
    ...('apiUsed' in change ? { apiUsed: change.apiUsed ?? null } : {}),
    ...('apiMax' in change ? { apiMax: change.apiMax ?? null } : {}),
    ...('observed' in change ? { observed: change.observed } : {}),
    ...('disconnecting' in change ? { disconnecting: change.disconnecting } : {}),
  };
}

export const toConnection = (row: Row): Connection => ({
  id: row.id,
  accountId: row.accountId,
  orgId: row.orgId,
  state: row.state,
  sinceMs: row.since.getTime(),
  cause: (row.cause ?? undefined) as Cause | undefined,
  causeDetail: row.causeDetail as ReasonDetail,
  orgName: row.orgName ?? undefined,
  isSandbox: row.isSandbox,
  userId: row.userId,
  username: row.username,
  connectedAtMs: row.connectedAt.getTime(),
  lastCheckedAtMs: row.lastCheckedAt?.getTime(),
  lastRefreshedAtMs: row.lastRefreshedAt?.getTime(),
  nextRefreshAtMs: row.nextRefreshAt?.getTime(),
  apiUsed: row.apiUsed ?? undefined,
  apiMax: row.apiMax ?? undefined,
  observed: row.observed as Observations,
  disconnecting: row.disconnecting,
  revision: row.revision,
});

/** A former grant whose key is lost is not revoked, but must not keep a new one from taking its place. */
function openIfPossible(sealer: Sealer, sealed: string, context: string): string | undefined {
  try {
    return sealer.open(sealed, context);
  } catch (error) {
    if (error instanceof AppError && error.code === 'STORED_SECRET_UNREADABLE') return undefined;
    throw error;
  }
}
