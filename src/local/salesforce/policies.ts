import Type from 'typebox';
import { appPolicies } from './types.ts';
import type { Policies } from './types.ts';

/** The consumer key and secret of the one app the stand-in knows. No secrets: everybody may read them here. */
export const standInClientId = '3MVG9StandInTrunkline.0000000000000000000000000000000000000000000000000000000000000';
export const standInClientSecret = 'STANDIN0000000000000000000000000000000000000000000000000000000000';
export const standInAppName = 'Trunkline';

/** Scopes an app can be given; `full` holds all of them but `refresh_token`. */
export const knownScopes = [
  'api',
  'refresh_token',
  'id',
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'web',
  'full',
];

export function defaultPolicies(): Policies {
  return {
    rotation: true,
    accessTokenLifeMs: 2 * 3_600_000,
    latencyMs: 0,
    phoneLikeLatencyMs: 0,
    tokenLatencyMs: 25,
    searchIndexDelayMs: 2000,
    apiLimit: 15_000,
    apiUsed: 0,
    apiEnabled: true,
    apiLimitEnforced: false,
    app: 'ok',
    appInstalled: true,
    requirePkce: false,
    requireSecretForRefresh: true,
    callbackUrls: [],
    clientSecret: standInClientSecret,
    scopes: knownScopes,
    refreshTokenIdleMs: 30 * 86_400_000,
    refreshTokenPolicy: 'until-revoked',
    ipRestricted: false,
    loginHoursClosed: false,
    highAssurance: false,
    orgStatus: 'active',
    passwordExpired: false,
    answersAs: null,
    goneHosts: 'none',
    maintenance: false,
    loginRateExceeded: false,
    sameAccessToken: false,
    packageLicense: { namespace: 'trunkline', status: 'Active', allowed: 25, expiresOn: null },
    permissionSetLicenses: {},
  };
}

const Milliseconds = Type.Integer({ minimum: 0 });

/** What the control endpoint accepts under `policies`: any of them, and nothing else. */
export const PolicyChangesSchema = Type.Partial(
  Type.Object({
    rotation: Type.Boolean(),
    accessTokenLifeMs: Milliseconds,
    latencyMs: Milliseconds,
    phoneLikeLatencyMs: Milliseconds,
    tokenLatencyMs: Milliseconds,
    searchIndexDelayMs: Milliseconds,
    apiLimit: Type.Integer({ minimum: 0 }),
    apiUsed: Type.Integer({ minimum: 0 }),
    apiEnabled: Type.Boolean(),
    apiLimitEnforced: Type.Boolean(),
    app: Type.Union(appPolicies.map((policy) => Type.Literal(policy))),
    appInstalled: Type.Boolean(),
    requirePkce: Type.Boolean(),
    requireSecretForRefresh: Type.Boolean(),
    callbackUrls: Type.Array(Type.String()),
    clientSecret: Type.String(),
    scopes: Type.Array(Type.String()),
    refreshTokenIdleMs: Milliseconds,
    refreshTokenPolicy: Type.Union([Type.Literal('until-revoked'), Type.Literal('immediately-expire')]),
    ipRestricted: Type.Boolean(),
    loginHoursClosed: Type.Boolean(),
    highAssurance: Type.Boolean(),
    orgStatus: Type.Union([Type.Literal('active'), Type.Literal('locked')]),
    passwordExpired: Type.Boolean(),
    answersAs: Type.Union([Type.Null(), Type.String()]),
    goneHosts: Type.Union([Type.Literal('none'), Type.Literal('data'), Type.Literal('login')]),
    maintenance: Type.Boolean(),
    loginRateExceeded: Type.Boolean(),
    sameAccessToken: Type.Boolean(),
    packageLicense: Type.Union([
      Type.Null(),
      Type.Object({
        namespace: Type.String(),
        status: Type.Union([
          Type.Literal('Active'),
          Type.Literal('Expired'),
          Type.Literal('Free'),
          Type.Literal('Trial'),
        ]),
        allowed: Type.Integer({ minimum: -1 }),
        expiresOn: Type.Union([Type.Null(), Type.String()]),
      }),
    ]),
    permissionSetLicenses: Type.Record(
      Type.String(),
      Type.Object({
        status: Type.Union([Type.Literal('Active'), Type.Literal('Disabled')]),
        expiresOn: Type.Union([Type.Null(), Type.String()]),
      }),
    ),
  } satisfies Record<keyof Policies, unknown>),
  { additionalProperties: false },
);
