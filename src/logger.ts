import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** A token in a query never reaches the log. */
export const maskUrl = (url: string): string =>
  url
    .replace(/([?&](?:token|code|state|callerid|calledid|ivrid)=)[^&#]*/gi, '$1***')
    .replace(/(\/IVRParams\/[^/?]+\/)[^/?]+/i, '$1***');

/** Structured lines on stdout; secrets and numbers are masked by name wherever they stand. */
export function createLogger(level: string, name: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service: name },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    redact: {
      paths: [
        'authorization',
        'cookie',
        'token',
        'password',
        'secret',
        'accessToken',
        'refreshToken',
        'callerId',
        'calledId',
        'ivrId',
        'number',
      ].flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '***',
    },
    serializers: {
      req: (request: { method: string; url: string; id: string }) => ({
        id: request.id,
        method: request.method,
        url: maskUrl(request.url),
      }),
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
