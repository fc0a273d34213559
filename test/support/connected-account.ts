import { randomBytes, randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { connections } from '../../drizzle/schema/connections.ts';
import { createAccounts } from '../../src/database/accounts.ts';
import type { Database } from '../../src/database/client.ts';
import type { Cause, ConnectionState } from '../../src/domain/connection.ts';
import { toId18 } from '../../src/domain/ids.ts';

/** An account with an active connection to an org of its own, without anything that keeps it. */
export async function createConnectedAccount({ db }: Database) {
  const account = await createAccounts(db).create({
    email: `${randomUUID()}@example.com`,
    passwordHash: 'hash',
    firstName: 'Ada',
    lastName: 'Admin',
    company: undefined,
    timeZone: 'Europe/Berlin',
  });
  const orgId = toId18(`00D${randomBytes(6).toString('hex')}`) ?? '';
  const connectionId = randomUUID();
  await db.execute(sql`
    insert into connections (id, account_id, org_id, org_name, state, user_id, username, last_refreshed_at)
    values (${connectionId}, ${account.id}, ${orgId}, 'ACME', 'active', '005A0000000AbCdIAK', 'admin@acme.example', now())`);
  return {
    account,
    orgId,
    connectionId,
    /** The connection stands so from now on. */
    setState: async (state: ConnectionState, cause?: Cause): Promise<void> => {
      await db.execute(
        sql`update connections set state = ${state}, cause = ${cause ?? null}, since = now() where id = ${connectionId}`,
      );
    },
    /** The timeline tells that it broke then, too. */
    brokeBefore: async (minutes: number): Promise<void> => {
      await db.execute(
        sql`insert into audit_events (at, account_id, actor, action, subject)
          values (now() - make_interval(mins => ${minutes}), ${account.id}, 'system', 'connection.broken', ${orgId})`,
      );
    },
    sinceMs: async (): Promise<number> => {
      const [row] = await db
        .select({ since: connections.since })
        .from(connections)
        .where(eq(connections.id, connectionId));
      return row?.since.getTime() ?? 0;
    },
    setApiCalls: async (used: number, max: number): Promise<void> => {
      await db.execute(sql`update connections set api_used = ${used}, api_max = ${max} where id = ${connectionId}`);
    },
  };
}
