import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { AppError } from '../../src/errors.ts';
import { signIn } from '../../src/use-cases/sign-in.ts';
import type { PortalRoutes } from '../context.ts';
import { setSessionCookie } from '../plugins/session.ts';
import { FormField, QueryField } from '../schemas/forms.ts';

const SignInBody = Type.Object({ email: FormField(), password: FormField(), next: FormField() });

export const signInRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, cookies, flashes, publicUrl } = portal;

  // Only failures count: a hundred colleagues behind one address may sign in, one guesser may not go on.
  const failures = [
    app.createRateLimit({
      max: 10,
      timeWindow: '15 minutes',
      keyGenerator: (request) => `${request.ip} ${(request.body as { email: string }).email.trim().toLowerCase()}`,
    }),
    app.createRateLimit({ max: 100, timeWindow: '15 minutes', keyGenerator: (request) => request.ip }),
  ];
  const refuseGuessers = async (request: FastifyRequest) => {
    for (const check of failures) {
      const limit = await check(request, { increment: false });
      if (!limit.isAllowed && limit.remaining === 0) {
        throw new AppError('TOO_MANY_REQUESTS', 'Too many attempts to sign in.', { retryAfterMs: limit.ttl });
      }
    }
  };

  const sendForm = (
    request: FastifyRequest,
    reply: FastifyReply,
    data: { typed: { email: string; next: string }; outcome?: 'refused' | 'not-confirmed' },
  ) => pages.send(request, reply, { view: 'sign-in', title: t('sign-in.title'), data });

  app.get('/sign-in', { schema: { querystring: Type.Object({ next: QueryField(2_000) }) } }, async (request, reply) => {
    const next = localPath(request.query.next, publicUrl);
    if (request.signedIn) return reply.redirect(next, 303);
    return sendForm(request, reply, { typed: { email: '', next } });
  });

  app.post(
    '/sign-in',
    { schema: { body: SignInBody }, config: { audit: 'session.started' } },
    async (request, reply) => {
      await refuseGuessers(request);
      const { email, password } = request.body;
      const next = localPath(request.body.next, publicUrl);
      const outcome = await signIn(services, { email, password, formerSessionId: request.cookies[cookies.session] });
      switch (outcome.kind) {
        case 'refused':
          for (const count of failures) await count(request);
          void reply.status(401);
          return sendForm(request, reply, { typed: { email, next }, outcome: 'refused' });
        case 'not-confirmed':
          void reply.status(403);
          return sendForm(request, reply, { typed: { email: outcome.email, next }, outcome: 'not-confirmed' });
        case 'signed-in':
          request.audited = { accountId: outcome.accountId, subject: outcome.accountId };
          setSessionCookie(reply, cookies, outcome.session);
          return reply.redirect(next, 303);
      }
    },
  );

  app.post('/sign-out', { config: { audit: 'session.ended' } }, async (request, reply) => {
    if (request.signedIn) await services.sessions.remove(request.signedIn.sessionIdHash);
    else request.audited = 'nothing-changed';
    void reply.clearCookie(cookies.session, cookies.options).clearCookie(cookies.csrf, cookies.options);
    flashes.set(reply, { notice: t('sign-in.signed-out') });
    return reply.redirect('/sign-in', 303);
  });
};

/** Where to go after signing in: a path of ours, whatever somebody put into a link. */
export function localPath(next: string, publicUrl: string): string {
  const url = next.startsWith('/') ? URL.parse(next, publicUrl) : null;
  // A path that begins with two slashes names a host, also when dots before it made it so.
  const isPage = url?.origin === publicUrl && url.pathname !== '/' && !url.pathname.startsWith('//');
  return isPage ? url.pathname + url.search : '/salesforce-connection';
}
