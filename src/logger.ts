import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

const plainSegment = /^(?!eyJ)(?!.*\d{7})[A-Za-z][\w.-]{0,60}$/;
const idSegment =
  /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{6}(?:-[0-9a-f]{6}){2}(?:00D[0-9a-z]{12}(?:[0-9a-z]{3})?)?|00D[0-9a-z]{12}(?:[0-9a-z]{3})?)$/i;

/**
 * What of a URL may be logged: its path as far as it is words and ids, and which parameters it has. Tokens, numbers and addresses come in
 * any parameter and in any spelling, so no value is kept.
 */
export function maskUrl(url: string): string {
  const [, path = '', query] = /^([^?]*)(?:\?(.*))?$/s.exec(url) ?? [];
  const kept = path
    .split('/')
    .map((part) => (part === '' || plainSegment.test(part) || idSegment.test(part) ? part : '***'));
  if (query === undefined) return kept.join('/');
  const names = query.split('&').map((parameter) => {
    const [name = ''] = parameter.split('=', 1);
    return /^[a-z_]{1,20}$/i.test(name) ? `${name}=***` : '***';
  });
  return `${kept.join('/')}?${names.join('&')}`;
}

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
      req: (request: { method: string; url: string }) => ({
        method: request.method,
        url: maskUrl(request.url),
      }),
      res: (reply: { statusCode: number; getHeader(name: string): unknown }) => ({
        statusCode: reply.statusCode,
        // of an answered lookup
        runId: reply.getHeader('x-trunkline-run'),
        reason: reply.getHeader('x-trunkline-reason'),
      }),
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
