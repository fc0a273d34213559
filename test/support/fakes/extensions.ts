import { randomUUID } from 'node:crypto';
import type { Extensions, MappedExtension } from '../../../src/ports.ts';
import { breakable } from './breakable.ts';

export function createFakeExtensions() {
  let all: MappedExtension[] = [];
  const extensions: Extensions = {
    list: async (accountId) =>
      all
        .filter((each) => each.accountId === accountId)
        .sort((a, b) => a.userName.localeCompare(b.userName) || Number(b.isPrimary) - Number(a.isPrimary)),
    async setOfUser(accountId, user, list) {
      all = [
        ...all.filter((each) => each.accountId !== accountId || each.userId !== user.userId),
        ...list.map((each) => ({ ...user, ...each, id: randomUUID(), accountId })),
      ];
    },
    async replace(accountId, list) {
      all = [
        ...all.filter((each) => each.accountId !== accountId),
        ...list.map((each) => ({ ...each, id: randomUUID(), accountId })),
      ];
    },
  };
  return breakable(extensions);
}
