import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { AppError } from '../../src/errors.ts';

/**
 * What of the packages browsers load, each from an address of ours. Styles are put into a cascade layer, so that everything of ours is
 * stronger than any selector in them.
 */
const files = [
  { url: '/assets/foundation.css', package: '@picocss/pico', path: 'css/pico.min.css' },
  { url: '/assets/uplot.css', package: 'uplot', path: 'dist/uPlot.min.css' },
  { url: '/assets/uplot.js', package: 'uplot', path: 'dist/uPlot.esm.js' },
] as const;

export const foundationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  for (const { url, package: name, path } of files) {
    const packageFile = findPackageJSON(name, import.meta.url);
    if (packageFile === undefined) throw new AppError('CONFIGURATION_INVALID', `The package ${name} is missing.`);
    const source = await readFile(join(dirname(packageFile), path), 'utf8');
    const isStyle = url.endsWith('.css');
    const content = isStyle ? `@layer foundation{${source.replace(/^\uFEFF?(?:@charset "[^"]*";)?/i, '')}}` : source;
    const etag = `"${createHash('sha256').update(content).digest('base64url')}"`;

    app.get(url, async (request, reply) => {
      void reply.header('etag', etag).header('cache-control', 'public, max-age=0');
      if (request.headers['if-none-match'] === etag) return reply.status(304).send();
      return reply.type(isStyle ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8').send(content);
    });
  }
};
