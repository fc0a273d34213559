import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../src/errors.ts';

/** No address of ours is half as long. */
export const maxPathLength = 1_000;

/** What is wrong with the target of a request, as the framework's own errors tell it. */
class TargetError extends Error {
  override readonly name = 'TargetError';
  readonly statusCode: 400 | 414;

  constructor(statusCode: 400 | 414, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

const faults = new WeakMap<IncomingMessage, TargetError>();

/**
 * The path and query that a request is about; for the framework's `rewriteUrl`. A target in absolute form names the host, too, which
 * then counts instead of the header (RFC 9112, 3.2.2). What cannot be routed becomes an address where nothing is, under the same
 * prefix, so that whoever asked is told in the form that they read: see `notFound`.
 */
export function readTarget(request: IncomingMessage): string {
  const target = withoutOrigin(request);
  const queryAt = target.indexOf('?');
  const path = queryAt === -1 ? target : target.slice(0, queryAt);
  const fault = faultOf(path);
  if (!fault) return target;
  faults.set(request, fault);
  const [prefix = ''] = /^\/(?:acd\/api|acd|api|health)(?=\/)/.exec(path) ?? [];
  return `${prefix}/unreadable${target.slice(path.length)}`;
}

/** Why there is no answer at the address of a request. */
export const notFound = (request: FastifyRequest): Error =>
  faults.get(request.raw) ?? new AppError('PAGE_NOT_FOUND', 'There is nothing at this address.');

function withoutOrigin(request: IncomingMessage): string {
  const { url: target = '/' } = request;
  if (target.startsWith('/')) return target;
  const [, host, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target) ?? [];
  if (host !== undefined) request.headers.host = host;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function faultOf(path: string): TargetError | undefined {
  if (path.length > maxPathLength) return new TargetError(414, 'The address is too long.');
  if (!path.includes('%')) return undefined; // most have none, and need no decoding
  try {
    decodeURIComponent(path);
    return undefined;
  } catch {
    return new TargetError(400, 'The address cannot be read: a percent sign is followed by two hexadecimal digits.');
  }
}
