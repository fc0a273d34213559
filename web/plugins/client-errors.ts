import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { problemOf } from '../presenters/problem.ts';

const tooLong = { status: 431, detail: 'The address and the headers of this request are too long.' };
const tooSlow = { status: 408, detail: 'This request did not arrive in time.' };
const unreadable = { status: 400, detail: 'This request is cut short, or is none that can be read.' };
const faults: Readonly<Record<string, typeof unreadable>> = {
  HPE_HEADER_OVERFLOW: tooLong,
  ERR_HTTP_REQUEST_TIMEOUT: tooSlow,
};

/**
 * Tells in the form of every other error why a request never reached the application: it is too long, too slow, cut short, or no HTTP.
 * The connection ends with it. Who asked, and in which format, cannot be known. Where an answer is under way already, nothing is added to it.
 */
export function tellClientErrors(server: Server): void {
  const responses = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => {
    responses.set(request.socket, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const response = responses.get(socket);
    const isAnswering = response?.headersSent === true && !response.writableFinished;
    if (isAnswering || error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const { status, detail } = faults[error.code ?? ''] ?? unreadable;
    const problem = problemOf(status, 'REQUEST_INVALID', detail);
    const body = JSON.stringify(problem);
    const head = [
      `HTTP/1.1 ${String(status)} ${problem.title}`,
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${String(Buffer.byteLength(body))}`,
      'Cache-Control: no-store',
      'Connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  });
}
