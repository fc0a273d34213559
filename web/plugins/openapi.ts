import swagger from '@fastify/swagger';
import fastifyPlugin from 'fastify-plugin';

/** Describes the phone API from the schemas of its routes; registered before them. What has no tag is no part of the API. */
export const openApi = fastifyPlugin<{ publicUrl: string }>(
  async (app, { publicUrl }) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Trunkline phone API',
          version: '1',
          description:
            'What a phone system asks before it puts a call through. A valid question is always answered with 200 before the deadline of the phone system. All paths are known with the prefix /acd too, and with and without a slash at their end.',
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
