import type { Cause, ReasonDetail } from '../domain/connection.ts';
import { toId18, toOrgId } from '../domain/ids.ts';
import { nameOf, tokenVerdict, type SalesforceAnswer } from '../domain/salesforce-answers.ts';
import { salesforceOrigin } from '../domain/salesforce-host.ts';
import { AppError } from '../errors.ts';
import type { Grant, Introspection, SalesforceOAuth, TokenOutcome } from '../ports.ts';
import { createFormClient, type FormOutcome } from './oauth-http.ts';

const scopes = 'api refresh_token id';
const exchangeLimitMs = 60_000;
const revokeLimitMs = 15_000;

export interface SalesforceOAuthOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Our callback, exactly as it is registered in the Salesforce app. */
  readonly redirectUri: string;
  /** Address of the stand-in, when there is one. */
  readonly standIn?: string | undefined;
}

/** The token endpoint and its siblings. Nothing is tried again here: what a second attempt would do is for the caller to know. */
export function createSalesforceOAuth(options: SalesforceOAuthOptions): SalesforceOAuth & { close(): Promise<void> } {
  const { clientId, clientSecret, redirectUri, standIn } = options;
  const client = { client_id: clientId, client_secret: clientSecret };
  const http = createFormClient();

  /** Code, tokens and secret go to Salesforce's own hosts only, whatever a row says. */
  const endpoint = (host: string, name: 'token' | 'revoke' | 'introspect' | 'userinfo'): string => {
    const origin = salesforceOrigin(host, standIn);
    if (origin === undefined) throw new AppError('LOGIN_HOST_INVALID', 'The host is not one of Salesforce.');
    return `${origin}/services/oauth2/${name}`;
  };

  const askForTokens = async (
    loginHost: string,
    form: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<TokenOutcome> => {
    const outcome = await http.post(endpoint(loginHost, 'token'), { ...form, ...client }, signal);
    switch (outcome.kind) {
      case 'not-sent':
        return { kind: 'did-not-happen', cause: 'salesforce-unreachable', answer: outcome.answer };
      case 'lost':
        return { kind: 'unknown', cause: causeOfLoss(outcome), answer: outcome.answer };
      case 'answered':
        return outcome.status === 200 ? readGrant(outcome.body, standIn) : readRefusal(outcome);
    }
  };

  return {
    authorizeUrl({ loginHost, state, codeChallenge }) {
      const url = new URL('/services/oauth2/authorize', loginHost);
      url.search = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: scopes,
        state,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
      }).toString();
      return url.href;
    },

    exchangeCode: ({ loginHost, code, codeVerifier }) =>
      askForTokens(
        loginHost,
        { grant_type: 'authorization_code', code, code_verifier: codeVerifier, redirect_uri: redirectUri },
        AbortSignal.timeout(exchangeLimitMs),
      ),

    refresh: ({ loginHost, refreshToken }, signal) =>
      askForTokens(loginHost, { grant_type: 'refresh_token', refresh_token: refreshToken }, signal),

    async revoke(loginHost, token) {
      const outcome = await http.post(
        endpoint(loginHost, 'revoke'),
        { token, ...client },
        AbortSignal.timeout(revokeLimitMs),
      );
      // 400: the token is not valid any more, or never was; either way nothing is left to revoke.
      if (outcome.kind === 'answered' && (outcome.status === 200 || outcome.status === 400)) return;
      throw new AppError('SALESFORCE_UNAVAILABLE', 'Salesforce did not confirm that a token was revoked.');
    },

    async introspect({ accessToken, loginHost }, signal): Promise<Introspection> {
      const outcome = await http.post(
        endpoint(loginHost, 'introspect'),
        { token: accessToken, token_type_hint: 'access_token', ...client },
        signal,
      );
      switch (outcome.kind) {
        case 'not-sent':
          return { kind: 'failed', cause: 'salesforce-unreachable', answer: outcome.answer };
        case 'lost':
          return { kind: 'failed', cause: causeOfLoss(outcome), answer: outcome.answer };
        case 'answered':
          return readIntrospection(outcome);
      }
    },

    async isAppInstalled({ accessToken, instanceUrl }, signal) {
      const outcome = await http.post(endpoint(instanceUrl, 'userinfo'), { access_token: accessToken }, signal);
      if (outcome.kind !== 'answered' || outcome.status !== 200) return undefined;
      const user = parseObject(outcome.body);
      // The member is there only where the app is installed.
      return typeof user?.['user_id'] === 'string' ? user['is_app_installed'] === true : undefined;
    },

    close: () => http.close(),
  };
}

