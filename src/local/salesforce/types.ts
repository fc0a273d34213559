/**
 * What the two halves of the stand-in agree on. The frame (server, OAuth, faults, journal, control endpoints) owns orgs, users, tokens and
 * policies; the data half (`data/`) owns records and everything under `/services/data/vNN.N/`.
 *
 * The data half exports from `data/index.ts`:
 *
 *   export const dataRoutes: DataRoutes;
 *   export const createRecords: CreateRecords;
 *
 * Under `/services/data` the frame has done these before a route of the data half runs: refused what carries no valid token (401
 * INVALID_SESSION_ID), refused users and orgs without API access, counted the call, set `Sforce-Limit-Info`, played faults,
 * written the journal; afterwards it holds the answer back until `latencyMs` are over. It also serves `GET /services/data` (versions) and
 * `GET /services/data/vNN.N` (resources) itself, and answers unknown paths (404) and wrong methods. A composite request must not go through `fastify.inject`, which would count its parts.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Milliseconds since 1970; an argument, so that tests can move time. */
export type Clock = () => number;

/** A stored or derived record: API names of fields to JSON values (null where empty), always with `Id`. */
export type SObjectRecord = Record<string, unknown> & { readonly Id: string };

/**
 * One person who can sign in. The control endpoint changes `active`, `frozen`, `licences` and `permissions`; the data half derives User,
 * Profile, UserLogin, PermissionSetAssignment, PackageLicense, UserPackageLicense, PermissionSetLicenseAssign and UserPermissionAccess from
 * these at query time, so that a change shows in the next answer.
 */
export interface User {
  /** 18 characters, prefix 005; the Id of the User record. */
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  /** Salesforce's `UserType`; `Standard` for everybody who can connect. */
  readonly userType: string;
  /** Only a name: what the profile's name says proves nothing. */
  readonly profileName: string;
  readonly extension: string | null;
  active: boolean;
  frozen: boolean;
  /**
   * All licences in one list. A name in `userLicences` is the profile's `UserLicense.Name`; one equal to the namespace in
   * `Policies.packageLicense` is a UserPackageLicense; any other is the DeveloperName of a permission-set licence.
   */
  licences: readonly string[];
  /** Effective permissions without their `Permissions` prefix: `ModifyAllData`, `CustomizeApplication`, `ApiEnabled`, … */
  permissions: readonly string[];
}

/** Names that `User.licences` may carry as user licences (`UserLicense.Name`, with `LicenseDefinitionKey` beside it). */
export const userLicences: Readonly<Record<string, string>> = {
  Salesforce: 'SFDC',
  'Salesforce Platform': 'AUL',
  'Salesforce Integration': 'INT',
  'Chatter Free': 'CSN',
  Identity: 'PID_Identity',
};

/** How the org's administrator treats our app at authorize. */
export const appPolicies = [
  'ok',
  'approval-error',
  'not-installed',
  'blocked',
  'not-approved',
  'access-denied',
  'cross-org',
  'not-found',
] as const;
export type AppPolicy = (typeof appPolicies)[number];

