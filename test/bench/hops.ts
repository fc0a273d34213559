import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';

/*
 * Processes between that take a GET, send Salesforce the next of the queries that they were given, whoever calls, and answer with a line.
 *
 *   empty   does nothing else: what it adds is what the machine takes for one more process on the way
 *   parts   is behind Fastify and has libphonenumber read and format the caller's number: what any phone API of these parts adds,
 *           before it knows who asks, makes a query of the number, looks at the answer or keeps a record
 */

export type HopKind = 'empty' | 'parts';

export interface Hop {
  readonly url: string;
  close(): void;
}

interface Passed {
  readonly url: string;
  readonly token: string;
  readonly bodies: readonly string[];
}

export async function openHop(kind: HopKind, passed: Passed): Promise<Hop> {
  const child = fork(fileURLToPath(import.meta.url), ['hop', kind], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send(passed);
  const [port] = (await Promise.race([once(child, 'message'), endOf(child)])) as [number];
  return { url: `http://127.0.0.1:${port}/`, close: () => void child.kill() };
}

async function endOf(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`The process between ended with ${code}.`);
}

if (process.argv[2] === 'hop') {
  const [passed] = (await once(process, 'message')) as [Passed];
  process.once('disconnect', () => process.exit());
  const serve = { empty: serveEmpty, parts: serveParts }[process.argv[3] as HopKind];
  process.send?.(await serve(asking(passed)));
}

type AskSalesforce = (answered: (error?: Error) => void) => void;

function asking({ url, token, bodies }: Passed): AskSalesforce {
  const { origin, pathname } = new URL(url);
  const agent = new Agent({ pipelining: 1, connections: 256 });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  let asked = 0;
  return (answered) => {
    const body = bodies[asked++ % bodies.length] ?? '';
    const chunks: Buffer[] = [];
    let statusCode = 0;
    agent.dispatch(
      { origin, path: pathname, method: 'POST', headers, body },
      {
        onRequestStart: () => undefined,
        onResponseStart(_, status) {
          statusCode = status;
        },
        onResponseData: (_, chunk) => void chunks.push(chunk),
        onResponseEnd() {
          JSON.parse(Buffer.concat(chunks).toString());
          answered(statusCode === 200 ? undefined : new Error(`unexpected status ${statusCode}`));
        },
        onResponseError: (_, error) => answered(error),
      },
    );
  };
}

/** Resolves with the port. */
async function serveEmpty(ask: AskSalesforce): Promise<number> {
  const server = createServer((_request, response) => {
    ask((error) => (error ? response.destroy() : response.end('201\n')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Resolves with the port. */
async function serveParts(ask: AskSalesforce): Promise<number> {
  // An empty process has neither in its memory.
  const { default: fastify } = await import('fastify');
  const { parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  const app = fastify();
  app.get<{ Querystring: { callerid: string } }>('/', (request, reply) => {
    const number = parsePhoneNumberFromString(request.query.callerid, { defaultCountry: 'DE', extract: false });
    const spellings = number?.isValid() === true ? [number.formatInternational(), number.formatNational()] : [];
    ask(
      (error) =>
        void reply
          .code(error || spellings.length === 0 ? 502 : 200)
          .type('text/plain')
          .send('201\n'),
    );
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}
