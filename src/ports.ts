import type { AuthorizationReason, Cause, Connection, Observations, ReasonDetail } from './domain/connection.ts';
import type { AlertEvent, AlertMemory, AlertPatience, AlertTopic, DeliveryFailure } from './domain/alerts.ts';
import type { DialingRules } from './domain/dialing-rules.ts';
import type { LookupTrace } from './domain/lookup-trace.ts';
import type { ReadyMadeCondition, StepFilter, StepOrder } from './domain/lookup-step.ts';
import type {
  Answer,
  AnswerReason,
  AskedLookup,
  DefinitionProblem,
  Finding,
  LookupDefinition,
  LookupRun,
  Pbx,
} from './domain/lookup.ts';
import type { LookupId, OrgId, PbxId } from './domain/ids.ts';
import type { Signature } from './domain/request-signature.ts';

/*
 * What the use cases need from the world, in their own words. Each interface has an adapter in a folder of its own and a
 * hand-written fake in test/support; both pass the same contract test.
 */

// ---------------------------------------------------------------------------------------------------------- accounts

export interface Account {
  readonly id: string;
  /** Lower case; the user name. */
  readonly email: string;
  readonly passwordHash: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly company: string | undefined;
  readonly timeZone: string;
  readonly confirmedAtMs: number | undefined;
}

export interface Accounts {
  /** Throws `EMAIL_TAKEN`. */
  create(account: Omit<Account, 'id' | 'confirmedAtMs'>): Promise<Account>;
  findByEmail(email: string): Promise<Account | undefined>;
  findById(id: string): Promise<Account | undefined>;
  /** A sign-up that was never confirmed gives way to a later one with the same address, password included. */
  replaceUnconfirmed(id: string, account: Omit<Account, 'id' | 'email' | 'confirmedAtMs'>): Promise<void>;
  confirm(id: string): Promise<void>;
}

/** A signed-in browser. The id itself is never stored, only its SHA-256. */
export interface Sessions {
  create(idHash: string, accountId: string, expiresAtMs: number): Promise<void>;
  find(idHash: string): Promise<{ accountId: string; expiresAtMs: number } | undefined>;
  extend(idHash: string, expiresAtMs: number): Promise<void>;
  remove(idHash: string): Promise<void>;
}

export type LinkPurpose = 'confirm-email' | 'invitation';

/** Links that work once. The token itself is never stored, only its SHA-256. */
export interface OneTimeLinks {
  create(link: {
    tokenHash: string;
    purpose: LinkPurpose;
    accountId: string;
    expiresAtMs: number;
    /** Whom it is mailed to, where that is somebody else than the account. */
    recipient?: string;
  }): Promise<void>;
  /** The account of an unused, unexpired link, which stays unused. */
  find(tokenHash: string, purpose: LinkPurpose): Promise<string | undefined>;
  /** The account of an unused, unexpired link, which is used up by this. */
  use(tokenHash: string, purpose: LinkPurpose): Promise<string | undefined>;
  /** Uses up all that the account has for this. */
  withdraw(accountId: string, purpose: LinkPurpose): Promise<void>;
}

export interface AuditEvent {
  readonly accountId: string | undefined;
  /** Who did it: `account`, `salesforce-user`, `system`. */
  readonly actor: 'account' | 'salesforce-user' | 'system' | 'phone-system';
  /** Noun and past participle: `pbx.created`. */
  readonly action: string;
  /** Id of what it was done to. */
  readonly subject: string | undefined;
  /** Plain facts; never a secret or a number. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
  /** Of what may be told more than once: the same each time, and recorded once. */
  readonly occurrence?: string | undefined;
}

export interface Audit {
  record(event: AuditEvent): Promise<void>;
  /** The newest first; of these actions only, where they are given. */
  list(accountId: string, limit: number, actions?: readonly string[]): Promise<readonly AuditedEvent[]>;
}

export type AuditedEvent = AuditEvent & { readonly atMs: number };

// ------------------------------------------------------------------------------------------------------- connections

export type AuthorizationStatus = 'begun' | 'code-received' | 'succeeded' | 'refused';

/** One attempt to connect or refresh through Salesforce's pages. */
export interface Authorization {
  readonly id: string;
  readonly accountId: string;
  readonly status: AuthorizationStatus;
  /** Origin of the Salesforce login host. */
  readonly loginHost: string;
  readonly reason: AuthorizationReason | undefined;
  readonly reasonDetail: ReasonDetail;
  readonly orgId: OrgId | undefined;
  /** Begun through an invitation, by somebody who needs no account. */
  readonly isInvited: boolean;
  readonly expiresAtMs: number;
}

/** A grant as Salesforce answered it; lives in memory and sealed only. */
export interface Grant {
  readonly accessToken: string;
  /** Absent in the answer to a refresh without rotation. */
  readonly refreshToken: string | undefined;
  /** Origin, checked to be Salesforce's. Absent: keep the one known. */
  readonly instanceUrl: string | undefined;
  readonly orgId: OrgId;
  /** 18 characters. */
  readonly userId: string;
  /** The identity URL of the answer. */
  readonly identityUrl: string;
  readonly issuedAtMs: number;
}

/** What a new authorization replaced, to be revoked. */
export interface FormerGrant {
  readonly loginHost: string;
  readonly refreshToken: string;
}

