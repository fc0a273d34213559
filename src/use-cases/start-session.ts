import type { Clock, SecretTokens, Sessions } from '../ports.ts';

/** A browser stays signed in for this long after it was last seen. */
export const sessionLifeMs = 7 * 24 * 3_600_000;

export interface StartedSession {
  /** Goes into the cookie and is stored nowhere else. */
  readonly sessionId: string;
  readonly expiresAtMs: number;
}

/** Every sign-in gets a session id of its own, and the one the browser had before it ends. */
export async function startSession(
  ports: { sessions: Sessions; tokens: SecretTokens; clock: Clock },
  { accountId, formerSessionId }: { accountId: string; formerSessionId: string | undefined },
): Promise<StartedSession> {
  const { sessions, tokens, clock } = ports;
  const sessionId = tokens.create();
  const expiresAtMs = clock.now() + sessionLifeMs;
  await sessions.create(tokens.hash(sessionId), accountId, expiresAtMs);
  if (formerSessionId !== undefined) await sessions.remove(tokens.hash(formerSessionId));
  return { sessionId, expiresAtMs };
}
