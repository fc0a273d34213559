import { createHash, randomBytes } from 'node:crypto';
import type { Clock, OauthTokenRow, Org, Policies, User } from './types.ts';
import { standInAppName } from './policies.ts';

/**
 * Grants and their tokens.
 *
 * A grant is one approval of the app by one user. It begins when a code is exchanged, carries at most one usable refresh token, and every
 * refresh adds one to its version. Under rotation a refresh spends the refresh token it was made with; presenting a spent one later
 * revokes the grant with all its access tokens. A sixth grant with a refresh token of one user revokes the oldest. A revoked grant
 * stays known for a while, so that the journal can say whose token was presented.
 */
export interface Grant {
  readonly id: string;
  readonly orgId: string;
  readonly userId: string;
  readonly scope: readonly string[];
  readonly createdAtMs: number;
  /** Works as `token` of a revocation. */
  readonly deleteToken: string;
  /** Refresh tokens that were rotated away, with the version that issued each. */
  readonly spent: Record<string, number>;
  lastUsedAtMs: number;
  useCount: number;
  version: number;
  refreshToken: string | null;
  refreshTokenVersion: number;
  revoked: boolean;
}

export interface AccessToken {
  readonly value: string;
  /** More than one only where the org hands out a token again that still works. */
  readonly grantIds: string[];
  readonly version: number;
  readonly issuedAtMs: number;
  /** Begin of the inactivity window that is running. */
  windowStartMs: number;
  revoked: boolean;
}

export interface GrantsSnapshot {
  readonly grants: readonly Grant[];
  readonly accessTokens: readonly AccessToken[];
}

/** What a code stands for until it is exchanged. */
export interface CodeRequest {
  readonly org: Org;
  readonly user: User;
  readonly redirectUri: string;
  readonly scope: readonly string[];
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
}

export interface IssuedCode extends CodeRequest {
  readonly expiresAtMs: number;
  spent: boolean;
}

/** What a token answer is made of. */
export interface Issued {
  readonly grant: Grant;
  readonly access: AccessToken;
  /** Only when it is new to the client. */
  readonly refreshToken: string | null;
}

/** As much of an org as its tokens depend on. */
type OrgRules = Pick<Org, 'id' | 'policies'>;

const codeLifeMs = 15 * 60_000;
const grantsPerUser = 5;
const revokedGrantsKept = 200;
const accessTokensKeptPerGrant = 10;

const opaque = (bytes: number): string => randomBytes(bytes).toString('base64url').replaceAll('-', '.');

export type Grants = ReturnType<typeof createGrants>;