export interface Authorizations {
  create(authorization: {
    accountId: string;
    loginHost: string;
    stateHash: string;
    browserHash: string;
    codeVerifier: string;
    expiresAtMs: number;
    /** Hash of the invitation's token. */
    invitationHash?: string | undefined;
  }): Promise<{ id: string }>;
  findByState(stateHash: string): Promise<(Authorization & { browserHash: string }) | undefined>;
  find(id: string): Promise<Authorization | undefined>;
  latestOf(accountId: string): Promise<Authorization | undefined>;
  /** Stores the code once, sealed; false when the attempt had one, has ended or is too old. */
  receiveCode(id: string, code: string): Promise<boolean>;
  /** Hands out code and verifier at most once, so that the exchange is sent at most once. */
  takeCode(
    id: string,
  ): Promise<{ code: string; codeVerifier: string; loginHost: string; accountId: string } | undefined>;
  storeGrant(id: string, grant: Grant): Promise<void>;
  /** The grant of an attempt, until it is forgotten. */
  readGrant(
    id: string,
  ): Promise<{ grant: Grant; accountId: string; loginHost: string; invitedAs: string | undefined } | undefined>;
  /** The grant that a hand-over replaced, until it is forgotten. */
  readFormerGrant(id: string): Promise<FormerGrant | undefined>;
  /** Ends the attempt, unless it has ended; erases code and verifier, and keeps the grant for being revoked. */
  end(
    id: string,
    outcome: { status: 'succeeded' | 'refused'; reason?: AuthorizationReason; detail?: ReasonDetail; orgId?: OrgId },
  ): Promise<void>;
  /** Erases the grant and the former one. */
  forgetGrants(id: string): Promise<void>;
}

/** The credentials of a connection, opened. */
export interface Credentials {
  readonly orgId: OrgId;
  /** Grows by one with each refresh and each new authorization. */
  readonly version: number;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly instanceUrl: string;
  readonly identityUrl: string;
  readonly loginHost: string;
  readonly issuedAtMs: number;
  readonly refreshStartedAtMs: number | undefined;
  readonly refreshAttempt: string | undefined;
}

/** What the user of a connection is, as Salesforce says. */
export interface ConnectedUser {
  readonly userId: string;
  readonly username: string;
  readonly orgName: string | undefined;
  readonly isSandbox: boolean;
}

/** Time limits of the refresh protocol (design section 4). */
export interface RefreshLimits {
  /** After this a refresh under way is given up, with an unknown outcome. */
  readonly callMs: number;
  /** Nobody takes a mark over before it is this old. */
  readonly takeOverMs: number;
}

export interface CredentialsStore {
  read(orgId: OrgId): Promise<Credentials | undefined>;
  /** What can be told without opening what is sealed. */
  readVersion(orgId: OrgId): Promise<Pick<Credentials, 'version' | 'issuedAtMs' | 'refreshStartedAtMs'> | undefined>;
  /** Step 1 of the protocol. False: a refresh is marked already, or the version is another. */
  markRefresh(orgId: OrgId, version: number, attempt: string): Promise<boolean>;
  /** Marks again after an attempt that is known to have ended without a known outcome. False: the mark is not that attempt's. */
  renewMark(orgId: OrgId, version: number, endedAttempt: string, attempt: string): Promise<boolean>;
  /** Takes over a mark that is at least `olderThanMs` old by PostgreSQL's clock, for a token that is sent again. */
  takeOverMark(orgId: OrgId, version: number, attempt: string, olderThanMs: number): Promise<boolean>;
  /** Age of the mark by PostgreSQL's clock; undefined when there is none. */
  markAgeMs(orgId: OrgId): Promise<number | undefined>;
  /**
   * Step 2: everything in one statement. False: the mark is not this attempt's. Without `attempt` whoever holds the mark: for an
   * answer that is at hand although another attempt took the mark over.
   */
  writeRefreshed(orgId: OrgId, version: number, attempt: string | undefined, grant: Grant): Promise<boolean>;
  /** The refresh certainly did not happen, or ended with a definite refusal. */
  clearMark(orgId: OrgId, attempt: string): Promise<void>;
}

/** Changes of the projection row; what is absent stays. */
export type ConnectionChange = Partial<
  Pick<
    Connection,
    | 'state'
    | 'sinceMs'
    | 'cause'
    | 'causeDetail'
    | 'lastCheckedAtMs'
    | 'lastRefreshedAtMs'
    | 'nextRefreshAtMs'
    | 'apiUsed'
    | 'apiMax'
    | 'observed'
    | 'disconnecting'
  >
>;

export type HandOverOutcome =
  | {
      readonly kind: 'handed-over';
      readonly connection: Connection;
      readonly version: number;
      /** The account had no connection that was not disconnected. */
      readonly isNew: boolean;
      /** The former refresh token is to be revoked, but not before this: its refresh may be under way. */
      readonly revokeFormerAfterMs: number | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly reason: 'org-connected-by-another-account' | 'another-org-connected' | 'invitation-used';
      /** The org that the account is connected to. */
      readonly otherOrgId: OrgId | undefined;
    };

