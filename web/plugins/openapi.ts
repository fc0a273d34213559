import swagger from '@fastify/swagger';
import fastifyPlugin from 'fastify-plugin';
import type { Texts } from '../texts.ts';

/** Describes the phone API from the schemas of its routes; registered before them. What has no tag is no part of the API. */
export const openApi = fastifyPlugin<{ publicUrl: string; texts: Texts }>(
  async (app, { publicUrl, texts }) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Trunkline phone API',
          version: '1',
          description: texts('api-docs.lead'),
        },
        servers: [{ url: publicUrl }],
        components: {
          securitySchemes: {
            bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
            query: { type: 'apiKey', in: 'query', name: 'token' },
            accountToken: { type: 'http', scheme: 'bearer', description: 'An account token, `tla_…`' },
            packageSignature: {
              type: 'apiKey',
              in: 'header',
              name: 'X-Trunkline-Signature',
              description:
                'The signature of the Salesforce package, with `X-Trunkline-Timestamp` and `X-Trunkline-Nonce`',
            },
          },
        },
        security: [{ bearer: [] }, { query: [] }],
      },
      hideUntagged: true,
      transform: ({ schema, url }) => ({ schema: url.startsWith('/acd/') ? { ...schema, hide: true } : schema, url }),
    });
  },
  { name: 'openapi' },
);
