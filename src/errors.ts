/**
 * Every error that Trunkline raises on purpose, by code. The code identifies it (a class does not survive the trip through
 * Temporal); its kind decides the HTTP status and whether Temporal tries again.
 */
export const errorKinds = {
  CONFIGURATION_INVALID: 'invalid',
  REQUEST_INVALID: 'invalid',
  LOGIN_HOST_INVALID: 'invalid',
  OAUTH_STATE_INVALID: 'invalid',
  LINK_INVALID: 'invalid',
  INVITATION_INVALID: 'invalid',
  CSRF_TOKEN_INVALID: 'forbidden',
  SIGN_IN_REQUIRED: 'unauthenticated',
  PBX_TOKEN_INVALID: 'unauthenticated',
  ACCOUNT_TOKEN_INVALID: 'unauthenticated',
  PACKAGE_SIGNATURE_INVALID: 'unauthenticated',
  PBX_TOKEN_WRONG_PBX: 'forbidden',
  PBX_ADDRESS_NOT_ALLOWED: 'forbidden',
  PBX_NOT_FOUND: 'not-found',
  LOOKUP_NOT_FOUND: 'not-found',
  LOOKUP_RUN_NOT_FOUND: 'not-found',
  DIALING_RULES_NOT_FOUND: 'not-found',
  SALESFORCE_USER_NOT_FOUND: 'not-found',
  PAGE_NOT_FOUND: 'not-found',
  CONNECTION_NOT_FOUND: 'not-found',
  ALERT_TARGET_NOT_FOUND: 'not-found',
  LOOKUP_WRONG_KIND: 'conflict',
  EMAIL_TAKEN: 'conflict',
  TOO_MANY_REQUESTS: 'rate-limited',
  SALESFORCE_LIMIT_REACHED: 'rate-limited',
  SALESFORCE_UNAVAILABLE: 'unavailable',
  DATABASE_UNAVAILABLE: 'unavailable',
  TEMPORAL_UNAVAILABLE: 'unavailable',
  MAIL_UNAVAILABLE: 'unavailable',
  ALERT_NOT_DELIVERED: 'unavailable',
  STORED_SECRET_UNREADABLE: 'internal',
  LOCAL_SERVICE_FAILED: 'internal',
} as const satisfies Record<string, ErrorKind>;

export type ErrorKind =
  'invalid' | 'unauthenticated' | 'forbidden' | 'not-found' | 'conflict' | 'rate-limited' | 'unavailable' | 'internal';

export type ErrorCode = keyof typeof errorKinds;

/** An error raised on purpose. `message` is for people: what happened, and what to do; it never carries a secret or a number. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }

  get kind(): ErrorKind {
    return errorKinds[this.code];
  }
}
