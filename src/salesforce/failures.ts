import { classifyDataAnswer, classifyTransportTrouble } from '../domain/data-answers.ts';
import type { SalesforceFailure } from '../ports.ts';
import { BodyTooLargeError, headerOf, type HttpAnswer } from './http.ts';

/** Salesforce answered 200, but not what was asked for. */
export class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError';
}

/** Node and undici codes of a connection that never came about: nothing reached Salesforce. */
const cannotConnect: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** An error of the data API's JSON form: `[{ "errorCode", "message" }]`. */
export interface ErrorBody {
  readonly errorCode: string | undefined;
  readonly message: string;
}

/** What a failed call means. Salesforce's messages echo queries, so none gets into the failure. */
export function toFailure(error: unknown, signal: AbortSignal, answer: HttpAnswer | undefined): SalesforceFailure {
  if (answer !== undefined && (answer.statusCode < 200 || answer.statusCode >= 300)) return failureOfAnswer(answer);
  if (signal.aborted) return classifyTransportTrouble('aborted');
  if (error instanceof BodyTooLargeError) return classifyTransportTrouble('too-large');
  if (answer !== undefined && isHtml(answer)) return failureOfAnswer(answer);
  if (error instanceof MalformedAnswerError) return classifyTransportTrouble('malformed');
  const code = codeOf(error);
  // What has no code is no trouble of the network.
  if (code === undefined) return classifyTransportTrouble('malformed');
  return classifyTransportTrouble(cannotConnect.has(code) ? 'cannot-connect' : 'connection-lost', code);
}

export function failureOfAnswer(answer: HttpAnswer): SalesforceFailure {
  const error = firstError(answer.body);
  return classifyDataAnswer({
    status: answer.statusCode,
    code: error?.errorCode,
    text: error?.message ?? answer.body.slice(0, 2_000),
    isHtml: isHtml(answer),
  });
}

/** What a part of a composite answer with an error status means. */
export function failureOfPart(status: number, body: unknown): SalesforceFailure {
  const error = errorOf(body);
  return classifyDataAnswer({ status, code: error?.errorCode, text: error?.message });
}

const isHtml = (answer: HttpAnswer): boolean =>
  /^text\/html\b/i.test(headerOf(answer, 'content-type') ?? '') || /^\s*<(?:!doctype|html)/i.test(answer.body);

function firstError(body: string): ErrorBody | undefined {
  try {
    return errorOf(JSON.parse(body));
  } catch {
    return undefined;
  }
}

function errorOf(body: unknown): ErrorBody | undefined {
  const error: unknown = Array.isArray(body) ? body[0] : body;
  if (typeof error !== 'object' || error === null) return undefined;
  const { errorCode, message } = error as { errorCode?: unknown; message?: unknown };
  return {
    // A code is a word; anything else might carry what it should not.
    errorCode: typeof errorCode === 'string' && /^[A-Z][A-Z0-9_]{0,60}$/.test(errorCode) ? errorCode : undefined,
    message: typeof message === 'string' ? message : '',
  };
}

/** The code of an error or of what caused it; fetch-like errors wrap theirs. */
function codeOf(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 4; current = current.cause, depth++) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'string') return code;
    if (current instanceof AggregateError) {
      const inner: unknown = current.errors[0];
      const innerCode = codeOf(inner);
      if (innerCode !== undefined) return innerCode;
    }
  }
  return undefined;
}
