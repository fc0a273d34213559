import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Pbx } from '../../src/domain/lookup.ts';
import { createPbxToken } from '../../src/use-cases/create-pbx-token.ts';
import { importPbxSecret, secretEncodings, type SecretEncoding } from '../../src/use-cases/import-pbx-secret.ts';
import type { PortalRoutes } from '../context.ts';
import { accountOf } from '../plugins/session.ts';
import { readPbxTokenForm, type PbxTokenField, type PbxTokenForm } from '../presenters/pbx-token-form.ts';
import { FormField } from '../schemas/forms.ts';

const PbxParams = Type.Object({ pbxId: Type.String({ maxLength: 40 }) });
const TokenParams = Type.Object({ ...PbxParams.properties, tokenId: Type.String({ format: 'uuid' }) });
const TokenBody = Type.Object({ tokenName: FormField(), tokenExpires: FormField(), tokenAddresses: FormField() });
const SecretBody = Type.Object({
  importedSecret: FormField(),
  secretEncoding: Type.Union(
    secretEncodings.map((encoding) => Type.Literal(encoding)),
    { default: 'text' },
  ),
});

/** What of the forms for tokens was not accepted. A secret is never shown again, not even to whoever typed it. */
export interface RejectedAccess {
  readonly token?: { readonly typed: PbxTokenForm; readonly faults: readonly PbxTokenField[] };
  readonly secret?: { readonly encoding: SecretEncoding };
}

/** The page that these forms are on. */
interface PhoneSystemPage {
  readonly findPbx: (request: FastifyRequest, params: { pbxId: string }) => Promise<Pbx>;
  readonly sendRejected: (
    request: FastifyRequest,
    reply: FastifyReply,
    pbx: Pbx,
    rejected: RejectedAccess,
  ) => Promise<FastifyReply>;
}

/** Who may ask in the name of a phone system: its tokens, and those that were issued elsewhere. */
export const phoneSystemAccessRoutes: FastifyPluginAsyncTypebox<PortalRoutes & PhoneSystemPage> = async (
  app,
  { portal, findPbx, sendRejected },
) => {
  const { services, texts: t, flashes } = portal;
  const { pbxs, clock } = services;

  app.post(
    '/phone-systems/:pbxId/tokens',
    { schema: { params: PbxParams, body: TokenBody }, config: { audit: 'pbx-token.created' } },
    async (request, reply) => {
      const pbx = await findPbx(request, request.params);
      const read = readPbxTokenForm(request.body, {
        defaultName: t('phone-system.token-name-default'),
        nowMs: clock.now(),
        timeZone: accountOf(request).timeZone,
      });
      if (!read.ok) {
        return sendRejected(request, reply, pbx, { token: { typed: request.body, faults: read.faults } });
      }
      const { name, expiresAtMs, allowedAddresses } = read.token;
      const { id, jwt } = await createPbxToken(services, { pbxId: pbx.id, ...read.token });
      const expires = expiresAtMs === undefined ? 'never' : new Date(expiresAtMs).toISOString();
      request.audited = { subject: id, detail: { pbxId: pbx.id, expires, addresses: allowedAddresses?.length ?? 0 } };
      flashes.set(reply, { pbxToken: { pbxId: pbx.id, name, jwt } });
      return reply.redirect(`/phone-systems/${pbx.id}`, 303);
    },
  );

  app.post(
    '/phone-systems/:pbxId/tokens/:tokenId/revocation',
    { schema: { params: TokenParams }, config: { audit: 'pbx-token.revoked' } },
    async (request, reply) => {
      const pbx = await findPbx(request, request.params);
      const { tokenId } = request.params;
      const token = (await pbxs.tokens(pbx.id)).find(({ id }) => id === tokenId);
      const revoked = await pbxs.revokeToken(pbx.id, tokenId);
      request.audited = revoked ? { subject: tokenId, detail: { pbxId: pbx.id } } : 'nothing-changed';
      if (revoked && token) flashes.set(reply, { notice: t('phone-system.revoked', { name: token.name }) });
      return reply.redirect(`/phone-systems/${pbx.id}`, 303);
    },
  );

  app.post(
    '/phone-systems/:pbxId/imported-secret',
    { schema: { params: PbxParams, body: SecretBody }, config: { audit: 'pbx.changed' } },
    async (request, reply) => {
      const pbx = await findPbx(request, request.params);
      const { importedSecret: typed, secretEncoding: encoding } = request.body;
      if ((await importPbxSecret(services, { pbx, typed, encoding })) === 'invalid') {
        return sendRejected(request, reply, pbx, { secret: { encoding } });
      }
      request.audited = { subject: pbx.id, detail: { importedSecret: 'set' } };
      flashes.set(reply, { notice: t('imported-secret.imported') });
      return reply.redirect(`/phone-systems/${pbx.id}`, 303);
    },
  );

  app.post(
    '/phone-systems/:pbxId/imported-secret/removal',
    { schema: { params: PbxParams }, config: { audit: 'pbx.changed' } },
    async (request, reply) => {
      const pbx = await findPbx(request, request.params);
      const wasThere = await pbxs.hasImportedSecret(pbx.id);
      if (wasThere) await pbxs.setImportedSecret(pbx, undefined);
      request.audited = wasThere ? { subject: pbx.id, detail: { importedSecret: 'removed' } } : 'nothing-changed';
      flashes.set(reply, { notice: t('imported-secret.removed') });
      return reply.redirect(`/phone-systems/${pbx.id}`, 303);
    },
  );
};
