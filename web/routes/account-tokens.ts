import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { readName } from '../../src/domain/names.ts';
import type { AccountToken } from '../../src/ports.ts';
import { createAccountToken } from '../../src/use-cases/create-account-token.ts';
import type { PortalRoutes } from '../context.ts';
import { accountOf } from '../plugins/session.ts';
import { FormField } from '../schemas/forms.ts';

const page = '/settings/tokens';
const nameMaxLength = 100;

/** Days that a token is valid for. */
const lives = ['30', '90', '365', 'never'] as const;
const defaultLife = '365';

const TokenBody = Type.Object({
  name: FormField(),
  life: Type.Union(
    lives.map((life) => Type.Literal(life)),
    { default: defaultLife },
  ),
});

/** The tokens with which programs ask about the account's connection. */
export const accountTokenRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { services, texts: t, pages, flashes, publicUrl } = portal;
  const { accountTokens, clock } = services;

  async function sendPage(request: FastifyRequest, reply: FastifyReply, rejected?: { name: string; life: string }) {
    const account = accountOf(request);
    const [status, tokens] = await Promise.all([pages.liveStatus(account), accountTokens.list(account.id)]);
    const flash = flashes.take(request, reply);
    const secret = flash?.secret?.kind === 'account-token' ? flash.secret : undefined;
    const { orgId } = status.view;
    return pages.send(request, reply, {
      view: 'account-tokens',
      title: t('account-tokens.title'),
      data: {
        tokens: tokens.map((token) => ({ ...token, state: stateOf(token, clock.now()) })),
        secret,
        line:
          secret && orgId !== undefined
            ? `curl -H 'Authorization: Bearer ${secret.value}' '${publicUrl}/api/connections/${orgId}/status'`
            : undefined,
        lives: lives.map((life) => ({ value: life, label: t(`account-tokens.lives.${life}`) })),
        nameMaxLength,
        typed: rejected ?? { name: '', life: defaultLife },
        fault: rejected && t('account-tokens.name-fault', { nameMax: nameMaxLength }),
      },
      status,
      flash,
    });
  }

  app.get(page, (request, reply) => sendPage(request, reply));

  app.post(
    page,
    { schema: { body: TokenBody }, config: { audit: 'account-token.created' } },
    async (request, reply) => {
      const { name: typed, life } = request.body;
      const name = typed.trim() === '' ? t('account-tokens.name-default') : readName(typed, nameMaxLength);
      if (name === undefined) return sendPage(request, reply.status(400), { name: typed, life });
      const { token, secret } = await createAccountToken(services, {
        accountId: accountOf(request).id,
        name,
        lifeDays: life === 'never' ? undefined : Number(life),
      });
      request.audited = { subject: token.id, detail: { lifeDays: life } };
      flashes.set(reply, { secret: { kind: 'account-token', name: token.name, value: secret } });
      return reply.redirect(page, 303);
    },
  );

  app.post(
    `${page}/:tokenId/revocation`,
    {
      schema: { params: Type.Object({ tokenId: Type.String({ format: 'uuid' }) }) },
      config: { audit: 'account-token.revoked' },
    },
    async (request, reply) => {
      const { tokenId } = request.params;
      const accountId = accountOf(request).id;
      const token = (await accountTokens.list(accountId)).find(({ id }) => id === tokenId);
      const revoked = await accountTokens.revoke(accountId, tokenId);
      request.audited = revoked ? { subject: tokenId } : 'nothing-changed';
      if (revoked && token) flashes.set(reply, { notice: t('account-tokens.was-revoked', { name: token.name }) });
      return reply.redirect(page, 303);
    },
  );
};

function stateOf({ revokedAtMs, expiresAtMs }: AccountToken, nowMs: number): 'valid' | 'revoked' | 'expired' {
  if (revokedAtMs !== undefined) return 'revoked';
  return expiresAtMs !== undefined && expiresAtMs <= nowMs ? 'expired' : 'valid';
}
