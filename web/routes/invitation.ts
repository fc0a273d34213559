import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { AppError } from '../../src/errors.ts';
import type { Account } from '../../src/ports.ts';
import { authorizationLifeMs, beginAuthorization, loginHostChoices } from '../../src/use-cases/begin-authorization.ts';
import type { PortalRoutes } from '../context.ts';
import { contentSecurityPolicy } from '../plugins/content-security-policy.ts';
import { presentInvitedAttempt } from '../presenters/connection.ts';
import { FormField, QueryField } from '../schemas/forms.ts';
import { loginHostFields, type LoginHostFields } from '../schemas/login-host.ts';

/** How often the page of an attempt that is being checked asks again; it has no script. */
const reloadSeconds = 2;

/**
 * Where a Salesforce administrator without an account connects the org of the one who invited. The link works until somebody has
 * connected through it, so that whoever is refused can mend what is missing and try again.
 */
export const invitedRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, cookies, standIn } = portal;
  const { accounts, authorizations, clock, links, tokens } = services;
  const helmet = { contentSecurityPolicy: contentSecurityPolicy(['https:', ...(standIn ? [standIn.url] : [])]) };
  const title = t('invitation.title');

  async function inviterOf(token: string): Promise<Account> {
    const accountId = await links.find(tokens.hash(token), 'invitation');
    const account = accountId === undefined ? undefined : await accounts.findById(accountId);
    if (!account) throw new AppError('INVITATION_INVALID', 'This invitation was used already or is too old.');
    return account;
  }

  const sendPage = (
    request: FastifyRequest,
    reply: FastifyReply,
    {
      token,
      account,
      typed,
      loginHostInvalid,
    }: {
      token: string;
      account: Account;
      typed: LoginHostFields;
      loginHostInvalid: boolean;
    },
  ): Promise<FastifyReply> =>
    pages.send(request, reply, {
      view: 'invitation',
      title,
      data: { token, from: presentInviter(account), choices: loginHostChoices, typed, loginHostInvalid },
    });

  // Looking at the page uses nothing up: mail scanners open links, too.
  app.get(
    '/invitation',
    { helmet, schema: { querystring: Type.Object({ token: QueryField(100) }) } },
    async (request, reply) => {
      const { token } = request.query;
      const typed = { choice: 'production', myDomain: '' } as const;
      return sendPage(request, reply, { token, account: await inviterOf(token), typed, loginHostInvalid: false });
    },
  );

  app.post(
    '/invitation/authorizations',
    {
      helmet,
      schema: { body: Type.Object({ ...loginHostFields, token: FormField() }) },
      config: { audit: 'authorization.begun', rateLimit: { max: 20, timeWindow: '15 minutes' } },
    },
    async (request, reply) => {
      const { token, choice, myDomain } = request.body;
      const account = await inviterOf(token);
      const outcome = await beginAuthorization(services, {
        accountId: account.id,
        choice,
        myDomain,
        standIn: standIn?.url,
        invitationHash: tokens.hash(token),
      });
      if (outcome.kind === 'login-host-invalid') {
        void reply.status(400);
        return sendPage(request, reply, { token, account, typed: { choice, myDomain }, loginHostInvalid: true });
      }
      request.audited = {
        accountId: account.id,
        actor: 'salesforce-user',
        subject: outcome.authorizationId,
        detail: { loginHost: new URL(outcome.url).host, invited: true },
      };
      void reply.setCookie(cookies.authorization(outcome.stateHash), outcome.browserToken, {
        ...cookies.options,
        // Longer than the attempt, so that its end can be looked at.
        maxAge: (2 * authorizationLifeMs) / 1000,
      });
      return reply.redirect(outcome.url, 303);
    },
  );

  app.get(
    '/invitation/attempts/:stateHash',
    { schema: { params: Type.Object({ stateHash: Type.String({ pattern: '^[\\w-]{43}$' }) }) } },
    async (request, reply) => {
      const { stateHash } = request.params;
      const attempt = await authorizations.findByState(stateHash);
      const browserToken = request.cookies[cookies.authorization(stateHash)];
      if (!attempt?.isInvited || browserToken === undefined || tokens.hash(browserToken) !== attempt.browserHash) {
        throw new AppError('PAGE_NOT_FOUND', 'There is no such page.');
      }
      const account = await accounts.findById(attempt.accountId);
      const result = presentInvitedAttempt(attempt, clock.now(), t);
      return pages.send(request, reply, {
        view: 'invitation-result',
        title,
        data: {
          from: account && presentInviter(account),
          result,
          reloadSeconds: result.kind === 'checking' ? reloadSeconds : undefined,
        },
      });
    },
  );
};

const presentInviter = ({ firstName, lastName, email }: Account) => ({ name: `${firstName} ${lastName}`, email });
