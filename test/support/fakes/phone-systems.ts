import type { LookupDefinition, Pbx } from '../../../src/domain/lookup.ts';
import { AppError } from '../../../src/errors.ts';
import type { Lookups, PbxToken, Pbxs } from '../../../src/ports.ts';
import { breakable } from './breakable.ts';

export function createFakePbxs(now: () => number) {
  const byId = new Map<string, { pbx: Pbx; signingSecret: Uint8Array }>();
  const tokens: PbxToken[] = [];
  const pbxs: Pbxs = {
    async create(settings, signingSecret) {
      const pbx = { ...settings, version: 1 };
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
      const pbx = { ...settings, version: stored.pbx.version + 1 };
      byId.set(pbx.id, { ...stored, pbx });
      return pbx;
    },
    async signingSecret(id) {
      const stored = byId.get(id);
      if (!stored) throw new AppError('PBX_NOT_FOUND', 'There is no such phone system.');
      return stored.signingSecret;
    },
    async createToken(settings) {
      const token = { ...settings, createdAtMs: now(), lastUsedAtMs: undefined, revokedAtMs: undefined };
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

export function createFakeLookupDefinitions() {
  const byId = new Map<string, LookupDefinition>();
  const lookups: Lookups = {
    async create(settings) {
      const lookup = { ...settings, version: 1 };
      byId.set(lookup.id, lookup);
      return lookup;
    },
    async find(accountId, id) {
      const lookup = byId.get(id);
      return lookup?.accountId === accountId ? lookup : undefined;
    },
  };
  return breakable({ ...lookups, byId });
}
