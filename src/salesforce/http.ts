import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request, type Dispatcher } from 'undici';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** What is larger is not read: reading and parsing it would keep everybody else in this process waiting. */
  readonly maxAnswerBytes: number;
}

export interface HttpAnswer {
  readonly statusCode: number;
  /** Names in lower case; of a repeated header the first. */
  readonly headers: Record<string, string>;
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
    async send({ method, url, headers, body, maxAnswerBytes }, signal) {
      signal.throwIfAborted();
      const response = await request(url, {
        dispatcher: agent,
        method,
        // Without `accept-encoding` the answer comes as it is: lookups are small, and inflating costs more than it saves.
        headers,
        body: body ?? null,
        signal,
      });
      const answer = await wholeBody(response, maxAnswerBytes);
      if (answer.length > largeBytes) await (turn = turn.then(() => sleep(0)));
      signal.throwIfAborted();
      return {
        statusCode: response.statusCode,
        headers: singleValues(response.headers),
        body: answer.toString('utf8'),
      };
    },
    close: () => agent.destroy(),
  };
}

/** By events: iterating over a stream takes longer than all else that is done with an answer. */
function wholeBody({ headers, body }: Dispatcher.ResponseData, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    body.on('error', reject);
    if (Number(headers['content-length']) > maxBytes) {
      body.destroy(new BodyTooLargeError('The answer says that it is larger than what is read of one.'));
      return;
    }
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      // With the stream goes its connection.
      if (bytes > maxBytes) body.destroy(new BodyTooLargeError('The answer is larger than what is read of one.'));
    });
    body.on('end', () => resolve(Buffer.concat(chunks, bytes)));
  });
}

function singleValues(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) single[name.toLowerCase()] = first;
  }
  return single;
}
