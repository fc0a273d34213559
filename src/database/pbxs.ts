import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import { pbxTokens } from '../../drizzle/schema/pbx-tokens.ts';
import { pbxs } from '../../drizzle/schema/pbxs.ts';
import type { Pbx, PbxLimits } from '../domain/lookup.ts';
import { AppError } from '../errors.ts';
import type { Change, PbxToken, Pbxs, Sealer } from '../ports.ts';
import { notifyChange } from './changes.ts';
import { guarded, type Drizzle } from './client.ts';
import { sealContext } from './sealed-columns.ts';

type Row = typeof pbxs.$inferSelect;
type TokenRow = typeof pbxTokens.$inferSelect;
type Transaction = Parameters<Parameters<Drizzle['transaction']>[0]>[0];

const secretContext = (pbxId: string) => sealContext('pbxs.signing_secret_sealed', pbxId);
const importedSecretContext = (pbxId: string) => sealContext('pbxs.imported_secret_sealed', pbxId);

export function createPbxs(db: Drizzle, sealer: Sealer): Pbxs {
  return {
    create: ({ limits, ...pbx }, signingSecret) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          const signingSecretSealed = sealer.seal(
            Buffer.from(signingSecret).toString('base64url'),
            secretContext(pbx.id),
          );
          const [row] = await transaction
            .insert(pbxs)
            .values({ ...pbx, ...(limits && limitColumns(limits)), signingSecretSealed })
            .returning();
          await tell(transaction, { kind: 'pbx', id: pbx.id, accountId: pbx.accountId });
          return toPbx(required(row));
        }),
      ),
    list: (accountId) =>
      guarded(async () => {
        const rows = await db.select().from(pbxs).where(eq(pbxs.accountId, accountId)).orderBy(asc(pbxs.createdAt));
        return rows.map(toPbx);
      }),
    find: (accountId, id) =>
      guarded(async () => {
        const [row] = await db
          .select()
          .from(pbxs)
          .where(and(eq(pbxs.accountId, accountId), eq(pbxs.id, id)));
        return row && toPbx(row);
      }),
    update: ({ id, accountId, limits, ...change }) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          const [row] = await transaction
            .update(pbxs)
            .set({
              ...change,
              ...(limits && limitColumns(limits)),
              ...nullable(change),
              version: sql`${pbxs.version} + 1`,
            })
            .where(and(eq(pbxs.accountId, accountId), eq(pbxs.id, id)))
            .returning();
          await tell(transaction, { kind: 'pbx', id, accountId });
          return toPbx(required(row));
        }),
      ),
    signingSecret: (id) =>
      guarded(async () => {
        const [row] = await db.select({ sealed: pbxs.signingSecretSealed }).from(pbxs).where(eq(pbxs.id, id));
        return openSigningSecret(sealer, id, required(row).sealed);
      }),
    hasImportedSecret: (id) =>
      guarded(async () => {
        const [row] = await db.select({ sealed: pbxs.importedSecretSealed }).from(pbxs).where(eq(pbxs.id, id));
        return required(row).sealed !== null;
      }),
    setImportedSecret: ({ id, accountId }, secret) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          const importedSecretSealed =
            secret === undefined
              ? null
              : sealer.seal(Buffer.from(secret).toString('base64url'), importedSecretContext(id));
          const [row] = await transaction
            .update(pbxs)
            .set({ importedSecretSealed })
            .where(and(eq(pbxs.accountId, accountId), eq(pbxs.id, id)))
            .returning({ id: pbxs.id });
          required(row);
          await tell(transaction, { kind: 'pbx', id, accountId });
        }),
      ),
    createToken: ({ expiresAtMs, allowedAddresses = [], ...token }) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          const [row] = await transaction
            .insert(pbxTokens)
            .values({
              ...token,
              allowedAddresses: [...allowedAddresses],
              expiresAt: expiresAtMs === undefined ? null : new Date(expiresAtMs),
            })
            .returning();
          await tell(transaction, { kind: 'pbx-token', id: token.id, pbxId: token.pbxId });
          return toToken(required(row));
        }),
      ),
    tokens: (id) =>
      guarded(async () => {
        const rows = await db.select().from(pbxTokens).where(eq(pbxTokens.pbxId, id)).orderBy(asc(pbxTokens.createdAt));
        return rows.map(toToken);
      }),
    revokeToken: (pbxId, tokenId) =>
      guarded(() =>
        db.transaction(async (transaction) => {
          const revoked = await transaction
            .update(pbxTokens)
            .set({ revokedAt: new Date() })
            .where(and(eq(pbxTokens.pbxId, pbxId), eq(pbxTokens.id, tokenId), isNull(pbxTokens.revokedAt)))
            .returning({ id: pbxTokens.id });
          if (revoked.length > 0) await tell(transaction, { kind: 'pbx-token', id: tokenId, pbxId });
          return revoked.length > 0;
        }),
      ),
    touchTokens: (used) =>
      guarded(async () => {
        if (used.size === 0) return;
        const uses = [...used].map(([id, ms]) => ({ id, at: new Date(ms) }));
        await db.execute(sql`
          update pbx_tokens set last_used_at = greatest(last_used_at, used.at)
          from jsonb_to_recordset(${JSON.stringify(uses)}::jsonb) as used (id uuid, at timestamptz)
          where pbx_tokens.id = used.id`);
      }),
  };
}

