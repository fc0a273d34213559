import type { Cause } from './connection.ts';

/** What Salesforce's data API answered other than a result. */
export interface DataAnswer {
  readonly status: number;
  /** Of the first error in the body; undefined when the body is not Salesforce's JSON. */
  readonly errorCode: string | undefined;
  /** Salesforce's message, or the whole body when it is not JSON. It may echo a query, so it goes no further than here. */
  readonly text: string;
  readonly isHtml: boolean;
}

/** `token`: this access token was refused, another may not be. */
export interface DataFailure {
  readonly kind: 'token' | 'failure';
  readonly cause: Cause;
  /** For logs. */
  readonly answer: string;
  readonly retryable: boolean;
}

type Verdict = Omit<DataFailure, 'answer'>;

const failure = (cause: Cause, retryable: boolean): Verdict => ({ kind: 'failure', cause, retryable });
const tokenRefused: Verdict = { kind: 'token', cause: 'session-refused', retryable: false };
const trouble = failure('salesforce-error', true);
const refused = failure('salesforce-error', false);

/** A 401 that no new access token mends. */
const sessionRefusals: readonly (readonly [RegExp, Cause])[] = [
  [/not valid for use with the REST API/i, 'session-refused'],
  [/not attached to Agent/i, 'session-refused'],
  [/high.?assurance|session security level|security level/i, 'password-or-session-policy'],
];

/** Error codes that mean the same with whatever status they come. */
const byErrorCode: Readonly<Record<string, Verdict>> = {
  REQUEST_LIMIT_EXCEEDED: failure('api-limit-reached', false),
  API_DISABLED_FOR_ORG: failure('api-disabled', false),
  API_CURRENTLY_DISABLED: failure('api-disabled', false),
  INVALID_AUTH_HEADER: failure('request-refused', false),
  ORG_LOCKED: failure('org-inactive', false),
  INVALID_OPERATION_WITH_EXPIRED_PASSWORD: failure('password-or-session-policy', false),
  UNABLE_TO_LOCK_ROW: trouble,
  SERVER_UNAVAILABLE: trouble,
  QUERY_TIMEOUT: failure('salesforce-slow', false),
};

/**
 * What an answer of the data API that is no result means: status first, then the error code, then the text (source: Salesforce REST
 * API Developer Guide, "Status Codes and Error Responses"). What is not listed is a refusal of the request below 500 and trouble from
 * there on.
 */
export function classifyDataAnswer(answer: DataAnswer): DataFailure {
  return { ...verdictOn(answer), answer: answer.errorCode ?? `HTTP ${answer.status}${answer.isHtml ? ' (HTML)' : ''}` };
}

function verdictOn({ status, errorCode, text, isHtml }: DataAnswer): Verdict {
  // Concurrent requests end by themselves; the day's calls do not.
  if (errorCode === 'REQUEST_LIMIT_EXCEEDED' && /ConcurrentRequests/i.test(text))
    return failure('api-limit-reached', true);
  const listed = errorCode === undefined ? undefined : byErrorCode[errorCode];
  if (listed !== undefined) return listed;
  if (status === 401) {
    const refusal = sessionRefusals.find(([pattern]) => pattern.test(text));
    return refusal === undefined ? tokenRefused : failure(refusal[1], false);
  }
  if (status === 403 && /^(?:Bad|Missing|Wrong_Org)_?O?Auth_Token$|^Bad_OAuth_Token$/.test(text.trim()))
    return tokenRefused;
  // Salesforce Edge knows no such host: the org is gone, or its My Domain has another name.
  if (status === 420 || (status === 404 && isHtml)) return failure('org-gone', false);
  if (status === 410) return failure('request-refused', false);
  if (status === 429) return failure('api-limit-reached', true);
  // A page in place of data comes from maintenance, with any status.
  if (status >= 500 || (status >= 200 && status < 300)) return trouble;
  return refused;
}

/** What went wrong before there was a whole answer. */
export const transportTroubles = {
  aborted: failure('salesforce-slow', false),
  'cannot-connect': failure('salesforce-unreachable', true),
  'connection-lost': failure('salesforce-error', true),
  'too-large': failure('salesforce-error', true),
  malformed: trouble,
} as const satisfies Record<string, Verdict>;
export type TransportTrouble = keyof typeof transportTroubles;

export const classifyTransportTrouble = (trouble: TransportTrouble, code?: string): DataFailure => ({
  ...transportTroubles[trouble],
  answer: code ?? trouble,
});
