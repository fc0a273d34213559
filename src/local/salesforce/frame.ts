import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isAtOnce, replacementFor, spoilAnswer } from './faults.ts';
import type { AtOnceFault, Fault, Faults, InsteadFault, Mischief, Replacement } from './faults.ts';
import type { AccessToken, Grant } from './grants.ts';
import type { Journal, JournalEntry } from './journal.ts';
import type { OrgState, State } from './state.ts';
import type { Clock, Org, User } from './types.ts';

/** What every part of the stand-in works with. */
export interface Frame {
  readonly state: State;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly journal: Journal;
  readonly apiVersion: string;
  /** What the app had registered from the start. */
  readonly callbackUrls: readonly string[];
  /** Of the login host. */
  loginUrl(): string;
  /** Of the org's own host. */
  orgUrl(org: Org): string;
  /** Whose own host a request came to; undefined on the login host. */
  hostOf(request: FastifyRequest): OrgState | undefined;
  /** Whose browser session a request carries. */
  sessionOrgOf(request: FastifyRequest): OrgState | undefined;
  /** Carries out a fault that acts on an org by itself. */
  strike(fault: AtOnceFault, org: OrgState, delayMs: number | undefined): Promise<void>;
}

/** What is known about one request. */
export interface Exchange {
  org: OrgState | undefined;
  grant: Grant | undefined;
  access: AccessToken | undefined;
  mischief: Mischief | undefined;
  entry: JournalEntry | undefined;
  /** The answer is held back until then, by `performance.now()`. */
  answerAtMs: number;
  /** Undone, in order, when the answer leaves. */
  readonly onEnd: (() => void)[];
}

export type Exchanges = WeakMap<FastifyRequest, Exchange>;

export const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? '';

/** Parameters of the query and of a form body; the body wins. Only the last of several with one name counts. */
export function paramsOf(request: FastifyRequest): Record<string, string> {
  const params: Record<string, string> = {};
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  for (const source of [request.query, isForm ? request.body : undefined]) {
    for (const [name, value] of Object.entries((source ?? {}) as Record<string, unknown>)) {
      const last: unknown = Array.isArray(value) ? value.at(-1) : value;
      if (typeof last === 'string') params[name] = last;
    }
  }
  return params;
}

