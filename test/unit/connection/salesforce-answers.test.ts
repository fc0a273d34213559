import { expect, it } from 'vitest';
import type { AuthorizationReason } from '../../../src/domain/connection.ts';
import {
  answerTable,
  tokenVerdict,
  verdictOn,
  type SalesforceAnswer,
  type Verdict,
} from '../../../src/domain/salesforce-answers.ts';

type Case = readonly [answer: SalesforceAnswer, meaning: Verdict['meaning'], reason: AuthorizationReason];
const grant = (text: string): SalesforceAnswer => ({ status: 400, code: 'invalid_grant', text });
const code = (name: string, status = 400): SalesforceAnswer => ({ status, code: name });

/** The token endpoint, row by row of the reference. */
const token: readonly Case[] = [
  [grant('expired access/refresh token'), 'refused', 'token-revoked'],
  [grant('expired authorization code'), 'refused', 'code-expired'],
  [grant('invalid authorization code'), 'refused', 'code-expired'],
  [grant('token request is already being processed'), 'unknown', 'salesforce-error'],
  [grant('authentication failure'), 'refused', 'password-or-session-policy'],
  [grant('authentication failure - Invalid Password'), 'refused', 'password-or-session-policy'],
  [grant('ip restricted'), 'refused', 'ip-restricted'],
  [grant('invalid login hours'), 'refused', 'login-hours'],
  [grant("user hasn't approved this consumer"), 'refused', 'user-not-approved'],
  [grant('inactive user'), 'refused', 'user-inactive'],
  [grant('organization is inactive'), 'refused', 'org-inactive'],
  [grant('invalid code verifier'), 'refused', 'request-refused'],
  [grant('something new'), 'unknown', 'salesforce-error'],
  [code('inactive_user'), 'refused', 'user-inactive'],
  [code('inactive_org'), 'refused', 'org-inactive'],
  [code('invalid_client_id'), 'refused', 'client-credentials-wrong'],
  [code('invalid_client'), 'refused', 'client-credentials-wrong'],
  [code('invalid_client', 401), 'refused', 'client-credentials-wrong'],
  [code('invalid_basic_auth_header'), 'refused', 'client-credentials-wrong'],
  [code('app_not_found'), 'refused', 'client-credentials-wrong'],
  [code('invalid_app_access'), 'refused', 'user-not-approved'],
  [code('app_blocked'), 'refused', 'app-blocked'],
  [code('fail_close_app_blocked'), 'refused', 'app-blocked'],
  [code('oauth_flow_disabled'), 'refused', 'app-blocked'],
  [code('ecapp_policy_not_found'), 'refused', 'app-not-installed'],
  [code('oauth_policy_not_found'), 'refused', 'app-not-installed'],
  [code('installation_error'), 'refused', 'app-not-installed'],
  [code('invalid_distribution_state'), 'refused', 'app-not-installed'],
  [code('invalid_session_level'), 'refused', 'password-or-session-policy'],
  [code('rate_limit_exceeded'), 'refused', 'login-rate-exceeded'],
  [code('slow_down'), 'refused', 'login-rate-exceeded'],
  [{ status: 429 }, 'refused', 'login-rate-exceeded'],
  [code('unsupported_grant_type'), 'refused', 'request-refused'],
  [code('invalid_request'), 'refused', 'request-refused'],
  [code('invalid_scope'), 'refused', 'request-refused'],
  [code('redirect_uri_mismatch'), 'refused', 'request-refused'],
  [code('redirect_uri_missing'), 'refused', 'request-refused'],
  [code('server_error'), 'unknown', 'salesforce-error'],
  [code('service_unavailable'), 'unknown', 'salesforce-error'],
  [code('system_down'), 'unknown', 'salesforce-error'],
  [{ status: 400, code: 'unknown_error', text: 'retry your request' }, 'unknown', 'salesforce-error'],
  [{ status: 500, code: 'unknown_error' }, 'unknown', 'salesforce-error'],
  [{ ...grant('expired access/refresh token'), status: 503 }, 'unknown', 'salesforce-error'],
  [{ status: 503, text: '<html>' }, 'unknown', 'salesforce-error'],
  [{ status: 302 }, 'refused', 'host-changed'],
  [{ status: 404 }, 'refused', 'host-changed'],
  [{ status: 420 }, 'refused', 'host-changed'],
  [{ status: 418 }, 'unknown', 'salesforce-error'],
];

