import { randomUUID } from 'node:crypto';
import type { DeliveryFailure } from '../../../src/domain/alerts.ts';
import type { AccountToken, AccountTokens, AlertTarget, AlertTargets, PackageKeys } from '../../../src/ports.ts';
import { breakable } from './breakable.ts';

interface StoredTarget extends AlertTarget {
  readonly confirmTokenHash?: string;
  readonly secret?: string;
}

/** `emailOf` names the account's own mail. */
export function createFakeAlertTargets(emailOf: (accountId: string) => Promise<string>) {
  const all: StoredTarget[] = [];
  const index = (accountId: string, id: string) =>
    all.findIndex((each) => each.accountId === accountId && each.id === id);
  const add = (
    target: Pick<StoredTarget, 'accountId' | 'kind' | 'address' | 'isConfirmed'> & Partial<StoredTarget>,
  ) => {
    const { accountId, kind, address } = target;
    if (all.some((each) => each.accountId === accountId && each.kind === kind && each.address === address)) {
      return undefined;
    }
    const stored: StoredTarget = { id: randomUUID(), enabled: true, lastDelivery: undefined, ...target };
    all.push(stored);
    return stored;
  };
  const targets: AlertTargets = {
    async list(accountId) {
      add({ accountId, kind: 'account-mail', address: await emailOf(accountId), isConfirmed: true });
      return all.filter((each) => each.accountId === accountId);
    },
    find: async (accountId, id) => all[index(accountId, id)],
    addMail: async (target) => add({ ...target, kind: 'mail', isConfirmed: false }),
    addWebhook: async (target) => add({ ...target, kind: 'webhook', isConfirmed: true }),
    async setEnabled(accountId, id, enabled) {
      const target = all[index(accountId, id)];
      if (!target || target.enabled === enabled) return false;
      all[index(accountId, id)] = { ...target, enabled };
      return true;
    },
    async remove(accountId, id) {
      const target = all[index(accountId, id)];
      if (!target || target.kind === 'account-mail') return false;
      all.splice(index(accountId, id), 1);
      return true;
    },
    findUnconfirmed: async (hash) => all.find((each) => each.confirmTokenHash === hash && !each.isConfirmed),
    async confirm(hash) {
      const target = await targets.findUnconfirmed(hash);
      if (!target) return undefined;
      const confirmed = { ...target, isConfirmed: true };
      all[index(target.accountId, target.id)] = confirmed;
      return confirmed;
    },
    webhookSecret: async (id) => all.find((each) => each.id === id)?.secret,
  };
  return breakable({ ...targets, all });
}

export function createFakeAccountTokens(now: () => number) {
  const all: (AccountToken & { accountId: string; tokenHash: string })[] = [];
  const accountTokens: AccountTokens = {
    async create(token) {
      const created = {
        ...token,
        id: randomUUID(),
        createdAtMs: now(),
        lastUsedAtMs: undefined,
        revokedAtMs: undefined,
      };
      all.push(created);
      return created;
    },
    list: async (accountId) => all.filter((token) => token.accountId === accountId),
    async revoke(accountId, id) {
      const index = all.findIndex((each) => each.accountId === accountId && each.id === id && !each.revokedAtMs);
      const token = all[index];
      if (token) all[index] = { ...token, revokedAtMs: now() };
      return token !== undefined;
    },
    async use(tokenHash) {
      const index = all.findIndex((each) => each.tokenHash === tokenHash && each.revokedAtMs === undefined);
      const token = all[index];
      if (!token || (token.expiresAtMs ?? Infinity) <= now()) return undefined;
      all[index] = { ...token, lastUsedAtMs: now() };
      return token.accountId;
    },
  };
  return breakable({ ...accountTokens, all });
}

/** By connection. */
export function createFakePackageKeys(now: () => number) {
  const keys = new Map<string, { secret: string; addedAtMs: number }>();
  const packageKeys: Pick<PackageKeys, 'put' | 'addedAtMs'> = {
    put: async (connectionId, secret) => void keys.set(connectionId, { secret, addedAtMs: now() }),
    addedAtMs: async (connectionId) => keys.get(connectionId)?.addedAtMs,
  };
  return breakable({ ...packageKeys, keys });
}

export function createFakeWebhooks() {
  const fake = {
    sent: [] as { url: string; body: string; headers: Readonly<Record<string, string>> }[],
    /** What comes of the next ones. */
    failure: undefined as DeliveryFailure | undefined,
    async send(webhook: { url: string; body: string; headers: Readonly<Record<string, string>> }) {
      fake.sent.push(webhook);
      return fake.failure;
    },
  };
  return fake;
}
