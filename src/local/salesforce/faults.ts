import { setTimeout as delay } from 'node:timers/promises';
import { Readable } from 'node:stream';
import Type from 'typebox';
import type { FastifyReply } from 'fastify';
import { plainPage } from './pages.ts';
import type { Clock } from './types.ts';

/**
 * What can be made to go wrong.
 *
 * - `at once` faults act on the org when they are set (after `afterMs`), or, with `match`, whenever a matching request arrives.
 * - `instead` faults replace the answer. With `when: 'after'` the request is carried out first, so that its effect stays and only the
 *   answer is lost.
 * - `answer` faults let the request be carried out and spoil how the answer travels.
 * - `refresh` faults change what a token request does.
 */
const kinds = {
  'expire-access': 'at once',
  revoke: 'at once',
  'move-host': 'at once',
  refuse: 'refuse',
  rotate: 'refresh',
  'already-processing': 'instead',
  'spend-then-drop-answer': 'instead',
  unauthorized: 'instead',
  'identity-403': 'instead',
  'error-500': 'instead',
  'html-503': 'instead',
  'too-many-429': 'instead',
  quota: 'instead',
  'lock-row': 'instead',
  reset: 'instead',
  'slow-headers': 'answer',
  'slow-body': 'answer',
  drip: 'answer',
  'cut-body': 'answer',
  'malformed-json': 'answer',
  huge: 'answer',
} as const;

export type FaultName = keyof typeof kinds;
type FaultNameOf<Kind> = { [Name in FaultName]: (typeof kinds)[Name] extends Kind ? Name : never }[FaultName];
export type InsteadFault = FaultNameOf<'instead'>;
export type AtOnceFault = FaultNameOf<'at once'>;
type AnswerFault = FaultNameOf<'answer'>;

export const faultNames = Object.keys(kinds) as FaultName[];
export const isFaultName = (name: string): name is FaultName => Object.hasOwn(kinds, name);

export const FaultSchema = Type.Object(
  {
    fault: Type.String(),
    org: Type.Optional(Type.String()),
    match: Type.Optional(Type.String({ pattern: '^/' })),
    times: Type.Optional(Type.Integer({ minimum: 1 })),
    afterMs: Type.Optional(Type.Integer({ minimum: 0 })),
    delayMs: Type.Optional(Type.Integer({ minimum: 0 })),
    when: Type.Optional(Type.Union([Type.Literal('before'), Type.Literal('after')])),
  },
  { additionalProperties: false },
);

export interface FaultRequest {
  readonly fault: FaultName;
  /** All orgs without it. */
  readonly org?: string | undefined;
  /** Path prefix; each fault has its own default. */
  readonly match?: string | undefined;
  /** How many requests; unlimited without it. */
  readonly times?: number | undefined;
  readonly afterMs?: number | undefined;
  /** `slow-headers`, `slow-body`, `spend-then-drop-answer`: how long; `drip`: between two bytes; `move-host`: how long the old host redirects. */
  readonly delayMs?: number | undefined;
  /** For faults that replace the answer: before the request is carried out (default) or after. */
  readonly when?: 'before' | 'after' | undefined;
}

export interface Fault extends FaultRequest {
  readonly activeAtMs: number;
  timesLeft: number;
}

const defaultPrefixes: Partial<Record<FaultName, readonly string[]>> = {
  rotate: ['/services/oauth2/token'],
  'already-processing': ['/services/oauth2/token'],
  'spend-then-drop-answer': ['/services/oauth2/token'],
  'identity-403': ['/id/', '/services/oauth2/userinfo'],
};

export const prefixesOf = ({ fault, match }: FaultRequest): readonly string[] =>
  match === undefined ? (defaultPrefixes[fault] ?? ['/services/data']) : [match];

/** What the faults have in store for one request. Each part was counted against its fault's `times`. */
export interface Mischief {
  readonly atOnce: readonly Fault[];
  readonly instead: Fault | undefined;
  readonly answer: Fault | undefined;
  readonly rotate: boolean;
  /** The connection is cut because the org refuses connections. */
  readonly refused: boolean;
}

export interface Incoming {
  readonly orgId: string | undefined;
  readonly path: string;
  readonly method: string;
}

export function createFaults(clock: Clock) {
  let faults: Fault[] = [];

  /** Faults that only make sense for some requests leave the others alone, and uncounted. */
  const suits = (fault: Fault, { orgId, path, method }: Incoming): boolean => {
    if (fault.timesLeft <= 0 || clock() < fault.activeAtMs) return false;
    if (fault.org !== undefined && fault.org !== orgId) return false;
    if (fault.fault === 'lock-row' && (method === 'GET' || method === 'HEAD')) return false;
    return prefixesOf(fault).some((prefix) => path.startsWith(prefix));
  };

  return {
    add(request: FaultRequest): Fault {
      const fault: Fault = {
        ...request,
        activeAtMs: clock() + (request.afterMs ?? 0),
        timesLeft: request.times ?? Infinity,
      };
      faults.push(fault);
      return fault;
    },
    clear(): void {
      faults = [];
    },
    list: (): readonly Fault[] => faults.filter((fault) => fault.timesLeft > 0),

    /** Finds, and counts, what shall happen to a request: at most one fault that replaces the answer and one that spoils its travel. */
    meet(incoming: Incoming): Mischief {
      const fitting = faults.filter((fault) => suits(fault, incoming));
      const take = (kind: (typeof kinds)[FaultName]): Fault | undefined => {
        const found = fitting.find((fault) => kinds[fault.fault] === kind);
        if (found) found.timesLeft--;
        return found;
      };
      const atOnce = fitting.filter((fault) => kinds[fault.fault] === 'at once' && fault.match !== undefined);
      for (const fault of atOnce) fault.timesLeft--;
      return {
        atOnce,
        refused: take('refuse') !== undefined,
        rotate: take('refresh') !== undefined,
        instead: take('instead'),
        answer: take('answer'),
      };
    },
  };
}