type Answered = Extract<FormOutcome, { kind: 'answered' }>;

const causeOfLoss = ({ timedOut }: Extract<FormOutcome, { kind: 'lost' }>): Cause =>
  timedOut ? 'salesforce-slow' : 'salesforce-error';

/** The body as an object; undefined when it is something else. */
function parseObject(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/**
 * Reads a 200. One that cannot be understood is an unknown outcome: the token was spent, and what came for it is lost. A host that is
 * not Salesforce's is refused, since the next call would carry a token there.
 */
function readGrant(body: string, standIn: string | undefined): TokenOutcome {
  const answer = parseObject(body);
  const accessToken = text(answer?.['access_token']);
  const identityUrl = text(answer?.['id']);
  const [orgId, userId] = idsOf(identityUrl);
  if (!answer || accessToken === undefined || identityUrl === undefined || !orgId || !userId) {
    return { kind: 'unknown', cause: 'salesforce-error', answer: 'unreadable answer' };
  }
  const given = text(answer['instance_url']);
  const instanceUrl = given === undefined ? undefined : salesforceOrigin(given, standIn);
  if (salesforceOrigin(identityUrl, standIn) === undefined || (given !== undefined && instanceUrl === undefined)) {
    return { kind: 'refused', reason: 'wrong-host', detail: {} };
  }
  const issuedAtMs = Number(answer['issued_at']);
  const grant: Grant = {
    accessToken,
    refreshToken: text(answer['refresh_token']),
    instanceUrl,
    orgId,
    userId,
    identityUrl,
    issuedAtMs: Number.isSafeInteger(issuedAtMs) && issuedAtMs > 0 ? issuedAtMs : Date.now(),
  };
  return { kind: 'granted', grant };
}

/** Org and user: the last two segments of the identity URL. */
function idsOf(identityUrl: string | undefined): [orgId: string | undefined, userId: string | undefined] {
  const segments = identityUrl === undefined ? [] : (URL.parse(identityUrl)?.pathname.split('/') ?? []);
  const [org, user] = segments.slice(-2);
  return [org === undefined ? undefined : toOrgId(org), user?.startsWith('005') === true ? toId18(user) : undefined];
}

function toAnswer({ status, body }: Answered): SalesforceAnswer {
  const error = parseObject(body);
  return {
    status,
    code: text(error?.['error']),
    text: text(error?.['error_description']),
  };
}

function readRefusal(answered: Answered): TokenOutcome {
  const answer = toAnswer(answered);
  const { meaning, reason } = tokenVerdict(answer);
  const detail: ReasonDetail = { answer: nameOf(answer) };
  if (meaning === 'unknown') return { kind: 'unknown', cause: 'salesforce-error', answer: nameOf(answer) };
  return { kind: 'refused', reason, detail };
}

function readIntrospection(answered: Answered): Introspection {
  const answer = parseObject(answered.body);
  if (answered.status === 200 && typeof answer?.['active'] === 'boolean') {
    const exp = Number(answer['exp']);
    return {
      kind: 'answered',
      active: answer['active'],
      expiresAtMs: Number.isFinite(exp) && exp > 0 ? exp * 1000 : undefined,
    };
  }
  const named = toAnswer(answered);
  const cause =
    tokenVerdict(named).reason === 'client-credentials-wrong' ? 'client-credentials-wrong' : 'salesforce-error';
  return { kind: 'failed', cause, answer: nameOf(named) };
}
