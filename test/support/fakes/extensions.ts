import { randomUUID } from 'node:crypto';
import type { Extensions, MappedExtension } from '../../../src/ports.ts';
import { breakable } from './breakable.ts';

export function createFakeExtensions() {
  let all: MappedExtension[] = [];
  const listOf = (accountId: string) =>
    all
      .filter((each) => each.accountId === accountId)
      .sort((a, b) => a.userName.localeCompare(b.userName) || Number(b.isPrimary) - Number(a.isPrimary));
  const extensions: Extensions = {
    list: async (accountId) => listOf(accountId),
    async setOfUser(accountId, user, list) {
      all = [
        ...all.filter((each) => each.accountId !== accountId || each.userId !== user.userId),
        ...list.map((each) => ({ ...user, ...each, id: randomUUID(), accountId })),
      ];
    },
    async rewrite(accountId, change) {
      all = [
        ...all.filter((each) => each.accountId !== accountId),
        ...change(listOf(accountId)).map((each) => ({ ...each, id: randomUUID(), accountId })),
      ];
    },
  };
  return breakable(extensions);
}
