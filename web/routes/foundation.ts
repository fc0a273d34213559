import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AppError } from '../../src/errors.ts';

/** The CSS foundation, put into a cascade layer so that everything of ours is stronger than any selector in it. */
export const foundationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const packageFile = findPackageJSON('@picocss/pico', import.meta.url);
  if (packageFile === undefined) throw new AppError('CONFIGURATION_INVALID', 'The package @picocss/pico is missing.');
  const styles = await readFile(join(dirname(packageFile), 'css', 'pico.min.css'), 'utf8');
  const layered = `@layer foundation{${styles.replace(/^\uFEFF?(?:@charset "[^"]*";)?/i, '')}}`;
  const etag = `"${createHash('sha256').update(layered).digest('base64url')}"`;

  app.get('/assets/foundation.css', async (request, reply) => {
    void reply.header('etag', etag).header('cache-control', 'public, max-age=0');
    if (request.headers['if-none-match'] === etag) return reply.status(304).send();
    return reply.type('text/css; charset=utf-8').send(layered);
  });
};
