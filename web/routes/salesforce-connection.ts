import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from 'typebox';
import { productionLoginHost, sandboxLoginHost } from '../../src/domain/login-host.ts';
import type { Connection } from '../../src/domain/connection.ts';
import { authorizationLifeMs, beginAuthorization, loginHostChoices } from '../../src/use-cases/begin-authorization.ts';
import type { PortalRoutes } from '../context.ts';
import { contentSecurityPolicy } from '../plugins/content-security-policy.ts';
import { accountOf } from '../plugins/session.ts';
import { loginHostFields, type LoginHostFields } from '../schemas/login-host.ts';

/** How long a form waits for what it asked for; what takes longer follows on the page. */
const answerWithinMs = 3_000;

export const salesforceConnectionRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, cookies, flashes, standIn, checkNowEveryMs } = portal;
  // The form leads to Salesforce, and from there maybe to the sign-in page of the org's own identity provider.
  const helmet = { contentSecurityPolicy: contentSecurityPolicy(['https:', ...(standIn ? [standIn.url] : [])]) };

  async function sendPage(
    request: FastifyRequest,
    reply: FastifyReply,
    rejected?: LoginHostFields,
  ): Promise<FastifyReply> {
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
    if (services.clock.now() - (connection.lastCheckedAtMs ?? 0) < checkNowEveryMs) return;
    services.engine.checkNow(connection.orgId).catch((error: unknown) => {
      app.log.warn({ err: error, orgId: connection.orgId }, 'a check could not be asked for');
    });
  }

  app.get('/salesforce-connection', { helmet }, (request, reply) => sendPage(request, reply));

  app.post(
    '/salesforce-connection/authorizations',
    { helmet, schema: { body: Type.Object(loginHostFields) }, config: { audit: 'authorization.begun' } },
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

  /** The connection that the account may act on. */
  async function linkedOf(request: FastifyRequest): Promise<Connection | undefined> {
    const connection = await services.connections.ofAccount(accountOf(request).id);
    return connection?.state === 'disconnected' ? undefined : connection;
  }

  /** Whoever asks from a page that has become old sees how things stand now. */
  function leadBack(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    request.audited = 'nothing-changed';
    flashes.set(reply, { notice: t('connection.gone-meanwhile') });
    return reply.redirect('/salesforce-connection', 303);
  }

  app.post('/salesforce-connection/checks', { config: { audit: 'connection.check-asked' } }, async (request, reply) => {
    const connection = await linkedOf(request);
    if (!connection) return leadBack(request, reply);
    const { id, orgId } = connection;
    const askedAtMs = services.clock.now();
    await within(services.engine.checkNow(orgId, { thorough: true }), answerWithinMs, request);
    const after = await services.connections.ofAccount(accountOf(request).id);
    // One that is as young counts: the engine makes no second one.
    const isChecked = after?.id === id && (after.lastCheckedAtMs ?? 0) > askedAtMs - checkNowEveryMs;
    request.audited = { subject: orgId, detail: isChecked ? { found: after.state } : {} };
    flashes.set(reply, { notice: t(isChecked ? 'connection.checked' : 'connection.check-under-way') });
    return reply.redirect('/salesforce-connection', 303);
  });

  app.get('/salesforce-connection/disconnect', async (request, reply) => {
    const connection = await linkedOf(request);
    if (!connection) return leadBack(request, reply);
    const { orgId, orgName } = connection;
    return pages.send(request, reply, {
      view: 'disconnect',
      title: t('disconnect.title'),
      data: { org: orgName === undefined ? orgId : t('alert.org', { orgName, orgId }) },
    });
  });

  app.post(
    '/salesforce-connection/disconnect',
    { config: { audit: 'connection.disconnect-asked' } },
    async (request, reply) => {
      const connection = await linkedOf(request);
      if (!connection) return leadBack(request, reply);
      const { orgId } = connection;
      request.audited = { subject: orgId };
      const isDone = await within(services.engine.disconnect(orgId), answerWithinMs, request);
      flashes.set(reply, { notice: t(isDone ? 'disconnect.done' : 'disconnect.under-way') });
      return reply.redirect('/salesforce-connection', 303);
    },
  );
};

/** Whether it was done in time. What fails later than that is told to the log only. */
async function within(work: Promise<void>, limitMs: number, { log }: FastifyRequest): Promise<boolean> {
  const waiting = new AbortController();
  const done = work.then(() => true);
  try {
    return await Promise.race([done, sleep(limitMs, false, { signal: waiting.signal })]);
  } finally {
    waiting.abort();
    done.catch((error: unknown) => log.warn({ err: error }, 'what a form asked for failed'));
  }
}

/** The form remembers where the last attempt went. */
function chosenBefore(loginHost: string | undefined): LoginHostFields {
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
