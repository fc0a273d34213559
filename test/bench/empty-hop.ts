import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';

/*
 * A process between that does nothing but pass on: it takes a GET, sends Salesforce the next of the queries that it was given, and
 * answers with a line. What it adds is what the machine takes for one more process on the way, and no phone API in Node can add less.
 */

export interface EmptyHop {
  readonly url: string;
  close(): void;
}

interface Passed {
  readonly url: string;
  readonly token: string;
  readonly bodies: readonly string[];
}

export async function openEmptyHop(passed: Passed): Promise<EmptyHop> {
  const child = fork(fileURLToPath(import.meta.url), ['empty-hop'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send(passed);
  const [port] = (await once(child, 'message')) as [number];
  return { url: `http://127.0.0.1:${port}/`, close: () => void child.kill() };
}

if (process.argv[2] === 'empty-hop') {
  const [{ url, token, bodies }] = (await once(process, 'message')) as [Passed];
  const { origin, pathname } = new URL(url);
  const agent = new Agent({ pipelining: 1, connections: 256 });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  process.once('disconnect', () => process.exit());
  let asked = 0;
  const server = createServer((_request, response) => {
    const body = bodies[asked++ % bodies.length] ?? '';
    const chunks: Buffer[] = [];
    agent.dispatch(
      { origin, path: pathname, method: 'POST', headers, body },
      {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData: (_, chunk) => void chunks.push(chunk),
        onResponseEnd() {
          JSON.parse(Buffer.concat(chunks).toString());
          response.end('201\n');
        },
        onResponseError: () => void response.destroy(),
      },
    );
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}