/** Absent in the change: absent here; undefined there: null here. */
function nullable(change: Partial<Pick<Pbx, (typeof nullableColumns)[number]>>) {
  return Object.fromEntries(nullableColumns.flatMap((name) => (name in change ? [[name, change[name] ?? null]] : [])));
}
const nullableColumns = ['fallbackExtension', 'defaultDataLookupId', 'defaultIvrLookupId', 'dialingRulesId'] as const;

const limitColumns = ({ perSecond, burst, inFlight }: PbxLimits) => ({
  limitPerSecond: perSecond,
  limitBurst: burst,
  limitInFlight: inFlight,
});

/** Opens the secret of tokens from elsewhere as it stands in the row. */
export const openImportedSecret = (sealer: Sealer, id: string, sealed: string): Uint8Array =>
  Buffer.from(sealer.open(sealed, importedSecretContext(id)), 'base64url');

/** Opens a signing secret as it stands in the row. */
export const openSigningSecret = (sealer: Sealer, id: string, sealed: string): Uint8Array =>
  Buffer.from(sealer.open(sealed, secretContext(id)), 'base64url');

export const toPbx = (row: Row): Pbx => ({
  id: row.id,
  accountId: row.accountId,
  name: row.name,
  country: row.country,
  fallbackExtension: row.fallbackExtension ?? undefined,
  deadlineMs: row.deadlineMs,
  answerFormat: row.answerFormat,
  notFoundOnMiss: row.notFoundOnMiss,
  defaultExtensionLookupId: row.defaultExtensionLookupId,
  defaultDataLookupId: row.defaultDataLookupId ?? undefined,
  defaultIvrLookupId: row.defaultIvrLookupId ?? undefined,
  dialingRulesId: row.dialingRulesId ?? undefined,
  limits: { perSecond: row.limitPerSecond, burst: row.limitBurst, inFlight: row.limitInFlight },
  version: row.version,
});

export const toToken = (row: TokenRow): PbxToken => ({
  id: row.id,
  pbxId: row.pbxId,
  name: row.name,
  allowedAddresses: row.allowedAddresses,
  createdAtMs: row.createdAt.getTime(),
  expiresAtMs: row.expiresAt?.getTime(),
  lastUsedAtMs: row.lastUsedAt?.getTime(),
  revokedAtMs: row.revokedAt?.getTime(),
});

async function tell(transaction: Transaction, change: Change): Promise<void> {
  const { channel, payload } = notifyChange(change);
  await transaction.execute(sql`select pg_notify(${channel}, ${payload})`);
}

function required<T>(row: T | undefined): T {
  if (row === undefined) throw new AppError('PBX_NOT_FOUND', 'There is no such phone system.');
  return row;
}
