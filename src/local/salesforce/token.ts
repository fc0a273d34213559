import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isSessionUsable, paramsOf } from './frame.ts';
import type { Exchange, Exchanges, Frame } from './frame.ts';
import type { Grant, Issued } from './grants.ts';
import type { IdTokens } from './id-tokens.ts';
import { standInClientId, standInClientSecret } from './policies.ts';
import type { OrgState } from './state.ts';

type Params = Record<string, string>;

/** An answer of the token endpoint: always a flat map, in one of three formats. */
interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const refusal = (error: string, description: string, status = 400): Answer => ({
  status,
  body: { error, error_description: description },
});

const expiredToken = refusal('invalid_grant', 'expired access/refresh token');

export const oauthHeaders = {
  'cache-control': 'no-cache,must-revalidate,max-age=0,no-store,private',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'none',
  vary: 'Accept-Encoding',
} as const;

const xmlEntities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const escapeXml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => xmlEntities[character] ?? character);

/** `format` wins over Accept; JSON when neither says otherwise. */
function formatOf(request: FastifyRequest, params: Params): 'json' | 'urlencoded' | 'xml' {
  const asked = params['format'];
  if (asked === 'json' || asked === 'urlencoded' || asked === 'xml') return asked;
  const accept = request.headers.accept ?? '';
  if (accept.includes('application/json')) return 'json';
  if (accept.includes('application/xml')) return 'xml';
  return accept.includes('application/x-www-form-urlencoded') ? 'urlencoded' : 'json';
}

