import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, type ErrorCode } from '../../src/errors.ts';
import type { Pages } from '../pages.ts';
import { problemOf, statusOfKind } from '../presenters/problem.ts';
import type { Texts } from '../texts.ts';
import { isForPrograms } from './public-url.ts';
import { notFound } from './request-target.ts';

/** An error as HTTP tells it. Bugs have no code and reveal nothing. */
interface Failure {
  readonly status: number;
  readonly code: ErrorCode | undefined;
  readonly retryAfterMs: number | undefined;
}

/** What an error means to a browser: ours by kind, the framework's by its own status, everything else 500. */
export function toFailure(error: unknown): Failure {
  if (error instanceof AppError) {
    return { status: statusOfKind[error.kind], code: error.code, retryAfterMs: error.retryAfterMs };
  }
  const { statusCode = 500, code = '' } = (error ?? {}) as Partial<FastifyError>;
  if (code.startsWith('FST_CSRF_')) return { status: 403, code: 'CSRF_TOKEN_INVALID', retryAfterMs: undefined };
  return statusCode >= 400 && statusCode < 500
    ? { status: statusCode, code: 'REQUEST_INVALID', retryAfterMs: undefined }
    : { status: 500, code: undefined, retryAfterMs: undefined };
}

/** Shows errors as pages in the portal's frame, each with what happened and what to do. */
export function showErrors(app: FastifyInstance, pages: Pages, t: Texts): void {
  const sendPage = async (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const { status, code, retryAfterMs } = toFailure(error);
    if (status >= 500) request.log.error({ err: error, code }, 'request failed');
    else request.log.info({ code, reason: error instanceof Error ? error.message : undefined }, 'request refused');
    if (retryAfterMs !== undefined) void reply.header('retry-after', Math.ceil(retryAfterMs / 1000));
    return pages.send(request, reply.status(status), {
      view: 'failure',
      title: code === undefined ? t('errors.internal.title') : t(`errors.codes.${code}.title`),
      data: {
        text: code === undefined ? t('errors.internal.text') : t(`errors.codes.${code}.text`),
        requestId: request.id,
      },
    });
  };

  app.setErrorHandler(sendPage);
  app.setNotFoundHandler(async (request, reply) => {
    const error = notFound(request);
    if (!isForPrograms(request.url)) return sendPage(error, request, reply);
    const { status, code = 'REQUEST_INVALID' } = toFailure(error);
    return reply
      .status(status)
      .type('application/problem+json; charset=utf-8')
      .send(JSON.stringify(problemOf(status, code, error.message)));
  });
}
