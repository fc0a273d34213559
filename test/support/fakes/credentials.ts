import type { Credentials, CredentialsStore, Grant } from '../../../src/ports.ts';

export const orgId = '00DA0000000BhM2MAK';

export const firstCredentials: Credentials = {
  orgId,
  version: 1,
  accessToken: 'access 1',
  refreshToken: 'refresh 1',
  instanceUrl: 'https://acme.my.salesforce.com',
  identityUrl: `https://login.salesforce.com/id/${orgId}/005A0000001aDm1IAE`,
  loginHost: 'https://login.salesforce.com',
  issuedAtMs: 1,
  refreshStartedAtMs: undefined,
  refreshAttempt: undefined,
};

export const grantOf = (name: string, changes: Partial<Grant> = {}): Grant => ({
  accessToken: `access ${name}`,
  refreshToken: `refresh ${name}`,
  instanceUrl: undefined,
  orgId,
  userId: '005A0000001aDm1IAE',
  identityUrl: firstCredentials.identityUrl,
  issuedAtMs: 2,
  ...changes,
});

/** One row in memory, with the rules of the real one. `failures` many writes of a refresh fail before one succeeds, `lostAnswers` many succeed and say nothing. */
export function createFakeCredentials(nowMs: () => number) {
  const store = {
    row: { ...firstCredentials } as Credentials | undefined,
    failures: 0,
    lostAnswers: 0,
    async read() {
      return store.row;
    },
    async readVersion() {
      return store.row;
    },
    async markRefresh(_orgId: string, version: number, attempt: string) {
      if (store.row?.version !== version || store.row.refreshAttempt !== undefined) return false;
      store.row = { ...store.row, refreshStartedAtMs: nowMs(), refreshAttempt: attempt };
      return true;
    },
    async renewMark(_orgId: string, version: number, endedAttempt: string, attempt: string) {
      if (store.row?.version !== version || store.row.refreshAttempt !== endedAttempt) return false;
      store.row = { ...store.row, refreshStartedAtMs: nowMs(), refreshAttempt: attempt };
      return true;
    },
    async takeOverMark(_orgId: string, version: number, attempt: string, olderThanMs: number) {
      const startedAtMs = store.row?.refreshStartedAtMs;
      if (store.row?.version !== version || startedAtMs === undefined) return false;
      if (nowMs() - startedAtMs < olderThanMs) return false;
      store.row = { ...store.row, refreshStartedAtMs: nowMs(), refreshAttempt: attempt };
      return true;
    },
    async markAgeMs() {
      const startedAtMs = store.row?.refreshStartedAtMs;
      return startedAtMs === undefined ? undefined : nowMs() - startedAtMs;
    },
    async writeRefreshed(_orgId: string, version: number, attempt: string | undefined, grant: Grant) {
      if (store.failures > 0) {
        store.failures -= 1;
        throw new Error('the database is away');
      }
      if (store.row?.version !== version) return false;
      if (attempt !== undefined && store.row.refreshAttempt !== attempt) return false;
      store.row = {
        ...store.row,
        version: version + 1,
        accessToken: grant.accessToken,
        refreshToken: grant.refreshToken ?? store.row.refreshToken,
        refreshStartedAtMs: undefined,
        refreshAttempt: undefined,
      };
      if (store.lostAnswers > 0) {
        store.lostAnswers -= 1;
        throw new Error('the database was lost before it could answer');
      }
      return true;
    },
    async clearMark(_orgId: string, attempt: string) {
      if (store.row?.refreshAttempt !== attempt) return;
      store.row = { ...store.row, refreshStartedAtMs: undefined, refreshAttempt: undefined };
    },
  };
  return store satisfies CredentialsStore;
}
