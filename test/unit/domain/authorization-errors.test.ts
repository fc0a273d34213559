import { describe, expect, it } from 'vitest';
import { readAuthorizationError } from '../../../src/domain/authorization-errors.ts';
import type { AuthorizationReason } from '../../../src/domain/connection.ts';

const rows: readonly (readonly [error: string, description: string, reason: AuthorizationReason])[] = [
  ['access_denied', 'end-user denied authorization', 'denied-by-user'],
  ['access-denied', '', 'denied-by-user'],
  ['ACCESS_DENIED', '', 'denied-by-user'],
  ['OAUTH_APPROVAL_ERROR_GENERIC', '', 'approval-refused'],
  ['OAUTH_APPROVAL_ERROR_GENERIC', 'app must be installed into org', 'app-not-installed'],
  ['invalid_client', 'app must be installed into org', 'app-not-installed'],
  ['invalid_client', 'invalid client credentials', 'client-credentials-wrong'],
  ['invalid_client_id', 'client identifier invalid', 'client-credentials-wrong'],
  ['OAUTH_AUTHORIZATION_BLOCKED', '', 'cross-org-blocked'],
  ['invalid_request', 'Cross-org OAuth flows are not supported for this external client app', 'cross-org-blocked'],
  ['OAUTH_APP_ACCESS_DENIED', '', 'user-not-approved'],
  ['invalid_app_access', 'user is not admin approved to access this app', 'user-not-approved'],
  ['OAUTH_APP_BLOCKED', '', 'app-blocked'],
  ['OAUTH_EC_APP_NOT_FOUND', '', 'app-not-installed'],
  ['inactive_user', '', 'user-inactive'],
  ['inactive_org', '', 'org-inactive'],
  ['rate_limit_exceeded', '', 'login-rate-exceeded'],
  ['invalid_request', 'missing required code challenge', 'request-refused'],
  ['invalid_scope', '', 'request-refused'],
  ['redirect_uri_mismatch', 'redirect_uri must match configuration', 'request-refused'],
  ['unsupported_response_type', '', 'request-refused'],
  ['server_error', '', 'salesforce-error'],
  ['immediate_unsuccessful', '', 'salesforce-refused'],
  ['never_heard_of', '', 'salesforce-refused'],
  ['', '', 'salesforce-refused'],
  ['constructor', '', 'salesforce-refused'],
];

describe('readAuthorizationError', () => {
  it.each(rows)('reads %j with %j as %s', (error, description, reason) => {
    expect(readAuthorizationError(error, description).reason).toBe(reason);
  });

  it('repeats the error code, since that is a word of Salesforce’s list', () => {
    expect(readAuthorizationError('never_heard_of', 'x').detail).toEqual({ answer: 'never_heard_of' });
  });

  it.each(['<script>', 'two words', 'x'.repeat(65), ''])(
    'does not repeat %j, which anybody could have written',
    (error) => {
      expect(readAuthorizationError(error, '').detail).toEqual({});
    },
  );
});
