import { LogController, type FastifyBaseLogger, type FastifyReply, type FastifyRequest } from 'fastify';
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

type Bindings = Parameters<FastifyBaseLogger['child']>[0];
type ChildOptions = Parameters<FastifyBaseLogger['child']>[1];
type Said = Parameters<FastifyBaseLogger['info']>;

/**
 * The logger of a request, made as soon as it has something to say: making one takes longer than routing the request, and a lookup says
 * nothing before its caller has the answer. For the framework's `childLoggerFactory`.
 */
export class RequestLogger implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger;
  readonly #bindings: Bindings;
  readonly #options: ChildOptions;
  #made: FastifyBaseLogger | undefined;

  constructor(parent: FastifyBaseLogger, bindings: Bindings, options?: ChildOptions) {
    this.#parent = parent;
    this.#bindings = bindings;
    this.#options = options;
  }

  get level(): string {
    return this.#own().level;
  }

  set level(level: string) {
    this.#own().level = level;
  }

  child(bindings: Bindings, options?: ChildOptions): FastifyBaseLogger {
    return this.#own().child(bindings, options);
  }

  trace(...said: Said): void {
    this.#own().trace(...said);
  }

  debug(...said: Said): void {
    this.#own().debug(...said);
  }

  info(...said: Said): void {
    this.#own().info(...said);
  }

  warn(...said: Said): void {
    this.#own().warn(...said);
  }

  error(...said: Said): void {
    this.#own().error(...said);
  }

  fatal(...said: Said): void {
    this.#own().fatal(...said);
  }

  silent(...said: Said): void {
    this.#own().silent(...said);
  }

  #own(): FastifyBaseLogger {
    return (this.#made ??= this.#parent.child(this.#bindings, this.#options));
  }
}
