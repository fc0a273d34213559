import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { answerReasons } from '../../src/domain/lookup.ts';
import { errorKinds } from '../../src/errors.ts';
import type { PortalRoutes } from '../context.ts';
import { apiErrors, presentApi, type ApiDocument } from '../presenters/api-docs.ts';
import { statusOfKind } from '../presenters/problem.ts';

/** The phone API for people to read, with and without an account. */
export const apiDocsRoutes: FastifyPluginAsyncTypebox<PortalRoutes> = async (app, { portal }) => {
  const { pages, texts: t } = portal;

  app.get('/api/docs', async (request, reply) => {
    // As every program gets it, so that the page can never say anything else.
    const description = await app.inject({ url: '/api/openapi.json' });
    const document = description.json<ApiDocument>();
    return pages.send(request, reply, {
      view: 'api-docs',
      title: t('api-docs.title'),
      data: {
        operations: presentApi(document),
        reasons: answerReasons,
        problems: apiErrors.map((code) => ({ code, status: statusOfKind[errorKinds[code]] })),
      },
    });
  });
};
