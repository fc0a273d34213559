import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { paramsOf } from './frame.ts';
import type { Frame } from './frame.ts';
import { approvalPage, errorPage, loginPage, plainPage } from './pages.ts';
import { knownScopes, standInAppName, standInClientId } from './policies.ts';
import type { OrgState } from './state.ts';
import type { AppPolicy, User } from './types.ts';

/** Who has signed in with a browser. */
interface Session {
  readonly org: OrgState;
  readonly userId: string;
  readonly expiresAtMs: number;
}

/** A request to authorize on its way through login and approval. */
interface Pending {
  readonly redirectUri: string;
  readonly scope: readonly string[];
  readonly state: string | undefined;
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
  readonly loginHint: string | undefined;
  readonly immediate: boolean;
  readonly consent: boolean;
  /** Only users of this org, because the request came to its own host. */
  readonly onlyOrg: OrgState | undefined;
  readonly expiresAtMs: number;
  /** `prompt=login`: the session that was there does not count. */
  mustLogin: boolean;
}

const approvalPath = '/setup/secur/RemoteAccessAuthorizationPage.apexp';
const errorPath = '/setup/secur/RemoteAccessErrorPage.apexp';
const cookieName = 'stand_in_sid';
const sessionLifeMs = 2 * 3_600_000;
const pendingLifeMs = 15 * 60_000;

const loginFailed =
  "Please check your username and password. If you still can't log in, contact your Salesforce administrator.";

/** What Salesforce tells the callback when the org's administrator stands against the app. */
const appRefusals: Record<Exclude<AppPolicy, 'ok'>, readonly [error: string, description: string]> = {
  'approval-error': [
    'OAUTH_APPROVAL_ERROR_GENERIC',
    'An unexpected error has occurred during authentication. Please try again.',
  ],
  'not-installed': ['invalid_client', 'app must be installed into org'],
  blocked: ['OAUTH_APP_BLOCKED', 'this app is blocked by admin'],
  'not-approved': ['invalid_app_access', 'user is not admin approved to access this app'],
  'access-denied': ['OAUTH_APP_ACCESS_DENIED', 'user is not admin approved to access this app'],
  'cross-org': ['OAUTH_AUTHORIZATION_BLOCKED', 'Cross-org OAuth flows are not supported for this external client app'],
  'not-found': ['OAUTH_EC_APP_NOT_FOUND', 'external client app is not found'],
};

/** The scopes of a request in the app's order; undefined when one of them is not allowed. */
function readScope(text: string | undefined): readonly string[] | undefined {
  if (text === undefined || text.trim() === '') return knownScopes;
  const asked = new Set(
    text
      .trim()
      .split(/\s+/)
      .map((name) => (name === 'offline_access' ? 'refresh_token' : name)),
  );
  return [...asked].every((name) => knownScopes.includes(name)) ? [...asked] : undefined;
}

