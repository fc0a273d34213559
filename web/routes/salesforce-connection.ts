import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { productionLoginHost, sandboxLoginHost } from '../../src/domain/login-host.ts';
import type { Connection } from '../../src/domain/connection.ts';
import {
  authorizationLifeMs,
  beginAuthorization,
  loginHostChoices,
  type LoginHostChoice,
} from '../../src/use-cases/begin-authorization.ts';
import type { PortalRoutes } from '../context.ts';
import { contentSecurityPolicy } from '../plugins/content-security-policy.ts';
import { accountOf } from '../plugins/session.ts';
import { FormField } from '../schemas/forms.ts';

/** A page that is opened asks for a check unless the last one is younger than this. */
const freshForMs = 10_000;

const AuthorizationBody = Type.Object({
  choice: Type.Union(
    loginHostChoices.map((choice) => Type.Literal(choice)),
    { default: 'production' },
  ),
  myDomain: FormField(300),
});

interface Typed {
  readonly choice: LoginHostChoice;
  readonly myDomain: string;
}

export const salesforceConnectionRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, cookies, standIn } = portal;
  // The form leads to Salesforce, and from there maybe to the sign-in page of the org's own identity provider.
  const helmet = { contentSecurityPolicy: contentSecurityPolicy(['https:', ...(standIn ? [standIn.url] : [])]) };

  async function sendPage(request: FastifyRequest, reply: FastifyReply, rejected?: Typed): Promise<FastifyReply> {
    const account = accountOf(request);
    const status = await pages.liveStatus(account);
    checkUnlessFresh(status.connection);
    const typed = rejected ?? chosenBefore((await services.authorizations.latestOf(account.id))?.loginHost);
    return pages.send(request, reply, {
      view: 'salesforce-connection',
      title: t('connection.title'),
      data: { connection: status.view, choices: loginHostChoices, typed, loginHostInvalid: rejected !== undefined },
      status,
    });
  }

  /** The page does not wait for it: what comes of it follows live. */
  function checkUnlessFresh(connection: Connection | undefined): void {
    if (!connection || connection.state === 'disconnected') return;
    if (services.clock.now() - (connection.lastCheckedAtMs ?? 0) < freshForMs) return;
    services.engine.checkNow(connection.orgId).catch((error: unknown) => {
      app.log.warn({ err: error, orgId: connection.orgId }, 'a check could not be asked for');
    });
  }

  app.get('/salesforce-connection', { helmet }, (request, reply) => sendPage(request, reply));

  app.post(
    '/salesforce-connection/authorizations',
    { helmet, schema: { body: AuthorizationBody }, config: { audit: 'authorization.begun' } },
    async (request, reply) => {
      const { choice, myDomain } = request.body;
      const outcome = await beginAuthorization(services, {
        accountId: accountOf(request).id,
        choice,
        myDomain,
        standIn: standIn?.url,
      });
      if (outcome.kind === 'login-host-invalid') {
        void reply.status(400);
        return sendPage(request, reply, { choice, myDomain });
      }
      request.audited = { subject: outcome.authorizationId, detail: { loginHost: new URL(outcome.url).host } };
      void reply.setCookie(cookies.authorization(outcome.stateHash), outcome.browserToken, {
        ...cookies.options,
        maxAge: authorizationLifeMs / 1000,
      });
      return reply.redirect(outcome.url, 303);
    },
  );
};

/** The form remembers where the last attempt went. */
function chosenBefore(loginHost: string | undefined): Typed {
  switch (loginHost) {
    case undefined:
    case productionLoginHost:
      return { choice: 'production', myDomain: '' };
    case sandboxLoginHost:
      return { choice: 'sandbox', myDomain: '' };
    default:
      return { choice: 'my-domain', myDomain: loginHost.replace('https://', '') };
  }
}
