import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../../src/errors.ts';
import { answerFormats, type AnswerFormat } from '../../../src/domain/lookup.ts';
import { knownPbx } from '../../plugins/pbx-token-auth.ts';
import { chooseFormat } from '../../presenters/answer.ts';
import { problemOf, statusOfKind } from '../../presenters/problem.ts';
import { lowerCaseNames } from './parameters.ts';

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

/** An error of the phone API. */
export function sendProblem(
  error: FastifyError | AppError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = explain(error);
  const { status } = problem;
  if (status >= 500) request.log.error({ err: error }, 'phone API request failed');
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="Trunkline phone API"');
  if (error instanceof AppError && error.retryAfterMs !== undefined) {
    reply.header('retry-after', Math.ceil(error.retryAfterMs / 1_000));
  }
  return tellProblem(problem, request, reply);
}

/** One line where the phone system wants text, else problem details. */
export function tellProblem(
  { status, code, detail }: Problem,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  reply.code(status);
  return formatOf(request) === 'text'
    ? reply.type('text/plain; charset=utf-8').send(`${detail}\n`)
    : reply.type('application/problem+json; charset=utf-8').send(JSON.stringify(problemOf(status, code, detail)));
}

function explain(error: FastifyError | AppError): Problem {
  if (error instanceof AppError) {
    return { status: statusOfKind[error.kind], code: error.code, detail: error.message };
  }
  const [fault] = error.validation ?? [];
  if (fault) {
    const parameter = fault.instancePath.replace(/^\//, '');
    const allowed = error.validation?.flatMap(({ keyword, params }) =>
      keyword === 'const' ? [String(params['allowedValue'])] : [],
    );
    const isEmpty = fault.keyword === 'minLength' && fault.params['limit'] === 1;
    const asSchemasSay = isEmpty ? 'must not be empty' : (fault.message ?? 'cannot be read');
    const why = allowed?.length ? `must be one of ${allowed.join(', ')}` : asSchemasSay;
    const what = parameter === '' ? (error.validationContext ?? 'request') : `parameter ${parameter}`;
    const detail = `The ${what} is not valid: it ${why}.`;
    return { status: 400, code: 'REQUEST_INVALID', detail };
  }
  // Fastify's own: a body that cannot be parsed, that is too large, or of a type nobody reads.
  const status = error.statusCode ?? 500;
  return status < 500
    ? { status, code: 'REQUEST_INVALID', detail: error.message }
    : { status: 500, code: 'INTERNAL', detail: 'Something went wrong here; the log has the reason.' };
}

/** As for an answer, as far as it is known yet who asks and what for. */
function formatOf(request: FastifyRequest): AnswerFormat {
  const [asked] = [request.query, request.body].flatMap((values) => {
    const { format } = (lowerCaseNames(values) ?? {}) as Readonly<Record<string, unknown>>;
    return answerFormats.filter((known) => known === format);
  });
  return chooseFormat(asked, request.headers.accept, knownPbx(request)?.answerFormat ?? 'json');
}
