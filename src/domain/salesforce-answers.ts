import type { AuthorizationReason, Cause } from './connection.ts';

/**
 * What an answer of Salesforce that is not a success means for the connection.
 *
 * - `refused`: it was heard and definitely not done; `reason` says why. A refresh token that was sent is not spent.
 * - `unknown`: it may have been done all the same; a refresh token that was sent may be spent.
 * - `refresh`: the access token, or the host it was sent to, is no longer good; a refresh may mend that, and `reason` is what to say
 *   when it does not.
 */
export interface Verdict<Reason extends AuthorizationReason = AuthorizationReason> {
  readonly meaning: 'refused' | 'unknown' | 'refresh';
  readonly reason: Reason;
}

/** An answer as far as its meaning depends on it. */
export interface SalesforceAnswer {
  readonly status: number;
  /** `error` of the token endpoint, `errorCode` of the data API; absent when the body was not theirs. */
  readonly code?: string | undefined;
  /** `error_description`, `message`, or a body of plain text. */
  readonly text?: string | undefined;
  readonly isHtml?: boolean;
}

interface Row<Reason extends AuthorizationReason> extends Verdict<Reason> {
  /** One status, or the first and last of a range. */
  readonly status: number | readonly [first: number, last: number];
  readonly code?: string | readonly string[];
  readonly text?: RegExp;
  readonly isHtml?: true;
}

const serverErrors = [500, 599] as const;
const redirects = [300, 399] as const;

/**
 * The one table of what Salesforce answers (source: reference of the token endpoint, the identity service and the data API). The first
 * row that fits decides: the status is looked at first, since a 503 can carry `invalid_grant`.
 */
export const answerTable = {
  token: [
    // The token endpoint: 400 in nearly all cases, told apart by `error` and, within `invalid_grant`, by its text.
    { status: serverErrors, meaning: 'unknown', reason: 'salesforce-error' },
    {
      status: 400,
      code: 'invalid_grant',
      text: /already being processed/i,
      meaning: 'unknown',
      reason: 'salesforce-error',
    },
    {
      status: 400,
      code: 'invalid_grant',
      text: /expired authorization code|invalid authorization code/i,
      meaning: 'refused',
      reason: 'code-expired',
    },
    {
      status: 400,
      code: 'invalid_grant',
      text: /ip restricted/i,
      meaning: 'refused',
      reason: 'ip-restricted',
    },
    { status: 400, code: 'invalid_grant', text: /login hours/i, meaning: 'refused', reason: 'login-hours' },
    {
      status: 400,
      code: 'invalid_grant',
      text: /hasn.?t approved/i,
      meaning: 'refused',
      reason: 'user-not-approved',
    },
    {
      status: 400,
      code: 'invalid_grant',
      text: /inactive user|user is inactive/i,
      meaning: 'refused',
      reason: 'user-inactive',
    },
    {
      status: 400,
      code: 'invalid_grant',
      text: /inactive org|organization is inactive/i,
      meaning: 'refused',
      reason: 'org-inactive',
    },
    {
      status: 400,
      code: 'invalid_grant',
      text: /authentication failure/i,
      meaning: 'refused',
      reason: 'password-or-session-policy',
    },
    {
      status: 400,
      code: 'invalid_grant',
      text: /expired access\/refresh token/i,
      meaning: 'refused',
      reason: 'token-revoked',
    },
    {
      status: 400,
      code: 'invalid_grant',
      text: /code.?verifier|code.?challenge/i,
      meaning: 'refused',
      reason: 'request-refused',
    },
    { status: 400, code: 'inactive_user', meaning: 'refused', reason: 'user-inactive' },
    { status: 400, code: 'inactive_org', meaning: 'refused', reason: 'org-inactive' },
    {
      status: [400, 401],
      code: ['invalid_client_id', 'invalid_client', 'invalid_basic_auth_header', 'app_not_found'],
      meaning: 'refused',
      reason: 'client-credentials-wrong',
    },
    { status: 400, code: 'invalid_app_access', meaning: 'refused', reason: 'user-not-approved' },
    {
      status: 400,
      code: ['app_blocked', 'fail_close_app_blocked', 'oauth_flow_disabled'],
      meaning: 'refused',
      reason: 'app-blocked',
    },
    {
      status: 400,
      code: ['ecapp_policy_not_found', 'oauth_policy_not_found', 'installation_error', 'invalid_distribution_state'],
      meaning: 'refused',
      reason: 'app-not-installed',
    },
    { status: 400, code: 'invalid_session_level', meaning: 'refused', reason: 'password-or-session-policy' },
    {
      status: [400, 403],
      code: ['rate_limit_exceeded', 'slow_down'],
      meaning: 'refused',
      reason: 'login-rate-exceeded',
    },
    { status: 429, meaning: 'refused', reason: 'login-rate-exceeded' },
    {
      status: 400,
      code: [
        'unsupported_grant_type',
        'invalid_request',
        'invalid_scope',
        'redirect_uri_mismatch',
        'redirect_uri_missing',
      ],
      meaning: 'refused',
      reason: 'request-refused',
    },
    {
      status: 400,
      code: ['server_error', 'service_unavailable', 'system_down', 'unknown_error'],
      meaning: 'unknown',
      reason: 'salesforce-error',
    },
    // No such login host any more: a My Domain that was renamed redirects for a while and is then unknown.
    { status: redirects, meaning: 'refused', reason: 'host-changed' },
    { status: 420, meaning: 'refused', reason: 'host-changed' },
    { status: 404, meaning: 'refused', reason: 'host-changed' },
  ] as readonly Row<AuthorizationReason>[],
  identity: [
    // The identity service: words in plain text, and 403 where the data API says 401.
    { status: 403, text: /^Inactive[ _]User/i, meaning: 'refused', reason: 'user-inactive' },
    { status: 403, text: /^No_Access/i, meaning: 'refused', reason: 'user-not-approved' },
    { status: 403, text: /^Wrong_Org/i, meaning: 'refused', reason: 'org-changed' },
    { status: 403, text: /^Bad_Id/i, meaning: 'refused', reason: 'request-refused' },
    {
      status: 403,
      text: /^(?:Bad|Missing)_OAuth_Token/i,
      meaning: 'refresh',
      reason: 'session-refused',
    },
    { status: 401, meaning: 'refresh', reason: 'session-refused' },
    { status: redirects, meaning: 'refresh', reason: 'org-gone' },
    { status: 420, meaning: 'refresh', reason: 'org-gone' },
    { status: 404, meaning: 'refresh', reason: 'org-gone' },
    { status: 429, meaning: 'refused', reason: 'api-limit-reached' },
  ] as readonly Row<Cause>[],
  data: [
    // The data API. Two texts of 401 come back however often the token is refreshed.
    {
      status: 401,
      text: /not valid for use with the (?:REST )?API|not attached to Agent/i,
      meaning: 'refused',
      reason: 'session-refused',
    },
    { status: 401, meaning: 'refresh', reason: 'session-refused' },
    {
      status: 403,
      code: ['API_CURRENTLY_DISABLED', 'API_DISABLED_FOR_ORG'],
      meaning: 'refused',
      reason: 'api-disabled',
    },
    { status: 403, code: 'REQUEST_LIMIT_EXCEEDED', meaning: 'refused', reason: 'api-limit-reached' },
    { status: 429, meaning: 'refused', reason: 'api-limit-reached' },
    // The host answers no more, or for somebody else: a refresh tells where the org is now.
    { status: redirects, meaning: 'refresh', reason: 'org-gone' },
    { status: 420, meaning: 'refresh', reason: 'org-gone' },
    { status: 404, isHtml: true, meaning: 'refresh', reason: 'org-gone' },
    { status: 400, code: 'QUERY_TIMEOUT', meaning: 'refused', reason: 'salesforce-slow' },
    { status: 400, code: 'UNABLE_TO_LOCK_ROW', meaning: 'refused', reason: 'salesforce-error' },
    { status: [400, 400], meaning: 'refused', reason: 'request-refused' },
    { status: [404, 405], meaning: 'refused', reason: 'request-refused' },
    { status: 410, meaning: 'refused', reason: 'request-refused' },
    { status: [414, 415], meaning: 'refused', reason: 'request-refused' },
  ] as readonly Row<Cause>[],
};

