import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../src/errors.ts';
import type { Account } from '../../src/ports.ts';
import { resumeSession } from '../../src/use-cases/resume-session.ts';
import type { StartedSession } from '../../src/use-cases/start-session.ts';
import type { PortalServices } from '../options.ts';
import type { Cookies } from './cookies.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent the request; null where nobody is signed in. */
    signedIn: { readonly account: Account; readonly sessionIdHash: string } | null;
  }
}

/** Reads the session of every request. */
export function readSessions(app: FastifyInstance, services: PortalServices, cookies: Cookies): void {
  app.decorateRequest('signedIn', null);
  app.addHook('onRequest', async (request, reply) => {
    const sessionId = request.cookies[cookies.session];
    if (sessionId === undefined) return;
    const session = await resumeSession(services, sessionId);
    if (!session) return;
    request.signedIn = { account: session.account, sessionIdHash: session.idHash };
    if (session.extendedToMs !== undefined) {
      setSessionCookie(reply, cookies, { sessionId, expiresAtMs: session.extendedToMs });
    }
  });
}

export function setSessionCookie(reply: FastifyReply, cookies: Cookies, session: StartedSession): void {
  void reply.setCookie(cookies.session, session.sessionId, {
    ...cookies.options,
    expires: new Date(session.expiresAtMs),
  });
}

/** The signed-in account of a route behind `requireSignIn`. */
export function accountOf(request: FastifyRequest): Account {
  if (!request.signedIn) throw new AppError('SIGN_IN_REQUIRED', 'Sign in to see this page.');
  return request.signedIn.account;
}

/** Sends whoever is not signed in to the sign-in page, and from there to where they wanted to go. */
export function requireSignIn(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.signedIn) return;
    const next = request.method === 'GET' ? request.url : '/';
    return reply.redirect(`/sign-in?next=${encodeURIComponent(next)}`, 303);
  });
}
