import { and, desc, eq, inArray, sql } from 'drizzle-orm';
import { auditEvents } from '../../drizzle/schema/audit-events.ts';
import type { Audit, AuditEvent } from '../ports.ts';
import { guarded, type Drizzle } from './client.ts';

export function createAudit(db: Drizzle): Audit {
  return {
    record: (event) =>
      guarded(async () => {
        await db
          .insert(auditEvents)
          .values({ ...event, detail: event.detail ?? {} })
          .onConflictDoNothing({ target: auditEvents.occurrence, where: sql`occurrence is not null` });
      }),
    list: (accountId, limit, actions) =>
      guarded(async () => {
        const rows = await db
          .select()
          .from(auditEvents)
          .where(and(eq(auditEvents.accountId, accountId), actions && inArray(auditEvents.action, [...actions])))
          .orderBy(desc(auditEvents.id))
          .limit(limit);
        return rows.map((row) => ({
          atMs: row.at.getTime(),
          accountId: row.accountId ?? undefined,
          actor: row.actor as AuditEvent['actor'],
          action: row.action,
          subject: row.subject ?? undefined,
          detail: row.detail as NonNullable<AuditEvent['detail']>,
        }));
      }),
  };
}