function sendAnswer(request: FastifyRequest, reply: FastifyReply, { status, body }: Answer): FastifyReply {
  void reply.code(status).headers(oauthHeaders);
  const texts = Object.entries(body).map(([name, value]): [string, string] => [name, String(value)]);
  switch (formatOf(request, paramsOf(request))) {
    case 'json':
      return reply.header('content-type', 'application/json;charset=UTF-8').send(JSON.stringify(body));
    case 'urlencoded':
      return reply
        .header('content-type', 'application/x-www-form-urlencoded;charset=UTF-8')
        .send(new URLSearchParams(texts).toString());
    case 'xml':
      return reply
        .header('content-type', 'application/xml;charset=UTF-8')
        .send(
          `<?xml version="1.0" encoding="UTF-8"?><OAuth>${texts.map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`).join('')}</OAuth>`,
        );
  }
}

function equal(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** Checks key and secret, from HTTP Basic or the parameters; undefined when they are in order. */
function refuseClient(
  request: FastifyRequest,
  params: Params,
  org: OrgState | undefined,
  isSecretRequired: boolean,
): Answer | undefined {
  let id = params['client_id'];
  let secret = params['client_secret'];
  const authorization = request.headers.authorization;
  if (authorization?.toLowerCase().startsWith('basic ') === true) {
    const [name, password, ...more] = Buffer.from(authorization.slice(6), 'base64').toString('utf8').split(':');
    if (name === undefined || password === undefined || more.length > 0) {
      return refusal('invalid_basic_auth_header', 'invalid basic auth header');
    }
    id = decodeURIComponent(name);
    secret = decodeURIComponent(password);
  }
  if (id !== standInClientId) return refusal('invalid_client_id', 'client identifier invalid');
  const expected = org?.policies.clientSecret ?? standInClientSecret;
  if (secret === undefined ? isSecretRequired : !equal(secret, expected)) {
    return refusal('invalid_client', 'invalid client credentials');
  }
  return undefined;
}

/** What stands against any new token, code and refresh alike. */
function refuseOrg({ policies }: OrgState): Answer | undefined {
  if (policies.goneHosts === 'login') return { status: 404, body: {} };
  if (policies.passwordExpired) return refusal('invalid_grant', 'authentication failure');
  if (policies.orgStatus === 'locked') return refusal('inactive_org', 'organization is inactive');
  if (policies.loginRateExceeded) return refusal('rate_limit_exceeded', 'login rate exceeded');
  if (policies.ipRestricted) return refusal('invalid_grant', 'ip restricted');
  if (policies.loginHoursClosed) return refusal('invalid_grant', 'invalid login hours');
  return undefined;
}

/** Longer than the 128 characters of RFC 7636: jsforce sends 128 bytes, which are 171 characters, and Salesforce takes them. */
const verifierForm = /^[\w.~-]{43,256}$/;

const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

export const identityUrl = (frame: Frame, orgId: string, userId: string): string =>
  `${frame.loginUrl()}/id/${orgId}/${userId}`;

export interface TokenRoutesOptions {
  readonly frame: Frame;
  readonly exchanges: Exchanges;
  readonly idTokens: IdTokens;
}

/** The token endpoint, introspection and revocation. */
export async function tokenRoutes(
  app: FastifyInstance,
  { frame, exchanges, idTokens }: TokenRoutesOptions,
): Promise<void> {
  const { state, clock } = frame;
  const { grants } = state;
  /** Refresh tokens that a request is working with until its answer has left. */
  const processing = new Set<string>();

  const granted = async (
    { grant, access, refreshToken }: Issued,
    org: OrgState,
    params: Params,
    nonce: string | undefined,
  ): Promise<Answer> => {
    await state.save();
    const id = identityUrl(frame, org.policies.answersAs ?? org.id, grant.userId);
    const issuedAt = String(clock());
    const signature = createHmac('sha256', org.policies.clientSecret)
      .update(id + issuedAt)
      .digest('base64');
    const user = state.userOf(org, grant.userId);
    return {
      status: 200,
      body: {
        access_token: access.value,
        ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
        signature,
        scope: grant.scope.join(' '),
        ...(grant.scope.includes('openid') && user
          ? { id_token: await idTokens.sign({ frame, org, user, accessToken: access.value, nonce }) }
          : {}),
        instance_url: frame.orgUrl(org),
        id,
        token_type: 'Bearer',
        issued_at: issuedAt,
        ...(params['state'] === undefined ? {} : { state: params['state'] }),
      },
    };
  };

  const exchangeCode = async (request: FastifyRequest, params: Params): Promise<Answer> => {
    const code = params['code'];
    const issued = code === undefined ? undefined : grants.findCode(code);
    const org = issued && state.org(issued.org.id);
    const badClient = refuseClient(request, params, org, true);
    if (badClient) return badClient;
    if (code === undefined || code === '') return refusal('invalid_request', 'missing required parameter: code');
    const host = frame.hostOf(request);
    if (issued === undefined || org === undefined || (host !== undefined && host !== org)) {
      return refusal('invalid_grant', 'invalid authorization code');
    }
    if (!grants.isCodeUsable(issued)) return refusal('invalid_grant', 'expired authorization code');
    if (params['redirect_uri'] === undefined) return refusal('redirect_uri_missing', 'redirect_uri not provided');
    if (params['redirect_uri'] !== issued.redirectUri) {
      return refusal('redirect_uri_mismatch', 'redirect_uri must match configuration');
    }
    const verifier = params['code_verifier'];
    if (issued.codeChallenge !== undefined) {
      if (verifier === undefined || verifier === '') return refusal('invalid_grant', 'missing required code verifier');
      if (!verifierForm.test(verifier) || !equal(challengeOf(verifier), issued.codeChallenge)) {
        return refusal('invalid_request', 'invalid code verifier');
      }
    }
    const refused = refuseOrg(org);
    if (refused) return refused;
    const user = state.userOf(org, issued.user.id);
    if (user?.active !== true) return refusal('inactive_user', 'user is inactive');
    issued.spent = true;
    await delay(org.policies.tokenLatencyMs);
    return granted(grants.open({ org, user, scope: issued.scope }), org, params, issued.nonce);
  };

  const refresh = async (request: FastifyRequest, params: Params, exchange: Exchange): Promise<Answer> => {
    const token = params['refresh_token'];
    const found = token === undefined ? undefined : grants.findRefresh(token);
    const org = found && state.org(found.grant.orgId);
    const badClient = refuseClient(request, params, org, org?.policies.requireSecretForRefresh ?? true);
    if (badClient) return badClient;
    if (token === undefined || token === '') {
      return refusal('invalid_request', 'missing required parameter: refresh_token');
    }
    if (params['scope'] !== undefined) return refusal('invalid_request', 'scope parameter not supported');
    const host = frame.hostOf(request);
    if (found === undefined || org === undefined || (host !== undefined && host !== org)) return expiredToken;
    if (processing.has(token)) return refusal('invalid_grant', 'token request is already being processed');
    processing.add(token);
    exchange.onEnd.push(() => processing.delete(token));
    await delay(org.policies.tokenLatencyMs);

    const { grant } = found;
    if (grants.findRefresh(token)?.spent === true) {
      // A spent token means that somebody holds a copy: nobody keeps anything.
      grants.revoke(grant);
      await state.save();
      return expiredToken;
    }
    if (!grants.isRefreshable(grant, org) || org.policies.app === 'blocked') return expiredToken;
    const refused = refuseOrg(org);
    if (refused) return refused;
    if (state.userOf(org, grant.userId)?.active !== true) return refusal('inactive_user', 'user is inactive');
    if (org.policies.app === 'not-approved' || org.policies.app === 'access-denied') {
      return refusal('invalid_app_access', 'user is not admin approved to access this app');
    }
    const rotate = org.policies.rotation || exchange.mischief?.rotate === true;
    return granted(grants.refresh(grant, org, rotate), org, params, undefined);
  };

  const answerTo = async (request: FastifyRequest): Promise<Answer> => {
    const params = paramsOf(request);
    const exchange = exchanges.get(request);
    switch (params['grant_type']) {
      case 'authorization_code':
        return exchangeCode(request, params);
      case 'refresh_token':
        return exchange ? refresh(request, params, exchange) : expiredToken;
      case 'password':
        // Blocked by default in orgs since Summer '23.
        return refuseClient(request, params, undefined, true) ?? refusal('invalid_grant', 'authentication failure');
      default:
        return refusal('unsupported_grant_type', 'grant type not supported');
    }
  };

  app.post('/services/oauth2/token', async (request, reply) => sendAnswer(request, reply, await answerTo(request)));
  app.get('/services/oauth2/token', async (request, reply) =>
    sendAnswer(request, reply, refusal('invalid_request', 'must use HTTP POST')),
  );

  /** When a refresh token ends if nobody uses it. */
  const refreshExpiryMs = (grant: Grant, org: OrgState): number => grant.lastUsedAtMs + org.policies.refreshTokenIdleMs;

  const describe = (token: string): Record<string, unknown> => {
    const inactive = { active: false };
    const access = grants.findAccess(token);
    const refreshed = access ? undefined : grants.findRefresh(token);
    const grant = access?.grant ?? refreshed?.grant;
    const org = grant && state.org(grant.orgId);
    const user = org && state.userOf(org, grant.userId);
    if (!grant || !org || !user) return inactive;
    const isUsable = access
      ? isSessionUsable(frame, access.access, org, user)
      : refreshed?.spent === false && user.active && grants.isRefreshable(grant, org) && org.policies.app !== 'blocked';
    if (!isUsable) return inactive;
    const startMs = access ? access.access.issuedAtMs : grant.createdAtMs;
    const endMs = access ? grants.expiresAtMs(access.access, org.policies) : refreshExpiryMs(grant, org);
    const seconds = (ms: number): number => Math.floor(ms / 1000);
    return {
      active: true,
      scope: grant.scope.join(' '),
      client_id: standInClientId,
      username: user.username,
      sub: identityUrl(frame, org.id, user.id),
      token_type: access ? 'access_token' : 'refresh_token',
      exp: seconds(endMs),
      iat: seconds(startMs),
      nbf: seconds(startMs),
    };
  };

  app.post('/services/oauth2/introspect', async (request, reply) => {
    const params = paramsOf(request);
    const token = params['token'];
    const refused = refuseClient(request, params, exchanges.get(request)?.org, true);
    if (refused) return sendAnswer(request, reply, refused);
    if (token === undefined)
      return sendAnswer(request, reply, refusal('invalid_request', 'missing required parameter: token'));
    return sendAnswer(request, reply, { status: 200, body: describe(token) });
  });

  /** Whether there was something to revoke. An access token goes alone, a refresh token takes all of its grant along. */
  const revoke = (token: string): boolean => {
    const access = grants.findAccess(token);
    if (access) {
      if (access.access.revoked) return false;
      access.access.revoked = true;
      return true;
    }
    const refreshed = grants.findRefresh(token);
    const grant = refreshed?.spent === true ? undefined : (refreshed?.grant ?? grants.findByDeleteToken(token));
    if (!grant || grant.revoked) return false;
    grants.revoke(grant);
    return true;
  };

  const revocation = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { token, callback } = paramsOf(request);
    if (token === undefined || token === '') {
      return sendAnswer(request, reply, refusal('unsupported_token_type', 'this token type is not supported'));
    }
    if (!revoke(token)) return sendAnswer(request, reply, refusal('invalid_token', 'invalid token'));
    await state.save();
    void reply.code(200).headers(oauthHeaders);
    if (request.method === 'GET' && callback !== undefined && /^[\w$.]{1,100}$/.test(callback)) {
      return reply.header('content-type', 'text/javascript;charset=UTF-8').send(`${callback}({});`);
    }
    return reply.send();
  };
  app.post('/services/oauth2/revoke', revocation);
  app.get('/services/oauth2/revoke', revocation);
}