export function createGrants(clock: Clock, snapshot?: GrantsSnapshot) {
  const grants = new Map<string, Grant>();
  const accessTokens = new Map<string, AccessToken>();
  const byRefreshToken = new Map<string, Grant>();
  const codes = new Map<string, IssuedCode>();

  const index = (grant: Grant): void => {
    grants.set(grant.id, grant);
    if (grant.refreshToken !== null) byRefreshToken.set(grant.refreshToken, grant);
    for (const token of Object.keys(grant.spent)) byRefreshToken.set(token, grant);
  };
  const accessTokensOf = (grant: Grant): AccessToken[] =>
    [...accessTokens.values()].filter((access) => access.grantIds.includes(grant.id));

  const forget = (grant: Grant): void => {
    grants.delete(grant.id);
    if (grant.refreshToken !== null) byRefreshToken.delete(grant.refreshToken);
    for (const token of Object.keys(grant.spent)) byRefreshToken.delete(token);
    for (const access of accessTokensOf(grant)) accessTokens.delete(access.value);
  };

  for (const grant of snapshot?.grants ?? []) index(grant);
  for (const access of snapshot?.accessTokens ?? []) accessTokens.set(access.value, access);

  const mintAccess = (grant: Grant, org: OrgRules): AccessToken => {
    const now = clock();
    const access: AccessToken = {
      value: `${org.id.slice(0, 15)}!AQ${opaque(69)}`,
      grantIds: [grant.id],
      version: grant.version,
      issuedAtMs: now,
      windowStartMs: now,
      revoked: false,
    };
    accessTokens.set(access.value, access);
    for (const old of accessTokensOf(grant).slice(0, -accessTokensKeptPerGrant)) accessTokens.delete(old.value);
    return access;
  };

  const revoke = (grant: Grant): void => {
    grant.revoked = true;
    for (const access of accessTokensOf(grant)) access.revoked = true;
    const revoked = [...grants.values()].filter((each) => each.revoked);
    for (const old of revoked.slice(0, -revokedGrantsKept)) forget(old);
  };

  const expiresAtMs = (access: AccessToken, policies: Policies): number =>
    access.windowStartMs + policies.accessTokenLifeMs;

  const isAlive = (access: AccessToken, org: OrgRules): boolean =>
    !access.revoked && clock() < expiresAtMs(access, org.policies);

  const isRefreshable = (grant: Grant, { policies }: OrgRules): boolean =>
    !grant.revoked &&
    policies.refreshTokenPolicy === 'until-revoked' &&
    clock() < grant.lastUsedAtMs + policies.refreshTokenIdleMs;

  /** Grants with a refresh token that still works, oldest first. */
  const approvalsOf = (org: OrgRules, userId?: string): Grant[] =>
    [...grants.values()].filter(
      (grant) =>
        grant.orgId === org.id &&
        (userId === undefined || grant.userId === userId) &&
        grant.refreshToken !== null &&
        isRefreshable(grant, org),
    );

  return {
    approvalsOf,
    expiresAtMs,
    isAlive,
    isRefreshable,
    revoke,

    issueCode(request: CodeRequest): string {
      for (const [code, issued] of codes) {
        if (issued.expiresAtMs + codeLifeMs < clock()) codes.delete(code);
      }
      const code = `aPrx${opaque(60)}==`;
      codes.set(code, { ...request, expiresAtMs: clock() + codeLifeMs, spent: false });
      return code;
    },
    findCode: (code: string): IssuedCode | undefined => codes.get(code),
    isCodeUsable: (issued: IssuedCode): boolean => !issued.spent && clock() < issued.expiresAtMs,

    /** Begins a grant. The oldest of the user's grants goes when this one is the sixth. */
    open({ org, user, scope }: Pick<CodeRequest, 'org' | 'user' | 'scope'>): Issued {
      const lasting = scope.includes('refresh_token');
      if (lasting) {
        for (const old of approvalsOf(org, user.id).slice(0, -(grantsPerUser - 1))) revoke(old);
      }
      const repeated = org.policies.sameAccessToken
        ? approvalsOf(org, user.id)
            .filter((grant) => grant.scope.join(' ') === scope.join(' '))
            .flatMap(accessTokensOf)
            .find((access) => isAlive(access, org))
        : undefined;
      const now = clock();
      const grant: Grant = {
        id: `grant-${randomBytes(6).toString('hex')}`,
        orgId: org.id,
        userId: user.id,
        scope,
        createdAtMs: now,
        deleteToken: opaque(40),
        spent: {},
        lastUsedAtMs: now,
        useCount: 1,
        version: 1,
        refreshToken: lasting ? `5Aep861${opaque(58)}` : null,
        refreshTokenVersion: 1,
        revoked: false,
      };
      index(grant);
      repeated?.grantIds.push(grant.id);
      return { grant, access: repeated ?? mintAccess(grant, org), refreshToken: grant.refreshToken };
    },

    /** Carries out a refresh that was found in order. */
    refresh(grant: Grant, org: Org, rotate: boolean): Issued {
      grant.useCount++;
      grant.lastUsedAtMs = clock();
      const repeated =
        org.policies.sameAccessToken && !rotate
          ? accessTokensOf(grant).find((access) => isAlive(access, org))
          : undefined;
      if (repeated) return { grant, access: repeated, refreshToken: null };
      grant.version++;
      if (rotate && grant.refreshToken !== null) {
        grant.spent[grant.refreshToken] = grant.refreshTokenVersion;
        grant.refreshToken = `5Aep861${opaque(58)}`;
        grant.refreshTokenVersion = grant.version;
        index(grant);
      }
      return { grant, access: mintAccess(grant, org), refreshToken: rotate ? grant.refreshToken : null };
    },

    /** Whose refresh token this is or was. */
    findRefresh(token: string): { grant: Grant; version: number; spent: boolean } | undefined {
      const grant = byRefreshToken.get(token);
      if (grant === undefined) return undefined;
      const spentVersion = grant.spent[token];
      return { grant, version: spentVersion ?? grant.refreshTokenVersion, spent: spentVersion !== undefined };
    },

    findAccess(token: string): { access: AccessToken; grant: Grant } | undefined {
      const access = accessTokens.get(token);
      const grant = access && grants.get(access.grantIds.at(-1) ?? '');
      return access && grant ? { access, grant } : undefined;
    },

    findByDeleteToken: (token: string): Grant | undefined =>
      [...grants.values()].find((grant) => grant.deleteToken === token),

    /** Notes the use of a session; it counts only in the second half of the window. Answers whether something changed. */
    touch(access: AccessToken, { policies }: Org): boolean {
      const now = clock();
      if (now - access.windowStartMs <= policies.accessTokenLifeMs / 2) return false;
      access.windowStartMs = now;
      return true;
    },

    expireAccess(orgId: string): void {
      for (const access of accessTokens.values()) {
        if (access.grantIds.some((id) => grants.get(id)?.orgId === orgId)) access.revoked = true;
      }
    },

    revokeAll(orgId: string): void {
      for (const grant of [...grants.values()].filter((each) => each.orgId === orgId && !each.revoked)) revoke(grant);
    },

    rows: (org: OrgRules): OauthTokenRow[] =>
      approvalsOf(org).map((grant) => ({
        id: `0Fy${createHash('sha256').update(grant.id).digest('hex').slice(0, 12)}`,
        appName: standInAppName,
        userId: grant.userId,
        useCount: grant.useCount,
        createdAtMs: grant.createdAtMs,
        lastUsedAtMs: grant.lastUsedAtMs,
        deleteToken: grant.deleteToken,
      })),

    snapshot: (): GrantsSnapshot => ({ grants: [...grants.values()], accessTokens: [...accessTokens.values()] }),
  };
}
