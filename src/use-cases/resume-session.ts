import type { Account, Accounts, Clock, SecretTokens, Sessions } from '../ports.ts';
import { sessionLifeMs } from './start-session.ts';

/** A session is extended at most this often, so that not every request writes. */
const extendEveryMs = 3_600_000;

export interface ResumedSession {
  readonly account: Account;
  readonly idHash: string;
  /** Set when the session was extended just now and the cookie must be, too. */
  readonly extendedToMs: number | undefined;
}

/** Who is signed in by this session id; undefined when nobody is. */
export async function resumeSession(
  ports: { accounts: Accounts; sessions: Sessions; tokens: SecretTokens; clock: Clock },
  sessionId: string,
): Promise<ResumedSession | undefined> {
  const { accounts, sessions, tokens, clock } = ports;
  const idHash = tokens.hash(sessionId);
  const session = await sessions.find(idHash);
  const now = clock.now();
  if (!session || session.expiresAtMs <= now) return undefined;
  const account = await accounts.findById(session.accountId);
  if (!account) return undefined;
  const extendedToMs = session.expiresAtMs < now + sessionLifeMs - extendEveryMs ? now + sessionLifeMs : undefined;
  if (extendedToMs !== undefined) await sessions.extend(idHash, extendedToMs);
  return { account, idHash, extendedToMs };
}
