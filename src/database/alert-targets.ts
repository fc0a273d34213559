import { and, desc, eq, isNull, ne, sql } from 'drizzle-orm';
import { accounts } from '../../drizzle/schema/accounts.ts';
import { alertDeliveries } from '../../drizzle/schema/alert-deliveries.ts';
import { alertTargets } from '../../drizzle/schema/alert-targets.ts';
import type { DeliveryFailure } from '../domain/alerts.ts';
import type { AlertTarget, AlertTargets, Sealer } from '../ports.ts';
import { guarded, violatedConstraint, type Drizzle } from './client.ts';
import { sealContext } from './sealed-columns.ts';

const secretContext = (targetId: string) => sealContext('alert_targets.secret_sealed', targetId);

export function createAlertTargets(db: Drizzle, sealer: Sealer): AlertTargets {
  /** Every account has its own mail as a target, from the first time that somebody looks. */
  const ensureOwnMail = (accountId: string) =>
    db
      .insert(alertTargets)
      .values({ accountId, kind: 'account-mail', confirmedAt: sql`now()` })
      .onConflictDoNothing();

  const select = () => {
    const last = db
      .select({ attemptedAt: alertDeliveries.attemptedAt, failure: alertDeliveries.failure })
      .from(alertDeliveries)
      .where(eq(alertDeliveries.targetId, alertTargets.id))
      .orderBy(desc(alertDeliveries.attemptedAt))
      .limit(1)
      .as('last');
    return db
      .select({ target: alertTargets, email: accounts.email, last: { ...last._.selectedFields } })
      .from(alertTargets)
      .innerJoin(accounts, eq(accounts.id, alertTargets.accountId))
      .leftJoinLateral(last, sql`true`)
      .$dynamic();
  };

  const one = async (accountId: string, id: string): Promise<AlertTarget | undefined> => {
    const [row] = await select().where(and(eq(alertTargets.accountId, accountId), eq(alertTargets.id, id)));
    return row && toTarget(row);
  };

  const add = (values: typeof alertTargets.$inferInsert & { id: string }): Promise<AlertTarget | undefined> =>
    guarded(async () => {
      try {
        await db.insert(alertTargets).values(values);
      } catch (error) {
        if (violatedConstraint(error) !== 'alert_targets_account_id_kind_address') throw error;
        return undefined;
      }
      return one(values.accountId, values.id);
    });

  return {
    list: (accountId) =>
      guarded(async () => {
        await ensureOwnMail(accountId);
        const rows = await select()
          .where(eq(alertTargets.accountId, accountId))
          .orderBy(sql`${alertTargets.kind} <> 'account-mail'`, alertTargets.createdAt);
        return rows.map(toTarget);
      }),

    find: (accountId, id) => guarded(() => one(accountId, id)),

    addMail: ({ accountId, address, confirmTokenHash }) =>
      add({ id: crypto.randomUUID(), accountId, kind: 'mail', address, confirmTokenHash }),

    addWebhook({ accountId, address, secret }) {
      const id = crypto.randomUUID();
      const secretSealed = sealer.seal(secret, secretContext(id));
      return add({ id, accountId, kind: 'webhook', address, secretSealed, confirmedAt: new Date() });
    },

    setEnabled: (accountId, id, enabled) =>
      guarded(async () => {
        const changed = await db
          .update(alertTargets)
          .set({ enabled })
          .where(and(eq(alertTargets.accountId, accountId), eq(alertTargets.id, id), ne(alertTargets.enabled, enabled)))
          .returning({ id: alertTargets.id });
        return changed.length > 0;
      }),

    remove: (accountId, id) =>
      guarded(async () => {
        const removed = await db
          .delete(alertTargets)
          .where(
            and(eq(alertTargets.accountId, accountId), eq(alertTargets.id, id), ne(alertTargets.kind, 'account-mail')),
          )
          .returning({ id: alertTargets.id });
        return removed.length > 0;
      }),

    findUnconfirmed: (confirmTokenHash) =>
      guarded(async () => {
        const [row] = await select().where(
          and(eq(alertTargets.confirmTokenHash, confirmTokenHash), isNull(alertTargets.confirmedAt)),
        );
        return row && toTarget(row);
      }),

    confirm: (confirmTokenHash) =>
      guarded(async () => {
        const [row] = await db
          .update(alertTargets)
          .set({ confirmedAt: sql`now()`, confirmTokenHash: null })
          .where(and(eq(alertTargets.confirmTokenHash, confirmTokenHash), isNull(alertTargets.confirmedAt)))
          .returning();
        return row && one(row.accountId, row.id);
      }),

    webhookSecret: (id) =>
      guarded(async () => {
        const [row] = await db
          .select({ sealed: alertTargets.secretSealed })
          .from(alertTargets)
          .where(eq(alertTargets.id, id));
        return row?.sealed === null || row === undefined ? undefined : sealer.open(row.sealed, secretContext(id));
      }),
  };
}

function toTarget({
  target,
  email,
  last,
}: {
  target: typeof alertTargets.$inferSelect;
  email: string;
  last: Pick<typeof alertDeliveries.$inferSelect, 'attemptedAt' | 'failure'> | null;
}): AlertTarget {
  return {
    id: target.id,
    accountId: target.accountId,
    kind: target.kind,
    address: target.address ?? email,
    enabled: target.enabled,
    isConfirmed: target.confirmedAt !== null,
    lastDelivery: last
      ? {
          attemptedAtMs: last.attemptedAt.getTime(),
          failure: (last.failure ?? undefined) as DeliveryFailure | undefined,
        }
      : undefined,
  };
}
