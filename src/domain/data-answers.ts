import type { Cause } from './connection.ts';
import { nameOf, verdictOn, type SalesforceAnswer } from './salesforce-answers.ts';

/**
 * What a failed call of the data API means for the one who called. `token`: this access token was refused, or the host it was sent to
 * is the org's no longer; the connection is to be asked. `retryable`: the same call may work a moment later.
 */
export interface DataFailure {
  readonly kind: 'token' | 'failure';
  readonly cause: Cause;
  /** For logs: `errorCode`, HTTP status or network code. */
  readonly answer: string;
  readonly retryable: boolean;
}

/**
 * An answer of the data API that is no result. A 401 that no refresh mends is a `token` too: only the connection can find that out, and
 * whoever waits for it is told so.
 */
export function classifyDataAnswer(answer: SalesforceAnswer): DataFailure {
  const { meaning, reason } = verdictOn('data', answer);
  return {
    kind: meaning === 'refresh' || answer.status === 401 ? 'token' : 'failure',
    cause: reason,
    answer: nameOf(answer),
    retryable: isRetryable(answer),
  };
}

/** Trouble that ends by itself within moments, unlike a day's limit or a query that is wrong. */
function isRetryable({ status, code, text = '' }: SalesforceAnswer): boolean {
  if (code === 'REQUEST_LIMIT_EXCEEDED') return /ConcurrentRequests/i.test(text);
  if (code === 'UNABLE_TO_LOCK_ROW' || code === 'SERVER_UNAVAILABLE' || status === 429) return true;
  // A page in place of data, with a good status, comes from maintenance.
  return status >= 500 || (status >= 200 && status < 300);
}

/** What went wrong before there was a whole answer. */
const transportTroubles = {
  aborted: { cause: 'salesforce-slow', retryable: false },
  'cannot-connect': { cause: 'salesforce-unreachable', retryable: true },
  'connection-lost': { cause: 'salesforce-error', retryable: true },
  // It would be as large again, and reading it takes time that others need.
  'too-large': { cause: 'salesforce-error', retryable: false },
  malformed: { cause: 'salesforce-error', retryable: true },
} as const satisfies Record<string, { cause: Cause; retryable: boolean }>;
export type TransportTrouble = keyof typeof transportTroubles;

/** `code` is Node's or undici's. */
export const classifyTransportTrouble = (trouble: TransportTrouble, code?: string): DataFailure => ({
  kind: 'failure',
  ...transportTroubles[trouble],
  answer: code ?? trouble,
});