export interface Connections {
  /** The connection that is not disconnected, else the one disconnected last. */
  ofAccount(accountId: string): Promise<Connection | undefined>;
  /** The connection of the org that is not disconnected, else the one disconnected last. */
  ofOrg(orgId: OrgId): Promise<Connection | undefined>;
  /**
   * The same, of the org that a URL names: by 15 or 18 characters, in any case. An org whose id is written exactly so goes first, since 15
   * characters do not tell all orgs apart without their case.
   */
  ofOrgInUrl(named: string): Promise<Connection | undefined>;
  /** Where the org's records are looked at; undefined while it is not connected. */
  instanceUrl(orgId: OrgId): Promise<string | undefined>;
  /**
   * Claims the org for the account, makes the attempt's grant the credentials, keeps the former grant with the attempt, and ends the
   * attempt with success, which uses its invitation up: one transaction. Harmless when repeated.
   */
  handOver(handOver: {
    authorizationId: string;
    accountId: string;
    grant: Grant & { refreshToken: string; instanceUrl: string };
    loginHost: string;
    user: ConnectedUser;
    observed?: Observations | undefined;
    takeOverMs: number;
  }): Promise<HandOverOutcome>;
  /**
   * Writes the projection row. False, and nothing written: credentials above `version` exist, whose workflow knows better, or what was
   * known after `knownAtMs` is there already.
   */
  update(connectionId: string, version: number, change: ConnectionChange, knownAtMs?: number): Promise<boolean>;
  /** Erases the credentials of `version` and marks the connection disconnected. False: other credentials are there by now. */
  disconnect(connectionId: string, orgId: OrgId, version: number): Promise<boolean>;
}

// -------------------------------------------------------------------------------------------------------- Salesforce

/**
 * What came of a call to Salesforce's token endpoint. `did-not-happen`: nothing reached Salesforce. `unknown`: it may have
 * worked, so a refresh token may be spent.
 */
export type TokenOutcome =
  | { readonly kind: 'granted'; readonly grant: Grant }
  | { readonly kind: 'refused'; readonly reason: AuthorizationReason; readonly detail: ReasonDetail }
  | { readonly kind: 'did-not-happen'; readonly cause: Cause; readonly answer: string }
  | { readonly kind: 'unknown'; readonly cause: Cause; readonly answer: string };

export type Introspection =
  | { readonly kind: 'answered'; readonly active: boolean; readonly expiresAtMs: number | undefined }
  | { readonly kind: 'failed'; readonly cause: Cause; readonly answer: string };

export interface SalesforceOAuth {
  authorizeUrl(request: { loginHost: string; state: string; codeChallenge: string }): string;
  exchangeCode(request: { loginHost: string; code: string; codeVerifier: string }): Promise<TokenOutcome>;
  /** The only call that sends a refresh token to be used. Given up when `signal` ends. */
  refresh(credentials: Credentials, signal: AbortSignal): Promise<TokenOutcome>;
  /** Also good when the token was no longer valid. Throws `SALESFORCE_UNAVAILABLE`. */
  revoke(loginHost: string, token: string): Promise<void>;
  introspect(credentials: Pick<Credentials, 'accessToken' | 'loginHost'>, signal: AbortSignal): Promise<Introspection>;
  /** Whether our app is installed in the org of this access token; undefined when that cannot be learnt. */
  isAppInstalled(
    session: Pick<SalesforceSession, 'accessToken' | 'instanceUrl'>,
    signal: AbortSignal,
  ): Promise<boolean | undefined>;
}

/** Where and as whom the data API is asked. */
export interface SalesforceSession {
  readonly orgId: OrgId;
  readonly instanceUrl: string;
  readonly accessToken: string;
  readonly version: number;
}

export type SalesforceRecord = Readonly<Record<string, unknown>>;

/** A failed call: `token` = this access token was refused (401); otherwise a cause and whether asking again may help. */
export interface SalesforceFailure {
  readonly kind: 'token' | 'failure';
  readonly cause: Cause;
  /** `errorCode` or HTTP status or network code: for logs, never Salesforce's message. */
  readonly answer: string;
  readonly retryable: boolean;
}
export type SalesforceResult<T> =
  | { readonly ok: true; readonly value: T; readonly apiUsage: { used: number; max: number } | undefined }
  | { readonly ok: false; readonly failure: SalesforceFailure };

/**
 * A query that is known as the value of a URL's parameter already: the same list in every gap of a frame. Both are copied once, when they
 * are sent.
 */
export interface EncodedQuery {
  readonly soql: string;
  readonly frame: readonly Uint8Array[];
  readonly list: Uint8Array;
}

export interface SalesforceData {
  query(
    session: SalesforceSession,
    soql: string,
    signal: AbortSignal,
  ): Promise<SalesforceResult<readonly SalesforceRecord[]>>;
  /** At most five queries in one API call; each has its own result. */
  queries(
    session: SalesforceSession,
    soql: readonly (string | EncodedQuery)[],
    signal: AbortSignal,
  ): Promise<SalesforceResult<readonly SalesforceResult<readonly SalesforceRecord[]>[]>>;
  search(
    session: SalesforceSession,
    sosl: string,
    signal: AbortSignal,
  ): Promise<SalesforceResult<readonly SalesforceRecord[]>>;
}

/** What of the data API is no record. */
export interface SalesforceResources {
  /** `GET` of a resource below `/services/data/vXX.X`; undefined where it has not changed since. 404 is a failure. */
  resource(
    session: SalesforceSession,
    path: string,
    signal: AbortSignal,
    ifModifiedSince?: string,
  ): Promise<SalesforceResult<{ readonly body: unknown; readonly lastModified: string | undefined } | undefined>>;
}

/** What one step of a lookup asks of one object. Field names may lead over parents. */
export interface RecordQuestion {
  readonly object: string;
  /** The fields that are compared; one that agrees is enough. */
  readonly fields: readonly string[];
  /** Conditions that must hold. */
  readonly only: readonly ReadyMadeCondition[];
  readonly filters: readonly StepFilter[];
  readonly order: readonly StepOrder[];
  /** Fields that are told of each record, beside those compared. */
  readonly wanted: readonly string[];
  /** Lookup fields to User; of each user `userFields` are told. */
  readonly users: readonly string[];
  readonly userFields: readonly string[];
}

