import type { AuthorizationReason, ReasonDetail } from './connection.ts';

/** What Salesforce says by the `error` parameter of its redirect (reference: Salesforce, "OAuth authorization errors"; compared without case). */
const reasons: Readonly<Record<string, AuthorizationReason>> = {
  access_denied: 'denied-by-user',
  // Salesforce's help writes it with a hyphen, live redirects with an underscore.
  'access-denied': 'denied-by-user',
  oauth_approval_error_generic: 'approval-refused',
  oauth_app_access_denied: 'user-not-approved',
  invalid_app_access: 'user-not-approved',
  oauth_app_blocked: 'app-blocked',
  app_blocked: 'app-blocked',
  fail_close_app_blocked: 'app-blocked',
  oauth_authorization_blocked: 'cross-org-blocked',
  oauth_ec_app_not_found: 'app-not-installed',
  app_not_found: 'app-not-installed',
  ecapp_policy_not_found: 'app-not-installed',
  oauth_policy_not_found: 'app-not-installed',
  inactive_user: 'user-inactive',
  inactive_org: 'org-inactive',
  rate_limit_exceeded: 'login-rate-exceeded',
  invalid_session_level: 'password-or-session-policy',
  invalid_client: 'client-credentials-wrong',
  invalid_client_id: 'client-credentials-wrong',
  invalid_request: 'request-refused',
  invalid_scope: 'request-refused',
  unsupported_response_type: 'request-refused',
  redirect_uri_mismatch: 'request-refused',
  redirect_uri_missing: 'request-refused',
  oauth_flow_disabled: 'request-refused',
  server_error: 'salesforce-error',
  service_unavailable: 'salesforce-error',
  system_down: 'salesforce-error',
  unknown_error: 'salesforce-error',
};

/** Why Salesforce sent the browser back without a code. What is not in the table is `salesforce-refused`, and shown as it was answered. */
export function readAuthorizationError(
  error: string,
  description: string,
): { reason: AuthorizationReason; detail: ReasonDetail } {
  const detail: ReasonDetail = /^[\w-]{1,64}$/.test(error) ? { answer: error } : {};
  // The same sentence comes with several codes: the app is not installed, and the user may not approve uninstalled apps.
  if (/app must be installed into org/i.test(description)) return { reason: 'app-not-installed', detail };
  if (/cross-org oauth flows are not supported/i.test(description)) return { reason: 'cross-org-blocked', detail };
  const known = Object.hasOwn(reasons, error.toLowerCase()) ? reasons[error.toLowerCase()] : undefined;
  return { reason: known ?? 'salesforce-refused', detail };
}
