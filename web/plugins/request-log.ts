import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';
import { isForPrograms } from './public-url.ts';

/** Ids that lead on from the line of a request. */
export type LoggedIds = Readonly<Record<'orgId' | 'workflowId', string | undefined>>;

const idsOf = new WeakMap<FastifyRequest, LoggedIds>();

/** Has the line that ends a request name these; others of the request have its id alone. */
export const nameInLog = (request: FastifyRequest, ids: LoggedIds): void => void idsOf.set(request, ids);

/**
 * What the log says of each request. Of a program's there is one line, when it is over: writing one before would keep a caller waiting
 * for it.
 */
export class RequestLog extends LogController {
  readonly #completed = new WeakSet<FastifyRequest>();

  constructor() {
    super({ requestIdLogLabel: 'requestId' });
  }

  override incomingRequest(request: FastifyRequest, reply: FastifyReply): void {
    if (!isForPrograms(request.url)) super.incomingRequest(request, reply);
    else {
      reply.raw.once('close', () => {
        if (!this.#completed.has(request)) this.#abandoned(request, reply);
      });
    }
  }

  /** Whoever asked hung up before the answer; of such a request the framework says nothing. */
  #abandoned(request: FastifyRequest, reply: FastifyReply): void {
    reply.log.info({ req: request, responseTime: reply.elapsedTime, ...idsOf.get(request) }, 'request abandoned');
  }

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    this.#completed.add(request);
    const line = { req: request, res: reply, responseTime: reply.elapsedTime, ...idsOf.get(request) };
    if (error) reply.log.error({ ...line, err: error }, 'request errored');
    else reply.log.info(line, 'request completed');
  }
}
