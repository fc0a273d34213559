import { Readable } from 'node:stream';
import { Agent, errors, request } from 'undici';

/** Token answers are a few kilobytes; more is not one. */
const maxBytes = 64 * 1024;
const connectLimitMs = 10_000;

/**
 * What came of a request. `not-sent`: no byte of it reached the other side, for certain. `lost`: it was sent, at least in part, and no
 * whole answer came back.
 */
export type FormOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'not-sent'; readonly answer: string }
  | { readonly kind: 'lost'; readonly timedOut: boolean; readonly answer: string };

export interface FormClient {
  post(url: string, form: Readonly<Record<string, string>>, signal: AbortSignal): Promise<FormOutcome>;
  close(): Promise<void>;
}

/**
 * Posts forms to OAuth endpoints. Every request has a connection of its own: a kept-alive one may be closed by the other side at the
 * moment it is used, and then nobody knows whether a refresh token was spent. undici takes the first piece of the body only when the
 * connection (TLS included) stands and writes nothing before, so a body that was never taken was never sent. No redirects, no retries.
 */
export function createFormClient(): FormClient {
  const agent = new Agent({
    connect: { timeout: connectLimitMs },
    pipelining: 0,
    // The signal alone limits the time, over headers and body.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    async post(url, form, signal) {
      const content = Buffer.from(new URLSearchParams(form).toString());
      const body = new Readable({
        read() {
          this.push(content);
          this.push(null);
        },
      });
      try {
        const response = await request(url, {
          method: 'POST',
          dispatcher: agent,
          signal,
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': String(content.length),
            accept: 'application/json',
          },
          body,
        });
        const chunks: Buffer[] = [];
        let bytes = 0;
        for await (const chunk of response.body as AsyncIterable<Buffer>) {
          bytes += chunk.length;
          if (bytes > maxBytes) return { kind: 'lost', timedOut: false, answer: 'too large' };
          chunks.push(chunk);
        }
        return { kind: 'answered', status: response.statusCode, body: Buffer.concat(chunks).toString('utf8') };
      } catch (error) {
        if (!body.readableDidRead) return { kind: 'not-sent', answer: networkName(error) };
        return { kind: 'lost', timedOut: signal.aborted, answer: signal.aborted ? 'timeout' : networkName(error) };
      }
    },
    close: () => agent.close(),
  };
}

/** A code that names what happened on the network; never a message, which may hold addresses. */
function networkName(error: unknown): string {
  if (error instanceof errors.UndiciError) {
    const cause = error.cause;
    return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : error.code;
  }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'network';
}
