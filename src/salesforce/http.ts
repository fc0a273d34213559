import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher } from 'undici';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** What is larger is not read: reading and parsing it would keep everybody else in this process waiting. */
  readonly maxAnswerBytes: number;
}

export interface HttpAnswer {
  readonly statusCode: number;
  /** Names in lower case; a repeated one has a list. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export interface SalesforceHttp {
  /**
   * Resolves when the whole body is there, never after the signal. The signal ends it in any phase; there are no redirects and no
   * retries. Rejects with the signal's reason, undici's errors, or `BodyTooLargeError`.
   */
  send(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
  readonly code = 'BODY_TOO_LARGE';
}

export interface SalesforceHttpLimits {
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly connectionsPerOrigin: number;
}

const defaultLimits: SalesforceHttpLimits = {
  connectTimeoutMs: 10_000,
  keepAliveMs: 30_000,
  connectionsPerOrigin: 256,
};

/** Parsing less takes no time worth speaking of. */
const largeBytes = 64 * 1024;

/** Kept-alive connections to Salesforce, one pool a process. HTTP/1.1 only: one lost connection then costs one call, not all. */
export function createSalesforceHttp(limits: Partial<SalesforceHttpLimits> = {}): SalesforceHttp {
  const { connectTimeoutMs, keepAliveMs, connectionsPerOrigin } = { ...defaultLimits, ...limits };
  const agent = new Agent({
    allowH2: false,
    connect: { timeout: connectTimeoutMs },
    connections: connectionsPerOrigin,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: 64 * 1024,
    pipelining: 1,
  });
  /** Large answers are handed over one by one, each after the timers that are due: what is too late by then is not parsed. */
  let turn = Promise.resolve();
  return {
    async send(call, signal) {
      signal.throwIfAborted();
      // Without `accept-encoding` the answer comes as it is: lookups are small, and inflating costs more than it saves.
      const { statusCode, headers: received, body: answer } = await exchange(agent, call, signal);
      if (answer.length > largeBytes) await (turn = turn.then(() => sleep(0)));
      signal.throwIfAborted();
      return { statusCode, headers: received, body: answer.toString('utf8') };
    },
    close: () => agent.destroy(),
  };
}

type ReceivedHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** One request and its whole answer, without a stream between: making one takes longer than all else that is done with an answer. */
function exchange(
  agent: Agent,
  { method, url, headers, body, maxAnswerBytes }: HttpCall,
  signal: AbortSignal,
): Promise<{ statusCode: number; headers: ReceivedHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    let current: Dispatcher.DispatchController | undefined;
    let statusCode = 0;
    let received: ReceivedHeaders = {};
    const chunks: Buffer[] = [];
    let bytes = 0;
    /** With the request goes its connection. */
    const giveUp = (reason: Error) => {
      reject(reason);
      current?.abort(reason);
    };
    const onAbort = () => giveUp(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    const end = () => signal.removeEventListener('abort', onAbort);
    agent.dispatch(
      { ...splitUrl(url), method, headers, body: body ?? null },
      {
        onRequestStart(controller) {
          current = controller;
          if (signal.aborted) onAbort();
        },
        onResponseStart(_, status, responseHeaders) {
          if (status < 200) return;
          statusCode = status;
          received = responseHeaders;
          if (Number(responseHeaders['content-length']) > maxAnswerBytes) giveUp(tooLarge());
        },
        onResponseData(_, chunk) {
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes > maxAnswerBytes) giveUp(tooLarge());
        },
        onResponseEnd() {
          end();
          resolve({ statusCode, headers: received, body: Buffer.concat(chunks, bytes) });
        },
        onResponseError(_, error) {
          end();
          reject(error);
        },
      },
    );
  });
}

/** Ours are an origin and a path, both as they are sent; for a lookup, taking them apart as URLs would be a good part of its own work. */
function splitUrl(url: string): { origin: string; path: string } {
  const pathAt = url.indexOf('/', url.indexOf('//') + 2);
  return pathAt === -1 ? { origin: url, path: '/' } : { origin: url.slice(0, pathAt), path: url.slice(pathAt) };
}

const tooLarge = () => new BodyTooLargeError('The answer is larger than what is read of one.');

/** The header of that name, in lower case; of a repeated one the first. */
export function headerOf({ headers }: Pick<HttpAnswer, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** All of them, of a repeated one the first. */
export const singleValues = (answer: Pick<HttpAnswer, 'headers'>): Record<string, string> =>
  Object.fromEntries(Object.keys(answer.headers).map((name) => [name, headerOf(answer, name) ?? '']));
