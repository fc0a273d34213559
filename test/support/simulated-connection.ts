import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSealer } from '../../src/crypto/sealer.ts';
import { openDatabase } from '../../src/database/client.ts';
import { createCredentials, credentialsContext } from '../../src/database/credentials.ts';
import {
  begin,
  checkDue,
  defaultIntervals,
  live,
  refreshDueAtMs,
  type CheckDepth,
  type ConnectionEvent,
  type ConnectionIntervals,
  type ConnectionLife,
} from '../../src/domain/connection-life.ts';
import type { RefreshOutcome } from '../../src/domain/connection-outcomes.ts';
import { AppError } from '../../src/errors.ts';
import { standInClientId, standInClientSecret, startStandIn } from '../../src/local/salesforce/server.ts';
import type { CredentialsStore, SalesforceOAuth } from '../../src/ports.ts';
import { createSalesforceData } from '../../src/salesforce/data.ts';
import { createSalesforceHttp } from '../../src/salesforce/http.ts';
import { createSalesforceOAuth } from '../../src/salesforce/oauth.ts';
import { checkConnection } from '../../src/use-cases/check-connection.ts';
import { refreshCredentials } from '../../src/use-cases/refresh-credentials.ts';
import { acme, adminId, callback, connect, post } from '../unit/stand-in/oauth-browser.ts';
import { createTestDatabase } from './postgres.ts';

/*
 * A connection whose processes die at chosen moments, thousands of times a minute: the stand-in, PostgreSQL, the use cases and the state
 * machine are real; only Temporal is not there. `keepUntil` does what the loops of `connectionWorkflow` do.
 */

/** A hundredth of the real ones, 120 and 150 seconds; shorter ones a busy machine would exceed by itself. */
const limits = { callMs: 1_200, takeOverMs: 1_500 };

const intervals: ConnectionIntervals = {
  ...defaultIntervals,
  retryFirstMs: 10,
  retryMaxMs: 40,
  recheckDelaysMs: [50],
  checkNowEveryMs: 0,
};

/** The moment at which the process that refreshes dies, or `silent`: it lives on, and nobody hears of it any more. */
export const deaths = ['before-mark', 'marked', 'sent', 'answered', 'written', 'silent'] as const;
export type Death = (typeof deaths)[number];

export interface Wrongs {
  /** A spent refresh token was sent although the access token still worked. */
  spentSent: number;
  /** A refresh was sent while another one was under way. */
  together: number;
}

