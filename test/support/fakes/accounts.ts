import { randomUUID } from 'node:crypto';
import { AppError } from '../../../src/errors.ts';
import type { Account, Accounts, Audit, AuditEvent, OneTimeLinks, Sessions } from '../../../src/ports.ts';
import { breakable } from './breakable.ts';

export function createFakeAccounts() {
  const byId = new Map<string, Account>();
  const accounts: Accounts = {
    async create(account) {
      if ((await accounts.findByEmail(account.email)) !== undefined) throw new AppError('EMAIL_TAKEN', 'Taken.');
      const created = { ...account, id: randomUUID(), confirmedAtMs: undefined };
      byId.set(created.id, created);
      return created;
    },
    findByEmail: async (email) => [...byId.values()].find((account) => account.email === email),
    findById: async (id) => byId.get(id),
    async replaceUnconfirmed(id, changes) {
      const account = byId.get(id);
      if (account && account.confirmedAtMs === undefined) byId.set(id, { ...account, ...changes });
    },
    async confirm(id) {
      const account = byId.get(id);
      if (account) byId.set(id, { ...account, confirmedAtMs: Date.now() });
    },
  };
  return breakable({ ...accounts, byId });
}

export function createFakeSessions() {
  const byHash = new Map<string, { accountId: string; expiresAtMs: number }>();
  const sessions: Sessions = {
    create: async (idHash, accountId, expiresAtMs) => void byHash.set(idHash, { accountId, expiresAtMs }),
    find: async (idHash) => byHash.get(idHash),
    async extend(idHash, expiresAtMs) {
      const session = byHash.get(idHash);
      if (session) byHash.set(idHash, { ...session, expiresAtMs });
    },
    remove: async (idHash) => void byHash.delete(idHash),
  };
  return breakable({ ...sessions, byHash });
}

export function createFakeOneTimeLinks(now: () => number) {
  const byHash = new Map<string, { purpose: string; accountId: string; expiresAtMs: number; recipient?: string }>();
  const links: OneTimeLinks = {
    create: async ({ tokenHash, ...link }) => void byHash.set(tokenHash, link),
    async find(tokenHash, purpose) {
      const link = byHash.get(tokenHash);
      return link?.purpose === purpose && link.expiresAtMs > now() ? link.accountId : undefined;
    },
    async use(tokenHash, purpose) {
      const accountId = await links.find(tokenHash, purpose);
      byHash.delete(tokenHash);
      return accountId;
    },
    async withdraw(accountId, purpose) {
      for (const [hash, link] of byHash) {
        if (link.accountId === accountId && link.purpose === purpose) byHash.delete(hash);
      }
    },
  };
  return breakable({ ...links, byHash });
}

export function createFakeAudit(now: () => number = () => 0) {
  const events: AuditEvent[] = [];
  const moments = new Map<AuditEvent, number>();
  const audit: Audit = {
    async record(event) {
      events.push(event);
      moments.set(event, now());
    },
    list: async (accountId, limit, actions) =>
      events
        .filter((event) => event.accountId === accountId && (actions?.includes(event.action) ?? true))
        .map((event) => ({ ...event, atMs: moments.get(event) ?? 0 }))
        .slice(-limit)
        .reverse(),
  };
  return breakable({ ...audit, events });
}