function isLoopback(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return /^https?:$/.test(protocol) && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

function withParams(uri: string, params: Record<string, string | undefined>): string {
  const url = new URL(uri);
  for (const [name, value] of Object.entries(params)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

export interface AuthorizeRoutesOptions {
  readonly frame: Frame;
}

/** Browser sessions; they end with the process. */
export function createSessions(clock: Frame['clock']) {
  const sessions = new Map<string, Session>();
  return {
    of(request: FastifyRequest): Session | undefined {
      const session = sessions.get(request.cookies[cookieName] ?? '');
      return session && clock() < session.expiresAtMs ? session : undefined;
    },
    begin(reply: FastifyReply, org: OrgState, userId: string): Session {
      for (const [old, { expiresAtMs }] of sessions) if (expiresAtMs < clock()) sessions.delete(old);
      const id = randomBytes(24).toString('base64url');
      const session = { org, userId, expiresAtMs: clock() + sessionLifeMs };
      sessions.set(id, session);
      void reply.setCookie(cookieName, id, { path: '/', httpOnly: true, sameSite: 'lax' });
      return session;
    },
    end(request: FastifyRequest, reply: FastifyReply): void {
      sessions.delete(request.cookies[cookieName] ?? '');
      void reply.clearCookie(cookieName, { path: '/' });
    },
    clear: () => sessions.clear(),
  };
}

export type Sessions = ReturnType<typeof createSessions>;

/**
 * What a browser sees: authorize, login, the Allow page and the error page. A request to authorize becomes a `Pending`, known by its
 * source; login and approval carry the source along, until a code or an error goes back to the app.
 */
export async function authorizeRoutes(
  app: FastifyInstance,
  { frame, sessions }: AuthorizeRoutesOptions & { sessions: Sessions },
): Promise<void> {
  const { state, clock } = frame;
  const pendings = new Map<string, Pending>();

  const sendPage = (reply: FastifyReply, page: string): FastifyReply =>
    reply
      .header('content-type', 'text/html;charset=UTF-8')
      .header('cache-control', 'no-cache,must-revalidate,max-age=0,no-store,private')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
      .header('x-content-type-options', 'nosniff')
      .send(page);

  /** An error that must not be told to a callback that may not be the app's. */
  const showError = (reply: FastifyReply, error: string, description: string): FastifyReply =>
    reply.redirect(`${errorPath}?${new URLSearchParams({ error, error_description: description }).toString()}`);

  const sendBack = (
    reply: FastifyReply,
    { redirectUri, state: echoed }: Pick<Pending, 'redirectUri' | 'state'>,
    params: Record<string, string>,
  ): FastifyReply => reply.redirect(withParams(redirectUri, { ...params, state: echoed }));
  const sendBackError = (
    reply: FastifyReply,
    pending: Pick<Pending, 'redirectUri' | 'state'>,
    [error, description]: readonly [string, string],
  ): FastifyReply => sendBack(reply, pending, { error, error_description: description });

  const findPending = (source: string | undefined): Pending | undefined => {
    const pending = pendings.get(source ?? '');
    return pending && clock() < pending.expiresAtMs ? pending : undefined;
  };

  /** Whether the app's callback list holds this one. No org is known yet, so each org's list counts. */
  const isCallback = (uri: string): boolean =>
    isLoopback(uri) ||
    frame.callbackUrls.includes(uri) ||
    state.orgs.some((org) => org.policies.callbackUrls.includes(uri));

  const sessionFor = (pending: Pending, request: FastifyRequest): { org: OrgState; user: User } | undefined => {
    const session = sessions.of(request);
    if (session === undefined || pending.mustLogin) return undefined;
    if (pending.onlyOrg !== undefined && pending.onlyOrg !== session.org) return undefined;
    const user = state.userOf(session.org, session.userId);
    // Freezing ends what a person does in a browser; sessions of the API go on.
    return user && !user.frozen ? { org: session.org, user } : undefined;
  };

  /** Why the org refuses, before anybody is asked to allow anything. */
  const refusalOf = (pending: Pending, org: OrgState, user: User): readonly [string, string] | undefined => {
    const { policies } = org;
    if (policies.orgStatus === 'locked') return ['inactive_org', 'organization is inactive'];
    if (!user.active) return ['inactive_user', 'user is inactive'];
    if (policies.loginRateExceeded) return ['rate_limit_exceeded', 'login rate exceeded'];
    if (policies.app !== 'ok') return appRefusals[policies.app];
    if (policies.requirePkce && pending.codeChallenge === undefined) {
      return ['invalid_request', 'missing required code challenge'];
    }
    if (!pending.scope.every((name) => policies.scopes.includes(name))) {
      return ['invalid_scope', 'the requested scope is not allowed'];
    }
    return undefined;
  };

  const sendCode = (reply: FastifyReply, pending: Pending, org: OrgState, user: User): FastifyReply => {
    const { redirectUri, scope, codeChallenge, nonce } = pending;
    const code = state.grants.issueCode({ org, user, redirectUri, scope, codeChallenge, nonce });
    return sendBack(reply, pending, { code });
  };

  /** One step onward: to the login page, to the Allow page, or back to the app. */
  const proceed = (
    request: FastifyRequest,
    reply: FastifyReply,
    source: string,
    pending: Pending,
    at: 'start' | 'approval',
  ): FastifyReply => {
    const signedIn = sessionFor(pending, request);
    const startUrl = `${approvalPath}?${new URLSearchParams({ source }).toString()}`;
    if (signedIn === undefined) {
      if (pending.immediate) return sendBackError(reply, pending, ['immediate_unsuccessful', 'immediate unsuccessful']);
      const query = new URLSearchParams({
        ec: '302',
        startURL: startUrl,
        ...(pending.loginHint === undefined ? {} : { un: pending.loginHint }),
      });
      return reply.redirect(`/?${query.toString()}`);
    }
    const { org, user } = signedIn;
    const refusal = refusalOf(pending, org, user);
    if (refusal) {
      pendings.delete(source);
      return sendBackError(reply, pending, refusal);
    }
    const approved = state.grants
      .approvalsOf(org, user.id)
      .some((grant) => pending.scope.every((name) => grant.scope.includes(name)));
    if (approved && !pending.consent) {
      pendings.delete(source);
      return sendCode(reply, pending, org, user);
    }
    if (pending.immediate) return sendBackError(reply, pending, ['immediate_unsuccessful', 'immediate unsuccessful']);
    if (at === 'start') return reply.redirect(startUrl);
    return sendPage(
      reply,
      approvalPage({
        source,
        appName: standInAppName,
        username: user.username,
        orgName: org.name,
        scope: pending.scope,
      }),
    );
  };

  app.get('/services/oauth2/authorize', async (request, reply) => {
    const params = paramsOf(request);
    if (params['client_id'] !== standInClientId)
      return showError(reply, 'invalid_client_id', 'client identifier invalid');
    const redirectUri = params['redirect_uri'];
    if (redirectUri === undefined || redirectUri === '') {
      return showError(reply, 'redirect_uri_missing', 'redirect_uri not provided');
    }
    if (!isCallback(redirectUri)) {
      return showError(reply, 'redirect_uri_mismatch', 'redirect_uri must match configuration');
    }
    const back = { redirectUri, state: params['state'] };
    if (params['response_type'] !== 'code') {
      return sendBackError(reply, back, ['unsupported_response_type', 'response type must be code']);
    }
    const scope = readScope(params['scope']);
    if (scope === undefined) return sendBackError(reply, back, ['invalid_scope', 'the requested scope is not allowed']);
    const codeChallenge = params['code_challenge'];
    if (
      codeChallenge === undefined ? params['code_challenge_method'] !== undefined : !/^[\w-]{43}$/.test(codeChallenge)
    ) {
      return sendBackError(reply, back, ['invalid_request', 'invalid code challenge']);
    }
    if ((params['code_challenge_method'] ?? 'S256') !== 'S256') {
      return sendBackError(reply, back, ['invalid_request', 'code challenge method not supported']);
    }
    const prompts = (params['prompt'] ?? '').split(/\s+/);
    for (const [source, pending] of pendings) if (pending.expiresAtMs < clock()) pendings.delete(source);
    const source = `CAAA${randomBytes(24).toString('base64url')}`;
    const pending: Pending = {
      ...back,
      scope,
      codeChallenge,
      nonce: params['nonce'],
      loginHint: params['login_hint'],
      immediate: params['immediate'] === 'true',
      consent: prompts.includes('consent'),
      onlyOrg: frame.hostOf(request),
      expiresAtMs: clock() + pendingLifeMs,
      mustLogin: prompts.includes('login') || prompts.includes('select_account'),
    };
    pendings.set(source, pending);
    return proceed(request, reply, source, pending, 'start');
  });

  app.post('/services/oauth2/authorize', async (_request, reply) =>
    showError(reply, 'invalid_request', 'Must use HTTP GET'),
  );

  /** Whose names the login page offers: all of them can be tried. */
  const hintsFor = (onlyOrg: OrgState | undefined): string[] =>
    (onlyOrg ? [onlyOrg] : state.orgs).flatMap((org) => org.users.map((user) => `${user.username} (${org.name})`));

  /** Only a path of this very host: a login must not send anybody elsewhere. */
  const localPath = (text: string | undefined): string =>
    text !== undefined && /^\/(?![/\\])/.test(text) ? text : '/';

  app.get('/', async (request, reply) => {
    const params = paramsOf(request);
    const session = sessions.of(request);
    if (session && params['startURL'] === undefined) {
      const user = state.userOf(session.org, session.userId);
      return sendPage(
        reply,
        plainPage(
          'You are logged in',
          `As ${user?.username ?? 'nobody'} of ${session.org.name}. Log out at /secur/logout.jsp.`,
        ),
      );
    }
    return sendPage(
      reply,
      loginPage({
        startUrl: localPath(params['startURL']),
        username: params['un'] ?? '',
        hints: hintsFor(frame.hostOf(request)),
      }),
    );
  });

  app.post('/', async (request, reply) => {
    const params = paramsOf(request);
    const username = (params['username'] ?? params['un'] ?? '').trim();
    const startUrl = localPath(params['startURL']);
    const onlyOrg = frame.hostOf(request);
    const known = (onlyOrg ? [onlyOrg] : state.orgs)
      .flatMap((org) => org.users.map((user) => ({ org, user })))
      .find(({ user }) => user.username.toLowerCase() === username.toLowerCase());
    const failed = (error: string): FastifyReply =>
      sendPage(reply, loginPage({ startUrl, username, error, hints: hintsFor(onlyOrg) }));

    // Frozen and inactive users read the same as those who mistyped: Salesforce does not tell who exists.
    if (!known || known.user.password !== (params['pw'] ?? params['password'])) return failed(loginFailed);
    if (!known.user.active || known.user.frozen) return failed(loginFailed);
    if (known.org.policies.orgStatus === 'locked') {
      return failed('This organization is locked. Contact Salesforce support.');
    }
    if (known.org.policies.ipRestricted) {
      return failed('You are not allowed to log in from this address. Contact your Salesforce administrator.');
    }
    if (known.org.policies.loginHoursClosed) {
      return failed('You cannot log in at this time of the day. Contact your Salesforce administrator.');
    }
    sessions.begin(reply, known.org, known.user.id);
    const pending = findPending(new URLSearchParams(startUrl.split('?')[1]).get('source') ?? undefined);
    if (pending) pending.mustLogin = false;
    return reply.redirect(startUrl);
  });

  const sourceGone = (reply: FastifyReply): FastifyReply =>
    showError(reply, 'invalid_request', 'This request to authorize is unknown or too old. Begin again at the app.');

  app.get(approvalPath, async (request, reply) => {
    const source = paramsOf(request)['source'] ?? '';
    const pending = findPending(source);
    return pending ? proceed(request, reply, source, pending, 'approval') : sourceGone(reply);
  });

  app.post(approvalPath, async (request, reply) => {
    const params = paramsOf(request);
    const source = params['source'] ?? '';
    const pending = findPending(source);
    if (!pending) return sourceGone(reply);
    const signedIn = sessionFor(pending, request);
    if (!signedIn) return proceed(request, reply, source, pending, 'approval');
    pendings.delete(source);
    if (params['save'] === undefined) {
      return sendBackError(reply, pending, ['access_denied', 'end-user denied authorization']);
    }
    const refusal = refusalOf(pending, signedIn.org, signedIn.user);
    if (refusal) return sendBackError(reply, pending, refusal);
    return sendCode(reply, pending, signedIn.org, signedIn.user);
  });

  app.get(errorPath, async (request, reply) => {
    const params = paramsOf(request);
    return sendPage(reply, errorPage(params['error'] ?? 'unknown_error', params['error_description'] ?? ''));
  });

  app.get('/secur/logout.jsp', async (request, reply) => {
    sessions.end(request, reply);
    return reply.redirect('/');
  });
}
