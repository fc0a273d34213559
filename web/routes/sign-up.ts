import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { nameMaxLength, passwordLength } from '../../src/domain/account-rules.ts';
import { signUp, type SignUpFaults, type SignUpForm } from '../../src/use-cases/sign-up.ts';
import type { PortalRoutes } from '../context.ts';
import { FormField, QueryField } from '../schemas/forms.ts';

const SignUpBody = Type.Object({
  firstName: FormField(),
  lastName: FormField(),
  company: FormField(),
  email: FormField(),
  password: FormField(),
  timeZone: FormField(),
});

const timeZones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC')].map((name) => ({
  value: name,
  label: name.replaceAll('_', ' '),
}));

export const signUpRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages } = portal;
  const blank: SignUpForm = { firstName: '', lastName: '', company: '', email: '', password: '', timeZone: 'UTC' };

  const sendForm = (
    request: FastifyRequest,
    reply: FastifyReply,
    { typed, faults, guessTimeZone }: { typed: SignUpForm; faults: SignUpFaults; guessTimeZone: boolean },
  ) =>
    pages.send(request, reply, {
      view: 'sign-up',
      title: t('sign-up.title'),
      data: { typed, faults, guessTimeZone, timeZones, passwordLength, nameMax: nameMaxLength },
    });

  app.get('/sign-up', async (request, reply) => {
    if (request.signedIn) return reply.redirect('/', 303);
    return sendForm(request, reply, { typed: blank, faults: {}, guessTimeZone: true });
  });

  app.post(
    '/sign-up',
    {
      schema: { body: SignUpBody },
      config: { audit: 'account.signed-up', rateLimit: { max: 30, timeWindow: '1 hour' } },
    },
    async (request, reply) => {
      const outcome = await signUp(services, request.body);
      if (outcome.kind === 'faulty') {
        void reply.status(400);
        return sendForm(request, reply, { typed: request.body, faults: outcome.faults, guessTimeZone: false });
      }
      request.audited = { accountId: outcome.accountId, subject: outcome.accountId };
      return reply.redirect(`/sign-up/sent?email=${encodeURIComponent(outcome.email)}`, 303);
    },
  );

  app.get('/sign-up/sent', { schema: { querystring: Type.Object({ email: QueryField(500) }) } }, (request, reply) =>
    pages.send(request, reply, {
      view: 'sign-up-sent',
      title: t('sign-up-sent.title'),
      data: { email: request.query.email },
    }),
  );
};
