import type { Change, ChangeFeed, Mail, Mailer, PasswordHasher } from '../../../src/ports.ts';
import { breakable } from './breakable.ts';

/** Time that passes when a test says so. */
export function createFakeClock(startMs = Date.UTC(2026, 10, 23, 9, 0, 0)) {
  let nowMs = startMs;
  return { now: () => nowMs, pass: (ms: number) => void (nowMs += ms) };
}

export function createFakeMailer() {
  const sent: Mail[] = [];
  const mailer: Mailer = { send: async (mail) => void sent.push(mail) };
  return breakable({ ...mailer, sent });
}

export function createFakeChangeFeed() {
  const subscribers = new Set<{ listener: (change: Change) => void; reload: (() => void) | undefined }>();
  const feed: ChangeFeed = {
    subscribe(listener, reload) {
      const subscriber = { listener, reload };
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    async announce(change) {
      for (const { listener } of subscribers) listener(change);
    },
  };
  return {
    ...feed,
    tell: (change: Change) => subscribers.forEach(({ listener }) => listener(change)),
    /** As after a lost connection. */
    reload: () => subscribers.forEach(({ reload }) => reload?.()),
  };
}

/** Fast, and as one-way as a test needs. */
export const fakePasswords: PasswordHasher = {
  hash: async (password) => `hash of ${password}`,
  verify: async (stored, password) => stored === `hash of ${password}`,
};
