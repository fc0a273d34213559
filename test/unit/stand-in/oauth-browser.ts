import { createHash, randomBytes } from 'node:crypto';
import type { StandIn } from '../../../src/local/salesforce/server.ts';
import { standInClientId, standInClientSecret } from '../../../src/local/salesforce/server.ts';

export const acme = '00DA0000000BhM2MAK';
export const globex = '00DB0000000CaT5MAK';
export const callback = 'http://localhost:3000/salesforce/callback';
export const adminId = '005A0000001aDm1IAE';

/** A browser of the simplest kind: cookies, one hop at a time, and forms filled by name. */
export function createBrowser(base: string) {
  const cookies = new Map<string, string>();
  const visit = async (
    url: string,
    form?: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> => {
    const response = await fetch(new URL(url, base), {
      redirect: 'manual',
      headers: { ...headers, cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      cookies.set(name, value);
    }
    return response;
  };
  /** Follows redirects as long as they stay on the stand-in. Answers the last page, or the address that leads away. */
  const go = async (url: string, form?: Record<string, string>): Promise<{ url: URL; page?: string }> => {
    let at = new URL(url, base);
    let response = await visit(at.href, form);
    for (;;) {
      const location = response.headers.get('location');
      if (location === null) return { url: at, page: await response.text() };
      at = new URL(location, at);
      if (at.origin !== new URL(base).origin) return { url: at };
      response = await visit(at.href);
    }
  };
  return { visit, go };
}

export type Browser = ReturnType<typeof createBrowser>;

export function pkcePair(): { verifier: string; challenge: string } {
  const verifier = randomBytes(48).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export function authorizeUrl(standIn: Pick<StandIn, 'url'>, params: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: standInClientId,
    redirect_uri: callback,
    scope: 'api refresh_token id',
    ...params,
  });
  return `${standIn.url}/services/oauth2/authorize?${query.toString()}`;
}

/** Signs in on the login page that `go` has led to, and answers where that leads. */
export function signIn(
  browser: Browser,
  loginPage: { url: URL },
  username = 'admin@acme.example',
  password = 'stand-in',
): ReturnType<Browser['go']> {
  const startURL = loginPage.url.searchParams.get('startURL') ?? '';
  return browser.go('/', { username, pw: password, startURL });
}

/** Presses Allow or Deny. */
export function decide(browser: Browser, page: { url: URL }, choice: 'save' | 'cancel'): ReturnType<Browser['go']> {
  const source = page.url.searchParams.get('source') ?? '';
  return browser.go('/setup/secur/RemoteAccessAuthorizationPage.apexp', { source, [choice]: 'x' });
}

/** The whole way through login and approval; answers the callback's address. */
export async function authorize(
  standIn: Pick<StandIn, 'url'>,
  params: Record<string, string> = {},
  username?: string,
): Promise<URL> {
  const browser = createBrowser(standIn.url);
  const afterLogin = await signIn(browser, await browser.go(authorizeUrl(standIn, params)), username);
  return afterLogin.page === undefined ? afterLogin.url : (await decide(browser, afterLogin, 'save')).url;
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, string>;
}

/** A request to the token endpoint, introspection or revocation with the app's own id and secret. */
export async function post(
  standIn: Pick<StandIn, 'url'>,
  path: 'token' | 'introspect' | 'revoke',
  params: Record<string, string>,
): Promise<TokenAnswer> {
  const response = await fetch(`${standIn.url}/services/oauth2/${path}`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: standInClientId, client_secret: standInClientSecret, ...params }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, string>),
  };
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly instanceUrl: string;
}

/** A new grant. */
export async function connect(standIn: Pick<StandIn, 'url'>, username?: string): Promise<Tokens> {
  const code = (await authorize(standIn, { prompt: 'consent' }, username)).searchParams.get('code') ?? '';
  const { body } = await post(standIn, 'token', { grant_type: 'authorization_code', code, redirect_uri: callback });
  return {
    accessToken: body['access_token'] ?? '',
    refreshToken: body['refresh_token'] ?? '',
    instanceUrl: body['instance_url'] ?? '',
  };
}

export const refresh = (standIn: StandIn, refreshToken: string): Promise<TokenAnswer> =>
  post(standIn, 'token', { grant_type: 'refresh_token', refresh_token: refreshToken });

/** A small question to the data API. */
export const ask = (
  { accessToken, instanceUrl }: Pick<Tokens, 'accessToken' | 'instanceUrl'>,
  init: RequestInit = {},
): Promise<Response> =>
  fetch(`${instanceUrl}/services/data/v67.0/limits`, {
    ...init,
    headers: { authorization: `Bearer ${accessToken}` },
  });
