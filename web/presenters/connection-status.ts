import type { Static } from 'typebox';
import type { Connection } from '../../src/domain/connection.ts';
import { warningsOf } from '../../src/domain/early-warnings.ts';
import type { ConnectionStatusSchema } from '../schemas/connection-status.ts';
import type { Texts } from '../texts.ts';
import { factsOf, presentConnection } from './connection.ts';
import { explainStanding, explainWarning } from './explanations.ts';

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());

/** What the page of a connection says, for programs. */
export function presentConnectionStatus(
  connection: Connection,
  nowMs: number,
  t: Texts,
): Static<typeof ConnectionStatusSchema> {
  const { word, summary } = presentConnection({ connection, attempt: undefined, events: [] }, nowMs, t);
  const why = explainStanding(connection, factsOf(connection), t);
  return {
    orgId: connection.orgId,
    status: word,
    state: connection.state,
    since: new Date(connection.sinceMs).toISOString(),
    summary,
    reason: connection.cause ?? null,
    explanation: why?.explanation ?? null,
    nextStep: why?.nextStep ?? null,
    setup: why?.setup ?? null,
    warnings: warningsOf(connection, nowMs).map((warning) => {
      const { title, explanation, action, setup } = explainWarning(warning, t);
      return { warning, explanation: `${title}. ${explanation}`, nextStep: action, setup: setup ?? null };
    }),
    lastChecked: iso(connection.lastCheckedAtMs),
    lastRefreshed: iso(connection.lastRefreshedAtMs),
    nextRefresh: iso(connection.nextRefreshAtMs),
    apiCalls:
      connection.apiUsed === undefined || connection.apiMax === undefined
        ? null
        : { used: connection.apiUsed, max: connection.apiMax },
  };
}