/** What an administrator of the org can set, and how the stand-in behaves for this org. All of it can be changed by the control endpoint. */
export interface Policies {
  /** Refresh tokens work once; replaying a spent one kills the family. */
  rotation: boolean;
  /** Inactivity time-out of sessions; use in the second half of it starts it anew. */
  accessTokenLifeMs: number;
  /** How long each answer under /services/data takes, to a millisecond or two: it is held back when the work on it took less. */
  latencyMs: number;
  /** Part of that work for each query that compares a phone field by LIKE: no index serves it, so that the platform reads every record. */
  phoneLikeLatencyMs: number;
  /** How long the token endpoint works on a request; a second one with the same refresh token meanwhile is refused. */
  tokenLatencyMs: number;
  /** How long a new or changed record stays invisible to `search` (SOSL). */
  searchIndexDelayMs: number;
  /** API calls a day. */
  apiLimit: number;
  /** API calls used today; can be set to provoke the limit. */
  apiUsed: number;
  /** The API switch of the edition: false answers 403 API_DISABLED_FOR_ORG. */
  apiEnabled: boolean;
  /** Whether exceeding `apiLimit` is refused with 403 REQUEST_LIMIT_EXCEEDED (paid orgs may overrun somewhat). */
  apiLimitEnforced: boolean;
  app: AppPolicy;
  /** `is_app_installed` in userinfo and identity. */
  appInstalled: boolean;
  /** The app demands a code_challenge. */
  requirePkce: boolean;
  requireSecretForRefresh: boolean;
  /** Callback URLs of the app beside those it was started with and any on localhost or 127.0.0.1. */
  callbackUrls: readonly string[];
  /** The app's current consumer secret; another value makes every client's secret wrong. */
  clientSecret: string;
  scopes: readonly string[];
  /** A refresh token not used for this long is expired. */
  refreshTokenIdleMs: number;
  /** `until-revoked`, or unusable from the start. */
  refreshTokenPolicy: 'until-revoked' | 'immediately-expire';
  /** Login IP ranges do not hold the client's address. */
  ipRestricted: boolean;
  /** Outside login hours. */
  loginHoursClosed: boolean;
  /** Sessions lack the High Assurance level that the API asks for: a 401 that no refresh mends. */
  highAssurance: boolean;
  orgStatus: 'active' | 'locked';
  /** The password expired or a policy asks for another: new tokens are refused with `authentication failure`. */
  passwordExpired: boolean;
  /** The org id that token answers name, as after a sandbox was refreshed; null: its own. */
  answersAs: string | null;
  /** Which hosts answer with a page that nothing is there, as after a My Domain was renamed or the org deleted. */
  goneHosts: 'none' | 'data' | 'login';
  /** The data API answers with a page and status 200, as what stands before it may do while the instance is maintained. */
  maintenance: boolean;
  loginRateExceeded: boolean;
  /** Repeated grants of the same user and scope answer the access token that still works (as some orgs do). */
  sameAccessToken: boolean;
  /** The managed package's licence in this org; null: not there. `allowed` -1 is a site licence. `expiresOn` YYYY-MM-DD. */
  packageLicense: {
    namespace: string;
    status: 'Active' | 'Expired' | 'Free' | 'Trial';
    allowed: number;
    expiresOn: string | null;
  } | null;
  /** Permission-set licences of this org, by developer name; one that users have and that is not named here is active and never ends. */
  permissionSetLicenses: Readonly<Record<string, { status: 'Active' | 'Disabled'; expiresOn: string | null }>>;
}

/** A refresh token as the OauthToken object shows it. Times in milliseconds. */
export interface OauthTokenRow {
  readonly id: string;
  readonly appName: string;
  readonly userId: string;
  readonly useCount: number;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number;
  /** Works as `token` of a revocation. */
  readonly deleteToken: string;
}

/** One Salesforce organisation. */
export interface Org {
  /** 18 characters. */
  readonly id: string;
  readonly name: string;
  readonly isSandbox: boolean;
  /** The instance, such as `EU47`. */
  readonly instanceName: string;
  readonly users: readonly User[];
  readonly policies: Policies;
  readonly records: OrgRecords;
  /** The refresh tokens that are alive, all users. */
  oauthTokens(): readonly OauthTokenRow[];
}

/** Who asks, as the frame has found out from the token. */
export interface DataCaller {
  readonly org: Org;
  readonly user: User;
  readonly token: string;
  /** Scheme and host of the org's own (My Domain) host, without a slash at the end: `http://localhost:13001`. */
  readonly baseUrl: string;
  /** The identity URL of the caller. */
  readonly identityUrl: string;
}

/** The records of one org. Object names in any case; ids of 15 or 18 characters. */
export interface OrgRecords {
  /** Every record of an object, derived objects (User, PackageLicense, …) included; undefined for an unknown object. */
  list(object: string): readonly SObjectRecord[] | undefined;
  /**
   * Creates or changes records without checking rules (the control endpoint's way to arrange a situation): a row with `Id` changes or
   * recreates that record, one without is created. Answers the ids in order; undefined for an unknown object.
   */
  upsert(object: string, rows: readonly Readonly<Record<string, unknown>>[]): readonly string[] | undefined;
  /** Removes records of any object; answers how many there were. */
  remove(ids: readonly string[]): number;
  /** What differs from the seed, as plain JSON; given back to `createRecords` after a restart. Small, however many records were seeded. */
  snapshot(): unknown;
}

export interface RecordsOptions {
  readonly org: Omit<Org, 'records'>;
  readonly clock: Clock;
  /** Grows the seed to about so many contacts for benchmarks; absent: the usual org. */
  readonly contacts?: number | undefined;
  /** Of an earlier run. One that cannot be read is an error. */
  readonly snapshot?: unknown;
  /** Called after each change, for the state file. */
  readonly onChange: () => void;
}

export type CreateRecords = (options: RecordsOptions) => OrgRecords;

export interface DataRoutesOptions {
  readonly clock: Clock;
  /** Such as `67.0`; older versions down to 31.0 are served alike. */
  readonly apiVersion: string;
  /** Never fails inside a route: the frame has refused the others. */
  callerOf(request: FastifyRequest): DataCaller;
}

/** Registered by the frame with prefix `/services/data`; its routes begin with `/:version/`, where version is `v67.0`. */
export type DataRoutes = (fastify: FastifyInstance, options: DataRoutesOptions) => Promise<void>;