export type Faults = ReturnType<typeof createFaults>;

export const isAtOnce = (name: FaultName): name is AtOnceFault => kinds[name] === 'at once';

/** An answer, or the end of the connection without one. */
export type Replacement =
  { readonly status: number; readonly contentType: string; readonly body: string } | 'reset' | 'drop';

const json = (status: number, body: unknown): Replacement => ({
  status,
  contentType: 'application/json;charset=UTF-8',
  body: JSON.stringify(body),
});
const oauthError = (status: number, error: string, description: string): Replacement =>
  json(status, { error, error_description: description });
const dataError = (status: number, errorCode: string, message: string): Replacement =>
  json(status, [{ message, errorCode }]);
const badToken: Replacement = { status: 403, contentType: 'text/plain;charset=UTF-8', body: 'Bad_OAuth_Token' };

/** What a person would read while the platform is away. */
export const maintenancePage = plainPage(
  'We are down for maintenance.',
  'Sorry for the inconvenience. We will be back shortly.',
);

/** What a request is answered with instead, in the words of the part of Salesforce it was meant for. */
export function replacementFor(name: InsteadFault, path: string): Replacement {
  const isOauth = path.startsWith('/services/oauth2/') && path !== '/services/oauth2/userinfo';
  const isIdentity = path.startsWith('/id/') || path === '/services/oauth2/userinfo';
  switch (name) {
    case 'already-processing':
      return oauthError(400, 'invalid_grant', 'token request is already being processed');
    case 'spend-then-drop-answer':
      return 'drop';
    case 'reset':
      return 'reset';
    case 'identity-403':
      return badToken;
    case 'unauthorized':
      if (isIdentity) return badToken;
      if (isOauth) return oauthError(400, 'invalid_grant', 'expired access/refresh token');
      return dataError(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
    case 'error-500':
      if (isOauth) return oauthError(500, 'unknown_error', 'retry your request');
      return dataError(
        500,
        'UNKNOWN_EXCEPTION',
        'An unexpected error occurred. Please include this ErrorId if you contact support: 1678459733-112656 (-771449107)',
      );
    case 'html-503':
      return { status: 503, contentType: 'text/html;charset=UTF-8', body: maintenancePage };
    case 'too-many-429':
      return dataError(429, 'TOO_MANY_REQUESTS', 'Too many requests.');
    case 'quota':
      return dataError(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
    case 'lock-row':
      return dataError(
        400,
        'UNABLE_TO_LOCK_ROW',
        'unable to obtain exclusive access to this record or 1 records: 001A0000001LockMAA',
      );
  }
}

const defaultDelayMs: Record<AnswerFault, number> = {
  'slow-headers': 30_000,
  'slow-body': 30_000,
  drip: 250,
  'cut-body': 0,
  'malformed-json': 0,
  huge: 0,
};
const hugeBytes = 256 * 1024 * 1024;

/** Spoils how a finished answer travels; answers what is sent in place of `body`. */
export async function spoilAnswer(
  { fault, delayMs }: Pick<Fault, 'fault' | 'delayMs'>,
  reply: FastifyReply,
  body: Buffer,
): Promise<Buffer | Readable> {
  const name = fault as AnswerFault;
  const waitMs = delayMs ?? defaultDelayMs[name];
  const half = Math.ceil(body.length / 2);
  const stream = (parts: () => AsyncGenerator<Buffer>): Readable => {
    void reply.header('content-length', body.length);
    return Readable.from(parts(), { objectMode: false });
  };
  switch (name) {
    case 'slow-headers':
      await delay(waitMs, undefined, { ref: false });
      return body;
    case 'slow-body':
      return stream(async function* () {
        yield body.subarray(0, half);
        await delay(waitMs, undefined, { ref: false });
        yield body.subarray(half);
      });
    case 'drip':
      return stream(async function* () {
        for (let index = 0; index < body.length; index++) {
          if (index > 0) await delay(waitMs, undefined, { ref: false });
          yield body.subarray(index, index + 1);
        }
      });
    case 'cut-body':
      return stream(async function* () {
        yield body.subarray(0, half);
        // A moment for the first half to leave; then the end of the connection, not of the answer.
        await delay(20);
        reply.raw.destroy();
      });
    case 'malformed-json':
      return body.subarray(0, half);
    case 'huge':
      // Still the right JSON, behind an amount of white space that nobody should be willing to read.
      void reply.removeHeader('content-length');
      return Readable.from(
        (function* () {
          const block = Buffer.alloc(1024 * 1024, ' ');
          for (let sent = 0; sent < hugeBytes; sent += block.length) yield block;
          yield body;
        })(),
        { objectMode: false },
      );
  }
}