/**
 * What an answer of the token endpoint means. What the table does not know is trouble at Salesforce, tried again with backoff and shown;
 * and nobody knows what became of the refresh token.
 */
export function tokenVerdict(answer: SalesforceAnswer): Verdict {
  return find(answerTable.token, answer) ?? { meaning: 'unknown', reason: 'salesforce-error' };
}

/** What an answer of the data API or the identity service means. What the table does not know is trouble at Salesforce. */
export function verdictOn(endpoint: 'identity' | 'data', answer: SalesforceAnswer): Verdict<Cause> {
  return find(answerTable[endpoint], answer) ?? { meaning: 'refused', reason: 'salesforce-error' };
}

function find<Reason extends AuthorizationReason>(
  rows: readonly Row<Reason>[],
  answer: SalesforceAnswer,
): Verdict<Reason> | undefined {
  const row = rows.find((each) => fits(each, answer));
  return row && { meaning: row.meaning, reason: row.reason };
}

function fits(
  row: Row<AuthorizationReason>,
  { status, code = '', text = '', isHtml = false }: SalesforceAnswer,
): boolean {
  const [first, last] = typeof row.status === 'number' ? [row.status, row.status] : row.status;
  if (status < first || status > last) return false;
  if (row.code !== undefined && ![row.code].flat().includes(code)) return false;
  if (row.text !== undefined && !row.text.test(text)) return false;
  return row.isHtml === undefined || isHtml;
}

/** Words of ours for what was answered: a code or the status, never Salesforce's text, which may hold names. */
export function nameOf({ status, code, isHtml = false }: SalesforceAnswer): string {
  if (code !== undefined && /^[\w-]{1,60}$/.test(code)) return code;
  // A status that says all is well needs the word that nothing is.
  return isHtml && status < 300 ? `HTTP ${status}, a web page` : `HTTP ${status}`;
}