/** A question for one caller. */
export interface AskedValues {
  /** The same object for every caller of a step, so that what is made of it is made once. */
  readonly question: RecordQuestion;
  /** What the fields are compared with. A number is compared with a field that holds numbers. */
  readonly values: readonly (string | number)[];
  /**
   * Where given, the texts are spellings of a number, with blanks for these digits (`filledIn`), and the same array for every number that is
   * grouped alike.
   */
  readonly digits?: string;
}

/** Whom a lookup field to User names. `user-id-only`: the query could not tell more; `RecordSearch.user` can. */
export type RecordUser =
  | {
      readonly kind: 'user';
      readonly id: string;
      readonly isActive: boolean;
      readonly fields: Readonly<Record<string, string | undefined>>;
    }
  | { readonly kind: 'user-id-only'; readonly id: string }
  /** A queue, or nobody. */
  | { readonly kind: 'none' };

export interface FoundRecord {
  readonly object: string;
  readonly id: string;
  /** Of the fields compared and wanted, those that are not empty. */
  readonly values: Readonly<Record<string, string>>;
  /** What it is ordered by, in the order of the question. */
  readonly rank: readonly (string | number | boolean | undefined)[];
  /** By the field that names the user. */
  readonly users: Readonly<Record<string, RecordUser>>;
}

export interface RecordSearchCall {
  readonly session: SalesforceSession;
  readonly signal: AbortSignal;
  /** Told of the queries as they are sent. Their texts hold numbers, and are made when somebody wants to read them. */
  readonly onQueries?: (count: number, texts: () => readonly string[]) => void;
}

/** Finds records; the one place that knows how Salesforce is asked for them. */
export interface RecordSearch {
  /** Fields that are exactly one of the values, one result a question. One API call for up to five questions. */
  byValues(
    asked: readonly AskedValues[],
    call: RecordSearchCall,
  ): Promise<SalesforceResult<readonly SalesforceResult<readonly FoundRecord[]>[]>>;
  /**
   * Phone fields that the search index holds under one of the digit strings, by question. One API call, unless two questions ask
   * one object under different conditions.
   */
  byDigits(
    questions: readonly RecordQuestion[],
    digits: readonly string[],
    call: RecordSearchCall,
  ): Promise<SalesforceResult<readonly (readonly FoundRecord[])[]>>;
  /** A user by id, or the one of this name: the active one, else one who is not. Undefined where there is none, or several are active. */
  user(
    by: { readonly id: string } | { readonly name: string },
    fields: readonly string[],
    call: RecordSearchCall,
  ): Promise<SalesforceResult<RecordUser | undefined>>;
}

/** The extensions of an account's users, from memory. */
export interface ExtensionMap {
  /** The primary extension. Salesforce's user ids have 18 characters here. */
  ofUser(userId: string): string | undefined;
}

export interface DescribedField {
  readonly name: string;
  readonly label: string;
  /** Salesforce's word: `phone`, `string`, `reference`, … */
  readonly type: string;
  readonly filterable: boolean;
  readonly sortable: boolean;
  readonly externalId: boolean;
  /** Objects that a lookup field leads to. */
  readonly referenceTo: readonly string[];
  /** `Account` of `AccountId`. */
  readonly relationshipName: string | undefined;
}

export interface ListedObject {
  readonly name: string;
  readonly label: string;
  readonly isCustom: boolean;
  readonly queryable: boolean;
  /** Whether the search index knows it. */
  readonly searchable: boolean;
}

export interface DescribedObject extends ListedObject {
  readonly fields: readonly DescribedField[];
}

/** A user of the org who could be rung. */
export interface OrgUser {
  /** 18 characters. */
  readonly id: string;
  readonly name: string;
  /** The value of the field asked for. */
  readonly extension: string | undefined;
}

export interface OrgUsers {
  /** The active standard users by name, with a field that holds extensions. */
  list(
    session: SalesforceSession,
    userField: string,
    signal: AbortSignal,
  ): Promise<SalesforceResult<readonly OrgUser[]>>;
}

/** What the connected user may see of the org's objects; kept for some minutes. */
export interface OrgSchema {
  objects(session: SalesforceSession, signal: AbortSignal): Promise<SalesforceResult<readonly ListedObject[]>>;
  /** Undefined when there is none of this name, or the user may not see it. */
  object(
    session: SalesforceSession,
    name: string,
    signal: AbortSignal,
  ): Promise<SalesforceResult<DescribedObject | undefined>>;
}

// ----------------------------------------------------------------------------------------------------- phone systems

