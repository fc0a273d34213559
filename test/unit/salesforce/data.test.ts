import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SalesforceData, SalesforceSession } from '../../../src/ports.ts';
import { createSalesforceData } from '../../../src/salesforce/data.ts';
import { createSalesforceHttp, type SalesforceHttp } from '../../../src/salesforce/http.ts';
import { uriValue } from '../../../src/salesforce/soql.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const soql = "SELECT Id FROM Contact WHERE Phone = '+49752543312'";
const json = { 'content-type': 'application/json;charset=UTF-8', 'Sforce-Limit-Info': 'api-usage=18/15000' };
const page = { totalSize: 1, done: true, records: [{ attributes: { type: 'Contact' }, Id: '003A' }] };
const error = (errorCode: string, message: string) => JSON.stringify([{ errorCode, message }]);

let answer: Answer;
let server: Server;
let sockets: Set<Socket>;
let http: SalesforceHttp;
let data: SalesforceData;
let session: SalesforceSession;

beforeEach(async () => {
  sockets = new Set();
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => answer(request, response, body));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  http = createSalesforceHttp();
  data = createSalesforceData({ http, apiVersion: '67.0' });
  session = sessionAt((server.address() as AddressInfo).port);
});

afterEach(async () => {
  await http.close();
  server.closeAllConnections();
  server.close();
});

const sessionAt = (port: number): SalesforceSession => ({
  orgId: '00DA0000000BhM2MAK',
  instanceUrl: `http://127.0.0.1:${port}`,
  accessToken: 'the-access-token',
  version: 3,
});
const soon = () => AbortSignal.timeout(5_000);

describe('createSalesforceData', () => {
  it('queries with the access token and tells the calls used', async () => {
    const seen: IncomingMessage[] = [];
    answer = (request, response) => {
      seen.push(request);
      response.writeHead(200, json).end(JSON.stringify(page));
    };
    expect(await data.query(session, soql, soon())).toEqual({
      ok: true,
      value: page.records,
      apiUsage: { used: 18, max: 15_000 },
    });
    expect(new URL(seen[0]?.url ?? '', 'http://x').searchParams.get('q')).toBe(soql);
    expect(seen[0]?.headers.authorization).toBe('Bearer the-access-token');
  });

  it('follows the pages of a long result, on the same host only', async () => {
    const asked: (string | undefined)[] = [];
    answer = ({ url }, response) => {
      asked.push(url);
      const isFirst = url?.includes('?q=');
      response.writeHead(200, json).end(
        JSON.stringify({
          ...page,
          done: !isFirst,
          nextRecordsUrl: isFirst ? '/services/data/v67.0/query/01g-2000' : undefined,
        }),
      );
    };
    const result = await data.query(session, soql, soon());
    expect(result.ok && result.value).toHaveLength(2);
    expect(asked[1]).toBe('/services/data/v67.0/query/01g-2000');
    answer = (_, response) => {
      asked.push('again');
      response
        .writeHead(200, json)
        .end(JSON.stringify({ ...page, done: false, nextRecordsUrl: 'https://attacker.example/services/data/' }));
    };
    await data.query(session, soql, soon());
    expect(asked.filter((url) => url === 'again')).toHaveLength(1);
  });

  it('asks several queries in one composite call and gives each its own result', async () => {
    const bodies: unknown[] = [];
    answer = (request, response, body) => {
      bodies.push([request.method, request.url, JSON.parse(body)]);
      response.writeHead(200, json).end(
        JSON.stringify({
          compositeResponse: [
            { referenceId: 'q1', httpStatusCode: 400, body: [{ errorCode: 'INVALID_FIELD', message: soql }] },
            { referenceId: 'q0', httpStatusCode: 200, body: page },
          ],
        }),
      );
    };
    const result = await data.queries(session, ['SELECT Id FROM Lead', soql], soon());
    expect(result).toMatchObject({
      ok: true,
      value: [
        { ok: true, value: page.records },
        { ok: false, failure: { kind: 'failure', answer: 'INVALID_FIELD', retryable: false } },
      ],
    });
    expect(bodies).toEqual([
      [
        'POST',
        '/services/data/v67.0/composite',
        {
          allOrNone: false,
          compositeRequest: ['SELECT Id FROM Lead', soql].map((query, n) => ({
            method: 'GET',
            url: `/services/data/v67.0/query?q=${uriValue(query)}`,
            referenceId: `q${n}`,
          })),
        },
      ],
    ]);
    expect(JSON.stringify(result)).not.toContain('49752543312');
  });

  it('refuses more queries than a composite takes', async () => {
    await expect(
      data.queries(
        session,
        Array.from({ length: 6 }, () => soql),
        soon(),
      ),
    ).rejects.toThrow(RangeError);
  });

  it('searches', async () => {
    answer = ({ url }, response) => {
      expect(url).toBe('/services/data/v67.0/search?q=FIND+%7B12+34%7D');
      response.writeHead(200, json).end(JSON.stringify({ searchRecords: page.records }));
    };
    expect(await data.search(session, 'FIND {12 34}', soon())).toMatchObject({ ok: true, value: page.records });
  });

  it('keeps connections alive between calls', async () => {
    let connections = 0;
    server.on('connection', () => connections++);
    answer = (_, response) => response.writeHead(200, json).end(JSON.stringify(page));
    for (let call = 0; call < 20; call++) await data.query(session, soql, soon());
    // A call that follows at once may find the connection not free yet.
    expect(connections).toBeLessThanOrEqual(2);
  });
});

