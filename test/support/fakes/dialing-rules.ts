import { randomUUID } from 'node:crypto';
import type { DialingRuleSet, DialingRuleSets, Pbxs } from '../../../src/ports.ts';
import { breakable } from './breakable.ts';

export function createFakeDialingRuleSets(pbxs: Pick<Pbxs, 'list'>) {
  const byId = new Map<string, DialingRuleSet>();
  const own = (accountId: string, id: string) => {
    const set = byId.get(id);
    return set?.accountId === accountId ? set : undefined;
  };
  const sets: DialingRuleSets = {
    async create(set) {
      const created = { ...set, id: randomUUID() };
      byId.set(created.id, created);
      return created;
    },
    list: async (accountId) =>
      [...byId.values()].filter((set) => set.accountId === accountId).sort((a, b) => a.name.localeCompare(b.name)),
    find: async (accountId, id) => own(accountId, id),
    async update(set) {
      if (!own(set.accountId, set.id)) return undefined;
      byId.set(set.id, set);
      return set;
    },
    async remove(accountId, id) {
      if (!own(accountId, id)) return 'not-found';
      if ((await pbxs.list(accountId)).some(({ dialingRulesId }) => dialingRulesId === id)) return 'in-use';
      byId.delete(id);
      return 'removed';
    },
  };
  return breakable({ ...sets, byId });
}
