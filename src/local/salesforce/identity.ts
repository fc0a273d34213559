import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bearerOf, isSessionUsable, paramsOf } from './frame.ts';
import type { Frame } from './frame.ts';
import type { IdTokens } from './id-tokens.ts';
import { isId, to18 } from './ids.ts';
import { knownScopes } from './policies.ts';
import type { OrgState } from './state.ts';
import { identityUrl, oauthHeaders } from './token.ts';
import type { User } from './types.ts';

const restPaths = {
  enterprise: '/services/Soap/c/{version}/',
  metadata: '/services/Soap/m/{version}/',
  partner: '/services/Soap/u/{version}/',
  rest: '/services/data/v{version}/',
  sobjects: '/services/data/v{version}/sobjects/',
  search: '/services/data/v{version}/search/',
  query: '/services/data/v{version}/query/',
  recent: '/services/data/v{version}/recent/',
  tooling_soap: '/services/Soap/T/{version}/',
  tooling_rest: '/services/data/v{version}/tooling/',
  feeds: '/services/data/v{version}/chatter/feeds',
  groups: '/services/data/v{version}/chatter/groups',
  users: '/services/data/v{version}/chatter/users',
  feed_items: '/services/data/v{version}/chatter/feed-items',
  feed_elements: '/services/data/v{version}/chatter/feed-elements',
} as const;

const salesforceDate = (ms: number): string => new Date(ms).toISOString().replace('Z', '+0000');

export interface IdentityRoutesOptions {
  readonly frame: Frame;
  readonly idTokens: IdTokens;
}

/** Discovery, keys, userinfo and the identity URL. Their errors are one word of plain text with status 403, unlike the data API's. */
export async function identityRoutes(app: FastifyInstance, { frame, idTokens }: IdentityRoutesOptions): Promise<void> {
  const { state } = frame;
  const modifiedAtMs = Date.UTC(2026, 0, 15, 9, 30);

  app.get('/.well-known/openid-configuration', async (request, reply) => {
    const host = frame.hostOf(request);
    const base = host ? frame.orgUrl(host) : frame.loginUrl();
    const endpoint = (name: string): string => `${base}/services/oauth2/${name}`;
    return reply.headers(oauthHeaders).send({
      issuer: base,
      authorization_endpoint: endpoint('authorize'),
      token_endpoint: endpoint('token'),
      revocation_endpoint: endpoint('revoke'),
      userinfo_endpoint: endpoint('userinfo'),
      introspection_endpoint: endpoint('introspect'),
      jwks_uri: `${base}/id/keys`,
      scopes_supported: [...knownScopes, 'offline_access'],
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      display_values_supported: ['page', 'popup', 'touch'],
      token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    });
  });

  app.get('/id/keys', async () => idTokens.jwks());

  const refuse = (reply: FastifyReply, word: string): FastifyReply =>
    reply.code(403).headers(oauthHeaders).header('content-type', 'text/plain;charset=UTF-8').send(word);

  /** Whose token it is, or the word that says what is wrong with it. */
  const readToken = (request: FastifyRequest): { org: OrgState; user: User } | string => {
    const params = paramsOf(request);
    const token = bearerOf(request) ?? params['oauth_token'] ?? params['access_token'];
    if (token === undefined) return 'Missing_OAuth_Token';
    const found = state.grants.findAccess(token);
    const org = found && state.org(found.grant.orgId);
    const user = org && state.userOf(org, found.grant.userId);
    const host = frame.hostOf(request);
    if (!found || !org || !user || (host !== undefined && host !== org)) return 'Bad_OAuth_Token';
    if (!user.active) return 'Inactive User';
    if (!isSessionUsable(frame, found.access, org, user)) return 'Bad_OAuth_Token';
    if (state.grants.touch(found.access, org)) state.saveSoon();
    return { org, user };
  };

  const urlsOf = (org: OrgState, user: User, version: string | undefined): Record<string, string> => {
    const base = frame.orgUrl(org);
    const at = (path: string): string => base + (version === undefined ? path : path.replace('{version}', version));
    return {
      ...Object.fromEntries(Object.entries(restPaths).map(([name, path]) => [name, at(path)])),
      profile: `${base}/${user.id}`,
      custom_domain: base,
    };
  };

  const photosOf = (org: OrgState): { picture: string; thumbnail: string } => ({
    picture: `${frame.orgUrl(org)}/profilephoto/005/F`,
    thumbnail: `${frame.orgUrl(org)}/profilephoto/005/T`,
  });
  const locale = { language: 'en_US', locale: 'de_DE', utcOffset: 3_600_000 } as const;

  const userinfo = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const found = readToken(request);
    if (typeof found === 'string') return refuse(reply, found);
    const { org, user } = found;
    const photos = photosOf(org);
    return reply.headers(oauthHeaders).send({
      sub: identityUrl(frame, org.id, user.id),
      user_id: user.id,
      organization_id: org.id,
      preferred_username: user.username,
      nickname: user.firstName.toLowerCase(),
      name: `${user.firstName} ${user.lastName}`,
      email: user.email,
      email_verified: true,
      given_name: user.firstName,
      family_name: user.lastName,
      zoneinfo: 'Europe/Berlin',
      photos,
      profile: `${frame.orgUrl(org)}/${user.id}`,
      picture: photos.picture,
      address: {},
      is_salesforce_integration_user: user.licences.includes('Salesforce Integration'),
      urls: urlsOf(org, user, undefined),
      active: user.active,
      user_type: user.userType.toUpperCase(),
      ...locale,
      updated_at: salesforceDate(modifiedAtMs),
      ...(org.policies.appInstalled ? { is_app_installed: true } : {}),
    });
  };
  app.get('/services/oauth2/userinfo', userinfo);
  app.post('/services/oauth2/userinfo', userinfo);

  app.get<{ Params: { org: string; user: string } }>('/id/:org/:user', async (request, reply) => {
    const { params } = request;
    const found = readToken(request);
    if (typeof found === 'string') return refuse(reply, found);
    const { org, user } = found;
    if (!isId(params.org) || !isId(params.user)) return refuse(reply, 'Bad_Id');
    if (to18(params.org) !== org.id) return refuse(reply, 'Wrong_Org');
    if (to18(params.user) !== user.id) return refuse(reply, 'No_Access');
    const asked = paramsOf(request)['version'];
    const version = asked === 'latest' ? frame.apiVersion : asked;
    return reply.headers(oauthHeaders).send({
      id: identityUrl(frame, org.id, user.id),
      asserted_user: true,
      user_id: user.id,
      organization_id: org.id,
      username: user.username,
      nick_name: user.firstName.toLowerCase(),
      display_name: `${user.firstName} ${user.lastName}`,
      email: user.email,
      email_verified: true,
      first_name: user.firstName,
      last_name: user.lastName,
      timezone: 'Europe/Berlin',
      photos: photosOf(org),
      addr_street: null,
      addr_city: null,
      addr_state: null,
      addr_country: 'DE',
      addr_zip: null,
      mobile_phone: null,
      mobile_phone_verified: false,
      is_lightning_login_user: false,
      status: { created_date: null, body: null },
      urls: urlsOf(org, user, version),
      active: user.active,
      user_type: user.userType.toUpperCase(),
      ...locale,
      last_modified_date: salesforceDate(modifiedAtMs),
      ...(org.policies.appInstalled ? { is_app_installed: true } : {}),
    });
  });
}