const identity: readonly Case[] = [
  [{ status: 403, text: 'Bad_OAuth_Token' }, 'refresh', 'session-refused'],
  [{ status: 403, text: 'Missing_OAuth_Token' }, 'refresh', 'session-refused'],
  [{ status: 401 }, 'refresh', 'session-refused'],
  [{ status: 403, text: 'Inactive User' }, 'refused', 'user-inactive'],
  [{ status: 403, text: 'No_Access' }, 'refused', 'user-not-approved'],
  [{ status: 403, text: 'Wrong_Org' }, 'refused', 'org-changed'],
  [{ status: 403, text: 'Bad_Id' }, 'refused', 'request-refused'],
  [{ status: 403, text: '<html>' }, 'refused', 'salesforce-error'],
  [{ status: 301 }, 'refresh', 'org-gone'],
  [{ status: 420 }, 'refresh', 'org-gone'],
  [{ status: 404 }, 'refresh', 'org-gone'],
  [{ status: 429 }, 'refused', 'api-limit-reached'],
  [{ status: 500, text: 'Internal Error' }, 'refused', 'salesforce-error'],
];

const api = (status: number, name: string, text = ''): SalesforceAnswer => ({ status, code: name, text });
const data: readonly Case[] = [
  [api(401, 'INVALID_SESSION_ID', 'Session expired or invalid'), 'refresh', 'session-refused'],
  [api(401, 'INVALID_SESSION_ID', 'This session is not valid for use with the REST API'), 'refused', 'session-refused'],
  [api(401, 'INVALID_SESSION_ID', 'Connected app is not attached to Agent'), 'refused', 'session-refused'],
  [api(403, 'API_CURRENTLY_DISABLED'), 'refused', 'api-disabled'],
  [api(403, 'API_DISABLED_FOR_ORG'), 'refused', 'api-disabled'],
  [api(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'), 'refused', 'api-limit-reached'],
  [{ status: 429 }, 'refused', 'api-limit-reached'],
  [{ status: 301 }, 'refresh', 'org-gone'],
  [{ status: 420 }, 'refresh', 'org-gone'],
  [{ status: 404, isHtml: true }, 'refresh', 'org-gone'],
  [api(404, 'NOT_FOUND'), 'refused', 'request-refused'],
  [{ status: 410 }, 'refused', 'request-refused'],
  [{ status: 414 }, 'refused', 'request-refused'],
  [api(400, 'QUERY_TIMEOUT'), 'refused', 'salesforce-slow'],
  [api(400, 'UNABLE_TO_LOCK_ROW'), 'refused', 'salesforce-error'],
  [api(400, 'MALFORMED_QUERY'), 'refused', 'request-refused'],
  [api(500, 'UNKNOWN_EXCEPTION'), 'refused', 'salesforce-error'],
  [{ status: 503, isHtml: true }, 'refused', 'salesforce-error'],
];

const name = ({ status, code: error, text }: SalesforceAnswer) =>
  [String(status), error, text].filter((part) => part !== undefined && part !== '').join(' ');
const named = (cases: readonly Case[]) =>
  cases.map(([answer, meaning, reason]) => [name(answer), meaning, reason, answer] as const);

it.each(named(token))('takes %s of the token endpoint as %s: %s', (_name, meaning, reason, answer) => {
  expect(tokenVerdict(answer)).toEqual({ meaning, reason });
});

it.each(named(identity))('takes %s of the identity service as %s: %s', (_name, meaning, reason, answer) => {
  expect(verdictOn('identity', answer)).toEqual({ meaning, reason });
});

it.each(named(data))('takes %s of the data API as %s: %s', (_name, meaning, reason, answer) => {
  expect(verdictOn('data', answer)).toEqual({ meaning, reason });
});

it.each([
  ['token', token],
  ['identity', identity],
  ['data', data],
] as const)('has no row at %s that no case reaches', (endpoint, cases) => {
  const rows = answerTable[endpoint];
  const reached = new Set(
    cases.map(([answer]) =>
      rows.findIndex(
        (row) =>
          (typeof row.status === 'number'
            ? row.status === answer.status
            : answer.status >= row.status[0] && answer.status <= row.status[1]) &&
          (row.code === undefined || [row.code].flat().includes(answer.code ?? '')) &&
          (row.text === undefined || row.text.test(answer.text ?? '')) &&
          (!('isHtml' in row) || answer.isHtml === true),
      ),
    ),
  );
  expect(rows.map((_, index) => index).filter((index) => !reached.has(index))).toEqual([]);
});
