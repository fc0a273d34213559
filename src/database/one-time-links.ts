import { and, eq, gt, isNull } from 'drizzle-orm';
import { oneTimeLinks } from '../../drizzle/schema/one-time-links.ts';
import type { LinkPurpose, OneTimeLinks } from '../ports.ts';
import { guarded, type Drizzle } from './client.ts';

export function createOneTimeLinks(db: Drizzle): OneTimeLinks {
  return {
    create: ({ expiresAtMs, ...link }) =>
      guarded(async () => {
        await db.insert(oneTimeLinks).values({ ...link, expiresAt: new Date(expiresAtMs) });
      }),
    find: (tokenHash, purpose) =>
      guarded(async () => {
        const [link] = await db
          .select({ accountId: oneTimeLinks.accountId })
          .from(oneTimeLinks)
          .where(usable(tokenHash, purpose));
        return link?.accountId;
      }),
    use: (tokenHash, purpose) =>
      guarded(async () => {
        // One statement decides, so that two clicks at once cannot both succeed.
        const [used] = await db
          .update(oneTimeLinks)
          .set({ usedAt: new Date() })
          .where(usable(tokenHash, purpose))
          .returning({ accountId: oneTimeLinks.accountId });
        return used?.accountId;
      }),
    withdraw: (accountId, purpose) =>
      guarded(async () => {
        await db
          .update(oneTimeLinks)
          .set({ usedAt: new Date() })
          .where(
            and(eq(oneTimeLinks.accountId, accountId), eq(oneTimeLinks.purpose, purpose), isNull(oneTimeLinks.usedAt)),
          );
      }),
  };
}

const usable = (tokenHash: string, purpose: LinkPurpose) =>
  and(
    eq(oneTimeLinks.tokenHash, tokenHash),
    eq(oneTimeLinks.purpose, purpose),
    isNull(oneTimeLinks.usedAt),
    gt(oneTimeLinks.expiresAt, new Date()),
  );
