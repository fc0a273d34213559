import type { FastifyInstance } from 'fastify';

/** Phone systems and proxies call these; everything else is for browsers. */
export const isForPrograms = (url: string): boolean => /^\/(?:api|acd|health)(?:[/?]|$)/.test(url);

/** Sends browsers that came by another name to the one that cookies, links and Salesforce's callback use; programs are answered anywhere. */
export function redirectToPublicUrl(app: FastifyInstance, publicUrl: string): void {
  const { protocol, host } = new URL(publicUrl);
  app.addHook('onRequest', (request, reply, done) => {
    if (isForPrograms(request.url) || hostOf(protocol, request.host) === host) done();
    else void reply.redirect(publicUrl + request.url, 307);
  });
}

/** The host without the protocol's default port, as URLs write it. */
function hostOf(protocol: string, host: string): string | undefined {
  return URL.parse(`${protocol}//${host}`)?.host;
}