/** The token of the header `Authorization: Bearer …` (or `OAuth …`). */
export function bearerOf(request: FastifyRequest): string | undefined {
  return /^(?:Bearer|OAuth)\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

/** Whether a session works: alive, and neither user, org nor app in its way. */
export function isSessionUsable(frame: Frame, access: AccessToken, org: Org, user: User | undefined): boolean {
  return (
    frame.state.grants.isAlive(access, org) &&
    user?.active === true &&
    org.policies.orgStatus === 'active' &&
    org.policies.app !== 'blocked'
  );
}

/** Whose token, of whatever kind, a request presents, and which org it concerns. */
function identify(
  frame: Frame,
  request: FastifyRequest,
): Pick<Exchange, 'org' | 'grant' | 'access'> & { tokenVersion: number | null; spent: boolean } {
  const { grants } = frame.state;
  const path = pathOf(request);
  const params = paramsOf(request);
  const isTokenRequest = path === '/services/oauth2/token';
  const presented = isTokenRequest
    ? params['refresh_token']
    : (bearerOf(request) ?? params['oauth_token'] ?? params['access_token'] ?? params['token']);
  const access = presented === undefined ? undefined : grants.findAccess(presented);
  if (access) {
    return {
      ...access,
      org: frame.state.org(access.grant.orgId),
      tokenVersion: access.access.version,
      spent: false,
    };
  }
  const refresh = presented === undefined ? undefined : grants.findRefresh(presented);
  if (refresh) {
    return {
      grant: refresh.grant,
      access: undefined,
      org: frame.state.org(refresh.grant.orgId),
      tokenVersion: refresh.version,
      spent: refresh.spent && isTokenRequest,
    };
  }
  const code = isTokenRequest ? grants.findCode(params['code'] ?? '') : undefined;
  const identity = /^\/id\/(\w+)\//.exec(path)?.[1];
  const org =
    (code && frame.state.org(code.org.id)) ??
    (identity === undefined ? undefined : frame.state.org(identity)) ??
    frame.hostOf(request) ??
    frame.sessionOrgOf(request);
  return { org, grant: undefined, access: undefined, tokenVersion: null, spent: false };
}

function send(reply: FastifyReply, replacement: Exclude<Replacement, string>): FastifyReply {
  return reply.code(replacement.status).header('content-type', replacement.contentType).send(replacement.body);
}

const isAfter = (fault: Fault): boolean => fault.fault === 'spend-then-drop-answer' || fault.when === 'after';

/**
 * Puts journal and faults around every request but those of the control endpoints. Answers where the routes find what was learnt about
 * their request.
 */
export function installFrame(app: FastifyInstance, frame: Frame): Exchanges {
  const exchanges: Exchanges = new WeakMap();
  const tokenRequests = new Map<string, number>();
  const isControl = (request: FastifyRequest): boolean => request.url.startsWith('/__control');

  const end = (exchange: Exchange): void => {
    for (const undo of exchange.onEnd.splice(0)) undo();
  };

  /** Enters the request into the journal and asks the faults; once per request. */
  const admit = (request: FastifyRequest, exchange: Exchange): void => {
    const { tokenVersion, spent, ...known } = identify(frame, request);
    Object.assign(exchange, known);
    const path = pathOf(request);
    const grantId = known.grant?.id;
    const inFlight = grantId === undefined ? 0 : (tokenRequests.get(grantId) ?? 0);
    if (grantId !== undefined && path === '/services/oauth2/token') {
      tokenRequests.set(grantId, inFlight + 1);
      exchange.onEnd.push(() => tokenRequests.set(grantId, (tokenRequests.get(grantId) ?? 1) - 1));
    }
    exchange.entry = {
      at: new Date(frame.clock()).toISOString(),
      org: known.org?.id ?? null,
      method: request.method,
      path,
      status: null,
      grant: grantId ?? null,
      tokenVersion,
      spentToken: spent,
      inFlight,
    };
    frame.journal.add(exchange.entry);
    exchange.mischief = frame.faults.meet({ orgId: known.org?.id, path, method: request.method });
  };

  app.addHook('onRequest', async (request) => {
    if (isControl(request)) return;
    exchanges.set(request, {
      org: undefined,
      grant: undefined,
      access: undefined,
      mischief: undefined,
      entry: undefined,
      answerAtMs: 0,
      onEnd: [],
    });
  });

  app.addHook('preValidation', async (request, reply) => {
    const exchange = exchanges.get(request);
    if (exchange === undefined) return undefined;
    admit(request, exchange);
    const { mischief, org } = exchange;
    for (const { fault, delayMs } of mischief?.atOnce ?? []) {
      if (org !== undefined && isAtOnce(fault)) await frame.strike(fault, org, delayMs);
    }
    const instead = mischief?.instead;
    const early = instead === undefined || isAfter(instead) ? undefined : instead;
    const replacement = early && replacementFor(early.fault as InsteadFault, pathOf(request));
    if (mischief?.refused === true || replacement === 'reset' || replacement === 'drop') {
      reply.hijack();
      if (mischief?.refused === true) request.raw.socket.destroy();
      else request.raw.socket.resetAndDestroy();
      end(exchange);
      return reply;
    }
    return replacement && send(reply, replacement);
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const exchange = exchanges.get(request);
    if (exchange === undefined) return payload;
    try {
      // A request whose body could not be read never came to `preValidation`.
      if (exchange.entry === undefined) admit(request, exchange);
      const waitMs = exchange.answerAtMs - performance.now();
      if (waitMs > 0) await delay(waitMs);
      const { mischief, entry } = exchange;
      let body: unknown = payload;
      if (mischief?.instead && isAfter(mischief.instead)) {
        const replacement = replacementFor(mischief.instead.fault as InsteadFault, pathOf(request));
        if (replacement === 'drop' || replacement === 'reset') {
          if (mischief.instead.delayMs !== undefined) await delay(mischief.instead.delayMs, undefined, { ref: false });
          if (replacement === 'drop') request.raw.socket.destroy();
          else request.raw.socket.resetAndDestroy();
          return payload;
        }
        void reply.code(replacement.status).header('content-type', replacement.contentType);
        body = replacement.body;
      }
      if (mischief?.answer && (typeof body === 'string' || Buffer.isBuffer(body))) {
        body = await spoilAnswer(mischief.answer, reply, Buffer.from(body));
      }
      if (entry) entry.status = reply.statusCode;
      return body;
    } finally {
      end(exchange);
    }
  });

  return exchanges;
}