export interface PbxToken {
  /** `jti` of the JWT. */
  readonly id: string;
  readonly pbxId: PbxId;
  readonly name: string;
  /** Addresses and networks (CIDR) that it may be used from; empty: everywhere. */
  readonly allowedAddresses: readonly string[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly lastUsedAtMs: number | undefined;
  readonly revokedAtMs: number | undefined;
}

type PbxDefaults = 'defaultDataLookupId' | 'defaultIvrLookupId' | 'dialingRulesId' | 'limits';

/** What is absent begins as nothing, or as the product's default. */
export type NewPbx = Omit<Pbx, 'version' | PbxDefaults> & Partial<Pick<Pbx, PbxDefaults>>;

/** What is absent stays. */
export type PbxChange = Pick<Pbx, 'id' | 'accountId'> & Partial<Omit<Pbx, 'id' | 'accountId' | 'version'>>;

export interface Pbxs {
  /** The signing secret is sealed by the adapter. */
  create(pbx: NewPbx, signingSecret: Uint8Array): Promise<Pbx>;
  list(accountId: string): Promise<readonly Pbx[]>;
  find(accountId: string, id: PbxId): Promise<Pbx | undefined>;
  /** Throws `PBX_NOT_FOUND`. */
  update(change: PbxChange): Promise<Pbx>;
  signingSecret(id: PbxId): Promise<Uint8Array>;
  /** Whether tokens without `jti`, signed with a secret from elsewhere, are accepted. */
  hasImportedSecret(id: PbxId): Promise<boolean>;
  /** Accepts such tokens from now on; undefined: none any more. Sealed by the adapter. */
  setImportedSecret(pbx: Pick<Pbx, 'id' | 'accountId'>, secret: Uint8Array | undefined): Promise<void>;
  createToken(token: {
    id: string;
    pbxId: PbxId;
    name: string;
    expiresAtMs: number | undefined;
    allowedAddresses?: readonly string[];
  }): Promise<PbxToken>;
  tokens(id: PbxId): Promise<readonly PbxToken[]>;
  /** False when there is no such unrevoked token of this PBX. */
  revokeToken(pbxId: PbxId, tokenId: string): Promise<boolean>;
  touchTokens(used: ReadonlyMap<string, number>): Promise<void>;
}

type LookupDefaults = 'fallbacks' | 'problems' | 'checkedAtMs';
export type NewLookup = Omit<LookupDefinition, 'version' | LookupDefaults> &
  Partial<Pick<LookupDefinition, LookupDefaults>>;
export type LookupChange = Pick<LookupDefinition, 'id' | 'accountId'> &
  Partial<Pick<LookupDefinition, 'name' | 'steps' | 'fallbacks' | 'fallbackExtension' | 'problems' | 'checkedAtMs'>>;

export interface Lookups {
  create(lookup: NewLookup): Promise<LookupDefinition>;
  find(accountId: string, id: LookupId): Promise<LookupDefinition | undefined>;
  /** In the order of their making. */
  list(accountId: string): Promise<readonly LookupDefinition[]>;
  /** Ids of the accounts that have any. */
  accounts(): Promise<readonly string[]>;
  /** A new version; what is absent stays. With `checkedAtMs` undefined it is one that was not checked. Throws `LOOKUP_NOT_FOUND`. */
  update(change: LookupChange): Promise<LookupDefinition>;
  /** What a check against the org found; no new version. Nothing happens when the definition is another by now. */
  noteCheck(lookup: Pick<LookupDefinition, 'id' | 'version'>, problems: readonly DefinitionProblem[]): Promise<void>;
  /** `in-use`: a default of a phone system. */
  remove(accountId: string, id: LookupId): Promise<'removed' | 'in-use' | 'not-found'>;
}

export interface DialingRuleSet {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly rules: DialingRules;
}

/** An account's named sets of dialing rules. */
export interface DialingRuleSets {
  create(set: Omit<DialingRuleSet, 'id'>): Promise<DialingRuleSet>;
  list(accountId: string): Promise<readonly DialingRuleSet[]>;
  find(accountId: string, id: string): Promise<DialingRuleSet | undefined>;
  /** Undefined when there is no such set. */
  update(set: DialingRuleSet): Promise<DialingRuleSet | undefined>;
  /** `in-use`: of a phone system. */
  remove(accountId: string, id: string): Promise<'removed' | 'in-use' | 'not-found'>;
}

export type ExtensionSourceName = 'salesforce' | 'hand' | 'import';

/** An extension of a Salesforce user. Several users may share one, and one user may have several. */
export interface MappedExtension {
  readonly id: string;
  readonly accountId: string;
  /** 18 characters. */
  readonly userId: string;
  readonly userName: string;
  readonly extension: string;
  /** The one that rings; exactly one of a user's. */
  readonly isPrimary: boolean;
  readonly source: ExtensionSourceName;
}
export type NewExtension = Omit<MappedExtension, 'id' | 'accountId'>;

export interface Extensions {
  /** By user name, primary first. */
  list(accountId: string): Promise<readonly MappedExtension[]>;
  /** Replaces all of one user's; exactly one must be primary, or there are none. */
  setOfUser(
    accountId: string,
    user: { readonly userId: string; readonly userName: string },
    extensions: readonly Pick<MappedExtension, 'extension' | 'isPrimary' | 'source'>[],
  ): Promise<void>;
  /**
   * Replaces all of the account's by what `change` makes of them; of each user's exactly one must be primary. One transaction, in which
   * nobody else changes them.
   */
  rewrite(accountId: string, change: (known: readonly MappedExtension[]) => readonly NewExtension[]): Promise<void>;
}

export interface DirectoryPbx {
  readonly pbx: Pbx;
  readonly signingSecret: Uint8Array;
  /** Of tokens without `jti`; undefined: none are accepted. */
  readonly importedSecret?: Uint8Array;
}

/** What the phone API needs of everything that changes rarely, from memory; told of changes by NOTIFY. */
export interface PhoneDirectory {
  pbx(id: PbxId): DirectoryPbx | undefined;
  token(id: string): PbxToken | undefined;
  /** Remembers when a token was used; written in batches. */
  tokenUsed(id: string, atMs: number): void;
  lookup(id: LookupId): LookupDefinition | undefined;
  /** Its own set, else that of its country. */
  dialingRules(pbx: Pick<Pbx, 'country' | 'dialingRulesId'>): DialingRules;
  extensions(accountId: string): ExtensionMap;
  connection(accountId: string): Connection | undefined;
  /** The opened credentials of an org; undefined when it is not connected. */
  credentials(orgId: OrgId): Credentials | undefined;
  /** Reads the credentials row again; coalesced. */
  reread(orgId: OrgId): Promise<Credentials | undefined>;
  /**
   * Reads an account's connection and its credentials again, for whoever finds none that can be used: news of them may be on its way.
   * What is known then was read after it was asked for; all who ask meanwhile share the reading, and of an account few begin a second.
   */
  confirm(accountId: string): Promise<void>;
  /** Resolves when credentials above `version` are known, or false when the signal ends first or the connection is broken. */
  waitForVersionAbove(orgId: OrgId, version: number, signal: AbortSignal): Promise<boolean>;
}

export interface LookupRuns {
  /** Idempotent by run id: a second write fills in what the first did not know. */
  record(run: LookupRun): Promise<void>;
}

/** Which of an account's lookup runs; what is absent is of no matter. */
export interface LookupRunFilter {
  readonly pbxId?: PbxId | undefined;
  readonly lookupId?: LookupId | undefined;
  readonly reason?: LookupRun['answer']['reason'] | undefined;
  /** As E.164; one of them. */
  readonly numbers?: readonly string[] | undefined;
  readonly fromMs?: number | undefined;
  /** Exclusive. */
  readonly toMs?: number | undefined;
}

/** Where a page of the log begins: beside this run. */
export interface LookupRunPlace {
  readonly askedAtMs: number;
  readonly id: string;
}

export interface LookupRunPage {
  /** Newest first. */
  readonly runs: readonly LookupRun[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

/** What a phone system was told in one span of time. */
export interface LookupRunSpan {
  readonly startMs: number;
  /** Questions answered, those that shared an answer included. */
  readonly answers: Readonly<Partial<Record<LookupRun['answer']['reason'], number>>>;
  /** Of the durations, in milliseconds; undefined where none is known. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
}

/** An account's lookup runs for reading. */
export interface LookupRunLog {
  /** The newest runs, or those next to a place. */
  page(
    accountId: string,
    filter: LookupRunFilter,
    part: { readonly limit: number; readonly olderThan?: LookupRunPlace; readonly newerThan?: LookupRunPlace },
  ): Promise<LookupRunPage>;
  find(accountId: string, id: string): Promise<LookupRun | undefined>;
  /** All of them, newest first, in portions. */
  all(accountId: string, filter: LookupRunFilter): AsyncIterable<readonly LookupRun[]>;
  /** By spans of time, those without a question left out; runs of the test box do not count. */
  spans(
    accountId: string,
    pbxId: PbxId,
    time: { readonly fromMs: number; readonly toMs: number; readonly spanMs: number },
  ): Promise<{ readonly spans: readonly LookupRunSpan[]; readonly whole: Omit<LookupRunSpan, 'startMs'> }>;
}

/** How long lookup runs are kept. */
export interface LookupRunRetention {
  daysOf(accountId: string): Promise<number>;
  setDays(accountId: string, days: number): Promise<void>;
  /** Makes the log's partitions of this month and of the next three. */
  preparePartitions(): Promise<void>;
  /** Drops the partitions that hold nothing that any account keeps; answers with their names. */
  dropOldPartitions(): Promise<readonly string[]>;
  /** Deletes runs that their accounts keep no longer, at most so many; answers with how many. */
  deleteOldRuns(limit: number): Promise<number>;
}

// ------------------------------------------------------------------------------------------------------------ engine

export type { LookupStart } from './domain/lookup.ts';

/** `uncertain`: an earlier refresh may have used the refresh token up, so it is not sent while the access token works. */
export type RefreshNowOutcome = 'refreshed' | 'refused' | 'trouble' | 'uncertain' | 'not-connected';

export interface ConnectionEngine {
  /** Starts `authorizationWorkflow` for a stored code. */
  startAuthorization(authorizationId: string): Promise<void>;
  /** Tells the connection workflow that new credentials were handed over; starts it where there is none. */
  authorized(orgId: OrgId, version: number): Promise<void>;
  /** Tells it that a grant of this org was revoked, and with it perhaps an access token that was given out twice. */
  grantRevoked(orgId: OrgId): Promise<void>;
  /** Tells it that Salesforce refused this version of the access token. */
  tokenRejected(orgId: OrgId, version: number): Promise<void>;
  /** Asks for a check now, unless one is younger than ten seconds; resolves when the page may show what it found. */
  checkNow(orgId: OrgId, how?: { readonly thorough: boolean }): Promise<void>;
  /** Asks for a refresh now; resolves with what came of it. */
  refreshNow(orgId: OrgId): Promise<RefreshNowOutcome>;
  /** Revokes at Salesforce and erases the credentials; waits for a refresh under way. */
  disconnect(orgId: OrgId): Promise<void>;
  /**
   * At least one visible page watches this connection; told again every few seconds for as long as that is so. `sinceNow`: one has just
   * begun to, and shows what was known before.
   */
  watching(orgId: OrgId, sinceNow: boolean): Promise<void>;
}

export interface LookupEngine {
  /**
   * Has `lookupWorkflow` started, now or when the engine is back; never rejects. The workflow joins the call that gives `result`. What is
   * personal is sealed before it leaves the engine.
   */
  start(asked: AskedLookup, result: Promise<LookupResult>): Promise<LookupStartOutcome>;
}

/** What a call came to. */
export interface LookupResult {
  readonly finding: Finding;
  readonly answer: Answer;
  readonly trace: LookupTrace;
}

/** `dropped`: too many were waiting, so that this run is not recorded. `closed`: the process ends before the engine was back. */
export type LookupStartOutcome = 'started' | 'dropped' | 'closed';

/** What the operator counts of lookups. */
export interface LookupMetrics {
  answered(reason: AnswerReason, ms: number): void;
  /** A question that got the answer of an identical one. */
  repeated(): void;
  /** `eager`: this process got the first task at once. */
  started(eager: boolean): void;
  /** A start that failed for now and is tried again. */
  startFailed(): void;
  /** A start that was given up: the run is not recorded. */
  unrecorded(): void;
  /** How many starts are waiting. */
  waiting(count: number): void;
}

// ------------------------------------------------------------------------------------------------------------- alerts

export type AlertTargetKind = 'account-mail' | 'mail' | 'webhook';

/** Where an account is told how its connection stands. `account-mail` is there from the start and follows the account's address. */
export interface AlertTarget {
  readonly id: string;
  readonly accountId: string;
  readonly kind: AlertTargetKind;
  /** Mail address, or URL of a webhook. */
  readonly address: string;
  readonly enabled: boolean;
  /** A mail address other than the account's own gets nothing before its owner has agreed. */
  readonly isConfirmed: boolean;
  readonly lastDelivery: { readonly attemptedAtMs: number; readonly failure: DeliveryFailure | undefined } | undefined;
}

export interface AlertTargets {
  /** The account's own mail first. */
  list(accountId: string): Promise<readonly AlertTarget[]>;
  find(accountId: string, id: string): Promise<AlertTarget | undefined>;
  /** Undefined when the account has such a target already. */
  addMail(target: { accountId: string; address: string; confirmTokenHash: string }): Promise<AlertTarget | undefined>;
  /** The secret is sealed by the adapter. Undefined when the account has such a target already. */
  addWebhook(target: { accountId: string; address: string; secret: string }): Promise<AlertTarget | undefined>;
  setEnabled(accountId: string, id: string, enabled: boolean): Promise<boolean>;
  /** False when there is none, or it is the account's own mail, which can be switched off only. */
  remove(accountId: string, id: string): Promise<boolean>;
  /** The target that waits for this link. */
  findUnconfirmed(confirmTokenHash: string): Promise<AlertTarget | undefined>;
  /** Uses the link up. */
  confirm(confirmTokenHash: string): Promise<AlertTarget | undefined>;
  /** What the messages of a webhook are signed with. Throws `STORED_SECRET_UNREADABLE`. */
  webhookSecret(id: string): Promise<string | undefined>;
}

/** A message as it was decided on, with whom and what it is about. */
export interface Alert {
  readonly id: string;
  readonly event: AlertEvent;
  readonly topic: AlertTopic;
  readonly accountId: string;
  readonly timeZone: string;
  /** The connection as it stood then. */
  readonly connection: Pick<
    Connection,
    'id' | 'orgId' | 'orgName' | 'username' | 'state' | 'sinceMs' | 'cause' | 'causeDetail'
  >;
  /** Whether it kept breaking then. */
  readonly keepsBreaking: boolean;
}

export interface Alerts {
  memoryOf(connectionId: string): Promise<AlertMemory>;
  /** When the connection broke within the last `flappingSeenForMs`, in any order. */
  breaksOf(connectionId: string): Promise<readonly number[]>;
  /**
   * Decides with nobody else deciding about the same connection, and writes what is decided. Repeated with the same id it answers the
   * same. `decide` hears how the connection stands and what was told.
   */
  decide(
    alertId: string,
    about: { connectionId: string; topic: AlertTopic },
    decide: (connection: Connection, memory: AlertMemory) => AlertEvent | undefined,
  ): Promise<Alert | undefined>;
  find(alertId: string): Promise<Alert | undefined>;
  /** `overtaken`: the target knows something newer about the topic. */
  deliveryOf(alertId: string, targetId: string): Promise<'pending' | 'delivered' | 'overtaken'>;
  noteDelivery(alertId: string, targetId: string, attempt: { failure: DeliveryFailure | undefined }): Promise<void>;
}

export interface AlertEngine {
  /** Starts `alertWorkflow` for an occasion; once, however often it is told. */
  start(alert: {
    connectionId: string;
    orgId: OrgId;
    topic: AlertTopic;
    sinceMs: number;
    occasion: string;
    patience: AlertPatience;
  }): Promise<void>;
}

/** A message in the page's words. */
export interface PresentedAlert {
  readonly mail: Pick<Mail, 'subject' | 'text'>;
  /** What a webhook is sent as JSON. */
  readonly webhook: {
    readonly event: AlertEvent | 'test';
    readonly orgId: OrgId | null;
    readonly state: Connection['state'] | 'none';
    /** ISO 8601. */
    readonly since: string | null;
    /** The cause or early warning, as a code. */
    readonly reason: string | null;
    /** The same in words. */
    readonly explanation: string;
    readonly nextStep: string | null;
  };
}

export interface WebhookSender {
  /** Posts JSON, to allowed addresses only; follows no redirect. Undefined when it was taken (2xx). */
  send(webhook: {
    url: string;
    body: string;
    headers: Readonly<Record<string, string>>;
  }): Promise<DeliveryFailure | undefined>;
}

// --------------------------------------------------------------------------------------------------- account tokens

/** With what a program asks about an account's connection. The token itself is never stored, only its SHA-256. */
export interface AccountToken {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly lastUsedAtMs: number | undefined;
  readonly revokedAtMs: number | undefined;
}

export interface AccountTokens {
  create(token: {
    accountId: string;
    name: string;
    tokenHash: string;
    expiresAtMs: number | undefined;
  }): Promise<AccountToken>;
  list(accountId: string): Promise<readonly AccountToken[]>;
  /** False when there is no such unrevoked token of this account. */
  revoke(accountId: string, id: string): Promise<boolean>;
  /** The account of a token that is neither revoked nor expired; remembers when it was used. */
  use(tokenHash: string): Promise<string | undefined>;
}

// -------------------------------------------------------------------------------------------------- signed requests

/** The secret keys that the package in Salesforce made. */
export interface PackageKeys {
  /** Replaces the one before. The key is sealed by the adapter. */
  put(connectionId: string, secret: string): Promise<void>;
  addedAtMs(connectionId: string): Promise<number | undefined>;
  /** The key of the org's connection, unless that is disconnected. Throws `STORED_SECRET_UNREADABLE`. */
  secretOfOrg(orgId: OrgId): Promise<string | undefined>;
}

export interface RequestNonces {
  /** False when this signer used the nonce within the last ten minutes, in whatever process. */
  remember(signer: string, nonce: string): Promise<boolean>;
}

export interface SignableRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly body: string | Uint8Array;
}

export interface RequestSigner {
  /** The three headers. */
  sign(
    request: SignableRequest,
    secret: string,
    moment: { nowMs: number; nonce: string },
  ): Readonly<Record<string, string>>;
  isSignedWith(request: SignableRequest, signature: Signature, secret: string): boolean;
}

// ----------------------------------------------------------------------------------------------------------- changes

/** What changed, as `NOTIFY` tells it: ids and versions only. */
export type Change =
  | { readonly kind: 'connection'; readonly accountId: string; readonly orgId: OrgId; readonly revision: number }
  | { readonly kind: 'credentials'; readonly orgId: OrgId; readonly version: number }
  /** Somebody waits for what a connection's workflow finds out. */
  | { readonly kind: 'connection-asked' }
  | { readonly kind: 'pbx'; readonly id: PbxId; readonly accountId: string }
  | { readonly kind: 'pbx-token'; readonly id: string; readonly pbxId: PbxId }
  | { readonly kind: 'lookup'; readonly id: LookupId }
  | { readonly kind: 'dialing-rules'; readonly id: string }
  | { readonly kind: 'extensions'; readonly accountId: string }
  | { readonly kind: 'authorization'; readonly id: string; readonly accountId: string }
  | {
      readonly kind: 'lookup-run';
      readonly id: string;
      readonly accountId: string;
      readonly pbxId: PbxId;
      /** By a process that does not know what the phone system was told. */
      readonly isUnanswered?: true;
    };

export interface ChangeFeed {
  /** `listener` hears every change; `reload` when changes may have been missed. Answers with the unsubscriber. */
  subscribe(listener: (change: Change) => void, reload?: () => void): () => void;
  /** Tells every process, this one included, of what no transaction brings about. */
  announce(change: Change): Promise<void>;
}

// ------------------------------------------------------------------------------------------------------------- other

export interface Sealer {
  /** AES-256-GCM; `context` names the row and column and must be the same when opened. */
  seal(plain: string, context: string): string;
  /** Throws `STORED_SECRET_UNREADABLE`. */
  open(sealed: string, context: string): string;
  /** Keyed hash, for finding a number without storing it. */
  keyedHash(value: string): string;
}

export interface PasswordHasher {
  hash(password: string): Promise<string>;
  verify(hash: string, password: string): Promise<boolean>;
}

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface Mailer {
  /** Throws `MAIL_UNAVAILABLE`. */
  send(mail: Mail): Promise<void>;
}

/** What is mailed to the people of an account, in their words. */
export interface AccountMails {
  confirmEmail(to: { firstName: string; token: string }): Pick<Mail, 'subject' | 'text'>;
  emailTaken(to: { firstName: string }): Pick<Mail, 'subject' | 'text'>;
  /** Asks a Salesforce administrator to connect the org. */
  invitation(from: { name: string; token: string }): Pick<Mail, 'subject' | 'text'>;
}

/** Where secrets and ids come from. */
export interface SecretTokens {
  /** 256 random bits, for a session id, a link, a state or a PKCE verifier (43 characters). */
  create(): string;
  /** How such a token is stored. */
  hash(token: string): string;
  /** The S256 challenge of a PKCE verifier. */
  codeChallenge(verifier: string): string;
  bytes(count: number): Uint8Array;
  uuid(): string;
}

/** Makes the JWT that a phone system presents. */
export interface PbxTokenSigner {
  sign(
    token: { id: string; pbxId: PbxId; issuedAtMs: number; expiresAtMs: number | undefined },
    signingSecret: Uint8Array,
  ): Promise<string>;
}

/** What the JWT of a phone system says of itself; true only when `isSignedWith` the secret of that phone system. */
export interface PbxTokenClaims {
  /** `jti`; tokens from elsewhere have none. */
  readonly id: string | undefined;
  /** `aud`. */
  readonly pbxId: PbxId;
  readonly expiresAtMs: number | undefined;
  isSignedWith(secret: Uint8Array): boolean;
}

export interface PbxTokenReader {
  /** Undefined when the text is no token of the form that we issue. */
  read(token: string): PbxTokenClaims | undefined;
}

export interface Clock {
  now(): number;
}