export async function openSimulation() {
  const cleanup = new AsyncDisposableStack();
  const [testDatabase, standIn] = await Promise.all([createTestDatabase(), startStandIn({ port: 0 })]);
  cleanup.defer(() => standIn.close());
  cleanup.defer(() => testDatabase.drop());
  const database = openDatabase(testDatabase.url);
  cleanup.defer(() => database.close());
  const sealer = createSealer([{ id: 'test', key: randomBytes(32) }]);
  const store = createCredentials(database.db, sealer);
  const http = createSalesforceHttp();
  cleanup.defer(() => http.close());
  const data = createSalesforceData({ http, apiVersion: '67.0' });
  const oauth = createSalesforceOAuth({
    clientId: standInClientId,
    clientSecret: standInClientSecret,
    redirectUri: callback,
    standIn: standIn.url,
  });
  cleanup.defer(() => oauth.close());
  const [{ id: connectionId }] = await database.sql<[{ id: string }]>`
    with account as (
      insert into accounts (email, password_hash, first_name, last_name, time_zone)
      values ('ada@example.org', 'none', 'Ada', 'Admin', 'UTC') returning id)
    insert into connections (account_id, org_id, state, user_id, username)
    select id, ${acme}, 'active', ${adminId}, 'admin@acme.example' from account returning id`;

  const works = async (token: string): Promise<boolean> =>
    (await post(standIn, 'introspect', { token })).body['active'] as unknown as boolean;

  /** A connection with a grant of its own; the one before is gone. */
  async function begun() {
    const tokens = await connect(standIn);
    const seal = (field: 'access' | 'refresh', token: string) => sealer.seal(token, credentialsContext(acme, field));
    await database.sql`delete from credentials`;
    await database.sql`
      insert into credentials (org_id, connection_id, version, access_token_sealed, refresh_token_sealed, instance_url, identity_url, login_host, issued_at)
      values (${acme}, ${connectionId}, 1, ${seal('access', tokens.accessToken)}, ${seal('refresh', tokens.refreshToken)},
        ${tokens.instanceUrl}, ${`${standIn.url}/id/${acme}/${adminId}`}, ${standIn.url}, now())`;
    return createKept();
  }

  async function read(): Promise<ConnectionLife> {
    const current = await store.read(acme);
    if (!current) throw new Error('the credentials are gone');
    const facts = {
      connectionId,
      version: current.version,
      state: 'active',
      sinceMs: Date.now(),
      cause: null,
      detail: {},
      issuedAtMs: current.issuedAtMs,
      lastCheckedAtMs: null,
      lastRefreshedAtMs: null,
      refreshStartedAtMs: current.refreshStartedAtMs ?? null,
      observed: {},
    } as const;
    return begin(facts, { nowMs: Date.now(), authorized: true });
  }

  async function createKept() {
    const wrongs: Wrongs = { spentSent: 0, together: 0 };
    /** What the next refreshes meet: the first element the next one. */
    const plan: { death?: Death; failedWrites?: number }[] = [];
    /** Processes that nobody hears of any more. */
    const silent: Promise<unknown>[] = [];
    /** What Salesforce was heard to answer, for whoever has to understand a failure. */
    const heard: string[] = [];
    let life = await read();
    const note = (event: ConnectionEvent): void => {
      life = live(life, event, { nowMs: Date.now(), random: Math.random(), intervals });
    };

    /** One attempt in a process of its own, which may not live to tell what came of it. */
    async function attempt(): Promise<RefreshOutcome | 'postponed' | 'lost'> {
      const { death, failedWrites = 0 } = plan.shift() ?? {};
      const end = Promise.withResolvers<'lost'>();
      const cut = new AbortController();
      let writesToFail = failedWrites;
      const dieAt = async (moment: Death): Promise<void> => {
        if (death !== moment) return;
        cut.abort();
        end.resolve('lost');
        await new Promise(() => undefined);
      };
      const credentials: CredentialsStore = {
        ...store,
        async markRefresh(...mark) {
          await dieAt('before-mark');
          const marked = await store.markRefresh(...mark);
          await dieAt('marked');
          return marked;
        },
        async writeRefreshed(...write) {
          if (writesToFail-- > 0) throw new AppError('DATABASE_UNAVAILABLE', 'The database is away.');
          const written = await store.writeRefreshed(...write);
          await dieAt('written');
          return written;
        },
      };
      const talking: Pick<SalesforceOAuth, 'refresh' | 'revoke'> = {
        revoke: (...token) => oauth.revoke(...token),
        async refresh(current, signal) {
          const [accessWorks, refreshWorks] = [await works(current.accessToken), await works(current.refreshToken)];
          if (accessWorks && !refreshWorks) wrongs.spentSent += 1;
          if (death === 'silent') end.resolve('lost');
          const asked = oauth.refresh(current, AbortSignal.any([signal, cut.signal]));
          if (death === 'sent') {
            await sleep(Math.random() * 20); // before, while and after Salesforce spends the token
            await dieAt('sent');
          }
          const outcome = await asked;
          heard.push(outcome.kind === 'granted' ? 'granted' : `${outcome.kind} ${JSON.stringify(outcome)}`);
          await dieAt('answered');
          return outcome;
        },
      };
      const request = {
        orgId: acme,
        version: life.version,
        resend: life.token.refused,
        endedAttempt: life.uncertain?.attempt ?? null,
      };
      const logger = { info: () => undefined, warn: () => undefined };
      const work = refreshCredentials(
        { credentials, oauth: talking, tokens: { uuid: randomUUID }, limits, requiresRotation: false, logger },
        request,
      );
      if (death === 'silent') silent.push(work);
      return Promise.race([work.catch(() => 'postponed' as const), end.promise]);
    }

    async function refresh(): Promise<void> {
      note({ type: 'refreshBegun' });
      const outcome = await attempt();
      if (outcome === 'postponed') note({ type: 'refreshPostponed' });
      else if (outcome === 'lost') {
        note({ type: 'refreshUnknown', cause: 'refresh-uncertain', detail: {}, attempt: null });
      } else if (outcome.kind === 'superseded') life = await read();
      else note(toEvent(outcome));
    }

    async function check(depth: CheckDepth): Promise<void> {
      note({ type: 'checkBegun' });
      const outcome = await checkConnection(
        {
          credentials: store,
          data,
          oauth,
          licence: { namespace: 'trunkline', permissionSetLicense: undefined },
          limitsMs: { session: 2_000, rights: 2_000 },
        },
        { orgId: acme, version: life.version, depth },
      );
      switch (outcome.kind) {
        case 'passed':
          note({ ...outcome, type: 'checkPassed', depth });
          break;
        case 'refused':
          note({ ...outcome, type: 'checkRefused' });
          break;
        case 'failed':
          note({ ...outcome, type: 'checkFailed' });
          break;
        case 'no-credentials':
          throw new Error('the credentials are gone');
      }
      if (outcome.version > life.version && !refreshing) life = await read();
    }

    let refreshing: Promise<void> | undefined;
    let checking: Promise<void> | undefined;

    return {
      wrongs,
      heard,
      plan,
      note,
      life: () => life,

      /** Does what is due until nothing is under way and the life looks as it should. */
      async keepUntil(isSettled: (life: ConnectionLife) => boolean, withinMs: number): Promise<boolean> {
        const endMs = Date.now() + withinMs;
        for (;;) {
          const now = Date.now();
          if (!refreshing && (refreshDueAtMs(life, intervals) ?? Infinity) <= now) {
            refreshing = refresh().finally(() => (refreshing = undefined));
          }
          const due = checkDue(life, now, intervals);
          if (!checking && due && due.atMs <= now) {
            checking = check(due.depth).finally(() => (checking = undefined));
          }
          if (!refreshing && !checking && isSettled(life)) return true;
          if (now > endMs && !refreshing && !checking) return false;
          await Promise.race([sleep(5), ...(refreshing ? [refreshing] : []), ...(checking ? [checking] : [])]);
        }
      },

      /** Waits until the processes that nobody hears of have ended, too. */
      untilSilent: () => Promise.allSettled(silent),

      /** Whether the refresh token that is stored would work. */
      async isRefreshable(): Promise<boolean> {
        return works((await store.read(acme))?.refreshToken ?? '');
      },
    };
  }

  return { standIn, begun, close: () => cleanup.disposeAsync() };
}

function toEvent(outcome: Exclude<RefreshOutcome, { kind: 'superseded' }>): ConnectionEvent {
  switch (outcome.kind) {
    case 'refreshed':
      return { ...outcome, type: 'refreshed' };
    case 'refused':
      return { ...outcome, type: 'refreshRefused' };
    case 'did-not-happen':
      return { ...outcome, type: 'refreshDidNotHappen' };
    case 'unknown':
      return { ...outcome, type: 'refreshUnknown' };
    case 'busy':
      return { ...outcome, type: 'refreshBusy' };
  }
}

export type Simulation = Awaited<ReturnType<typeof openSimulation>>;
