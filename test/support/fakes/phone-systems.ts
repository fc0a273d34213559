import { defaultPbxLimits, type LookupDefinition, type Pbx } from '../../../src/domain/lookup.ts';
import { AppError } from '../../../src/errors.ts';
import type { Lookups, PbxToken, Pbxs } from '../../../src/ports.ts';
import { breakable } from './breakable.ts';

export function createFakePbxs(now: () => number) {
  const byId = new Map<string, { pbx: Pbx; signingSecret: Uint8Array }>();
  const importedSecrets = new Map<string, Uint8Array>();
  const tokens: PbxToken[] = [];
  const pbxs: Pbxs = {
    async create(settings, signingSecret) {
      const pbx: Pbx = {
        defaultDataLookupId: undefined,
        defaultIvrLookupId: undefined,
        dialingRulesId: undefined,
        limits: defaultPbxLimits,
        ...settings,
        version: 1,
      };
      byId.set(pbx.id, { pbx, signingSecret });
      return pbx;
    },
    list: async (accountId) => [...byId.values()].map(({ pbx }) => pbx).filter((pbx) => pbx.accountId === accountId),
    async find(accountId, id) {
      const pbx = byId.get(id)?.pbx;
      return pbx?.accountId === accountId ? pbx : undefined;
    },
    async update(settings) {
      const stored = byId.get(settings.id);
      if (!stored) throw new AppError('PBX_NOT_FOUND', 'There is no such phone system.');
      const pbx = { ...stored.pbx, ...settings, version: stored.pbx.version + 1 };
      byId.set(pbx.id, { ...stored, pbx });
      return pbx;
    },
    async signingSecret(id) {
      const stored = byId.get(id);
      if (!stored) throw new AppError('PBX_NOT_FOUND', 'There is no such phone system.');
      return stored.signingSecret;
    },
    hasImportedSecret: async (id) => importedSecrets.has(id),
    async setImportedSecret({ id }, secret) {
      if (secret) importedSecrets.set(id, secret);
      else importedSecrets.delete(id);
    },
    async createToken(settings) {
      const token = {
        allowedAddresses: [],
        ...settings,
        createdAtMs: now(),
        lastUsedAtMs: undefined,
        revokedAtMs: undefined,
      };
      tokens.push(token);
      return token;
    },
    tokens: async (id) => tokens.filter(({ pbxId }) => pbxId === id),
    async revokeToken(pbxId, tokenId) {
      const index = tokens.findIndex((each) => each.pbxId === pbxId && each.id === tokenId && !each.revokedAtMs);
      const token = tokens[index];
      if (token) tokens[index] = { ...token, revokedAtMs: now() };
      return token !== undefined;
    },
    touchTokens: async (used) =>
      tokens.forEach((token, index) => {
        const lastUsedAtMs = used.get(token.id);
        if (lastUsedAtMs !== undefined) tokens[index] = { ...token, lastUsedAtMs };
      }),
  };
  return breakable({ ...pbxs, byId });
}

export function createFakeLookupDefinitions(now: () => number = () => Date.now()) {
  const byId = new Map<string, LookupDefinition>();
  /** `in-use`: nothing can be removed. */
  const state: { answerRemoval: 'in-use' | undefined } = { answerRemoval: undefined };
  const lookups: Lookups = {
    async create(settings) {
      const lookup: LookupDefinition = {
        fallbacks: {},
        problems: [],
        checkedAtMs: undefined,
        ...settings,
        version: 1,
      };
      byId.set(lookup.id, lookup);
      return lookup;
    },
    async find(accountId, id) {
      const lookup = byId.get(id);
      return lookup?.accountId === accountId ? lookup : undefined;
    },
    list: async (accountId) => [...byId.values()].filter((lookup) => lookup.accountId === accountId),
    accounts: async () => [...new Set([...byId.values()].map(({ accountId }) => accountId))],
    async update(change) {
      const stored = byId.get(change.id);
      if (stored?.accountId !== change.accountId) {
        throw new AppError('LOOKUP_NOT_FOUND', 'There is no such lookup.');
      }
      const lookup = { ...stored, ...change, version: stored.version + 1 };
      byId.set(lookup.id, lookup);
      return lookup;
    },
    async noteCheck({ id, version }, problems) {
      const stored = byId.get(id);
      if (stored?.version === version) byId.set(id, { ...stored, problems, checkedAtMs: now() });
    },
    async remove(accountId, id) {
      if (byId.get(id)?.accountId !== accountId) return 'not-found';
      if (state.answerRemoval) return state.answerRemoval;
      byId.delete(id);
      return 'removed';
    },
  };
  return breakable(Object.assign(state, lookups, { byId }));
}