describe('trouble at Salesforce', () => {
  const page503 = '<!DOCTYPE html><html><body>Maintenance</body></html>';
  const rows: readonly (readonly [what: string, answer: Answer, failure: object])[] = [
    [
      'an expired session',
      (_, response) => response.writeHead(401, json).end(error('INVALID_SESSION_ID', 'Session expired or invalid')),
      { kind: 'token', cause: 'session-refused', answer: 'INVALID_SESSION_ID', retryable: false },
    ],
    [
      'a session that no refresh mends',
      (_, response) =>
        response
          .writeHead(401, json)
          .end(error('INVALID_SESSION_ID', 'This session is not valid for use with the REST API')),
      { kind: 'token', cause: 'session-refused', answer: 'INVALID_SESSION_ID', retryable: false },
    ],
    [
      'the day’s limit',
      (_, response) =>
        response.writeHead(403, json).end(error('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.')),
      { kind: 'failure', cause: 'api-limit-reached', answer: 'REQUEST_LIMIT_EXCEEDED', retryable: false },
    ],
    [
      'too many requests at once',
      (_, response) =>
        response
          .writeHead(403, json)
          .end(error('REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.')),
      { kind: 'failure', cause: 'api-limit-reached', retryable: true },
    ],
    [
      'the API switched off',
      (_, response) =>
        response.writeHead(403, json).end(error('API_CURRENTLY_DISABLED', 'API is disabled for this User')),
      { kind: 'failure', cause: 'api-disabled', answer: 'API_CURRENTLY_DISABLED', retryable: false },
    ],
    [
      'a malformed query',
      (_, response) => response.writeHead(400, json).end(error('MALFORMED_QUERY', `unexpected token: ${soql}`)),
      { kind: 'failure', answer: 'MALFORMED_QUERY', retryable: false },
    ],
    [
      'a locked row',
      (_, response) =>
        response.writeHead(400, json).end(error('UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access')),
      { kind: 'failure', cause: 'salesforce-error', retryable: true },
    ],
    [
      'a 429',
      (_, response) => response.writeHead(429, json).end('[]'),
      { kind: 'failure', cause: 'api-limit-reached', answer: 'HTTP 429', retryable: true },
    ],
    [
      'a 500',
      (_, response) => response.writeHead(500, json).end(error('UNKNOWN_EXCEPTION', 'An unexpected error occurred.')),
      { kind: 'failure', cause: 'salesforce-error', answer: 'UNKNOWN_EXCEPTION', retryable: true },
    ],
    [
      'a page of HTML with 503',
      (_, response) => response.writeHead(503, { 'content-type': 'text/html' }).end(page503),
      { kind: 'failure', cause: 'salesforce-error', answer: 'HTTP 503', retryable: true },
    ],
    [
      'a page of HTML with 200',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page503),
      { kind: 'failure', cause: 'salesforce-error', retryable: true },
    ],
    [
      'malformed JSON',
      (_, response) => response.writeHead(200, json).end('{"totalSize":1,"records":[{"Id":'),
      { kind: 'failure', cause: 'salesforce-error', answer: 'malformed', retryable: true },
    ],
    [
      'JSON of another form',
      (_, response) => response.writeHead(200, json).end('{"records":[1,2]}'),
      { kind: 'failure', cause: 'salesforce-error', answer: 'malformed', retryable: true },
    ],
    [
      'an empty body',
      (_, response) => response.writeHead(200, json).end(),
      { kind: 'failure', cause: 'salesforce-error', answer: 'malformed', retryable: true },
    ],
    [
      'a body that is cut',
      (_, response) => {
        response.writeHead(200, { ...json, 'content-length': '5000' });
        response.write('{"totalSize":1,');
        setImmediate(() => response.destroy());
      },
      { kind: 'failure', cause: 'salesforce-error', retryable: true },
    ],
    [
      'a connection that is reset before an answer',
      (request) => request.socket.resetAndDestroy(),
      { kind: 'failure', cause: 'salesforce-error', retryable: true },
    ],
    [
      'an answer that is too large',
      (_, response) => {
        response.writeHead(200, json);
        const pour = (): void => {
          if (!response.writableEnded && !response.destroyed && response.write('x'.repeat(16_384))) setImmediate(pour);
          else response.once('drain', pour);
        };
        pour();
      },
      { kind: 'failure', cause: 'salesforce-error', answer: 'too-large', retryable: false },
    ],
    [
      'a host that has no such org any more',
      (_, response) => response.writeHead(420).end(),
      { kind: 'token', cause: 'org-gone', answer: 'HTTP 420', retryable: false },
    ],
    [
      'a redirect, which is not followed',
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      { kind: 'token', cause: 'org-gone', answer: 'HTTP 302' },
    ],
    [
      'an error code that is no word',
      (_, response) => response.writeHead(400, json).end(error('+49 7525 43312', soql)),
      { kind: 'failure', answer: 'HTTP 400' },
    ],
  ];

  it.each(rows)('%s is told as what it is, once, by each kind of call', async (_, trouble, failure) => {
    let asked = 0;
    answer = (...call) => {
      asked++;
      trouble(...call);
    };
    const results = [
      await data.query(session, soql, soon()),
      await data.queries(session, [soql], soon()),
      await data.search(session, 'FIND {12}', soon()),
    ];
    expect(asked).toBe(3);
    for (const result of results) {
      expect(result).toMatchObject({ ok: false, failure });
      // Salesforce's words echo queries.
      expect(JSON.stringify(result)).not.toMatch(/43312|unexpected token|Session expired|html/i);
    }
  });

  it.each<readonly [string, Answer]>([
    ['no headers come', () => undefined],
    ['the body stalls', (_, response) => void response.writeHead(200, { ...json, 'content-length': '99' }).write('{')],
    [
      'the body drips',
      (_, response) => {
        response.writeHead(200, json);
        const drip = setInterval(() => response.write(' '), 5);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('ends at the signal when %s, and gives the connection up', async (_, trouble) => {
    answer = trouble;
    const startedAt = performance.now();
    const result = await data.queries(session, [soql], AbortSignal.timeout(100));
    expect(performance.now() - startedAt).toBeLessThan(1_100);
    expect(result).toEqual({
      ok: false,
      failure: { kind: 'failure', cause: 'salesforce-slow', answer: 'aborted', retryable: false },
    });
    await vi.waitFor(() => expect(sockets.size).toBe(0));
  });

  it('asks nothing when the signal has ended before', async () => {
    answer = () => expect.unreachable();
    expect(await data.query(session, soql, AbortSignal.abort())).toMatchObject({
      ok: false,
      failure: { answer: 'aborted' },
    });
    expect(sockets.size).toBe(0);
  });

  it('releases its connections after many calls in trouble, and the next call is right', async () => {
    const troubles = rows.map(([, trouble]) => trouble);
    let call = 0;
    answer = (...arguments_) => troubles[call++ % troubles.length]?.(...arguments_);
    await Promise.all(Array.from({ length: 100 }, () => data.query(session, soql, AbortSignal.timeout(2_000))));
    answer = (_, response) => response.writeHead(200, json).end(JSON.stringify(page));
    expect(await data.query(session, soql, soon())).toMatchObject({ ok: true });
    await http.close();
    await vi.waitFor(() => expect(sockets.size).toBe(0));
  });

  it('tells a refused connection from one that is lost', async () => {
    const gone = createTcpServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    expect(await data.query(sessionAt(port), soql, soon())).toEqual({
      ok: false,
      failure: { kind: 'failure', cause: 'salesforce-unreachable', answer: 'ECONNREFUSED', retryable: true },
    });
  });

  it('tells a host that has no address', async () => {
    const nowhere = { ...session, instanceUrl: 'http://no-such-org.invalid' };
    expect(await data.query(nowhere, soql, soon())).toMatchObject({
      ok: false,
      failure: { kind: 'failure', cause: 'salesforce-unreachable', retryable: true },
    });
  });
});
