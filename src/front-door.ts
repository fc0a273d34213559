import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from './errors.ts';

export interface FrontDoor {
  readonly port: number;
  /** From now on requests go to the application. */
  handOver(listener: RequestListener): void;
  /** Takes no more connections; resolves when what was under way is answered. Idle connections are closed. */
  close(): Promise<void>;
}

/**
 * Listens from the first moment on, so that a taken port shows at once and whoever waits for us sees that we are starting: live, not
 * ready, and 503 with `Retry-After` for everything else, until the application takes over. What is no request for it either is left to
 * `tellClientErrors`.
 */
export async function openFrontDoor(
  host: string,
  port: number,
  tellClientErrors: (server: Server) => void,
): Promise<FrontDoor> {
  let listener: RequestListener = (request, response) => {
    const live = request.url === '/health/live';
    const body = JSON.stringify(live ? { status: 'live' } : { status: 'starting' });
    response
      .writeHead(live ? 200 : 503, { 'content-type': 'application/json', ...(live ? {} : { 'retry-after': '1' }) })
      .end(body);
  };
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    listener(request, response);
  });
  tellClientErrors(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new AppError('CONFIGURATION_INVALID', `Port ${port} is taken: set PORT to a free one.`)
          : error,
      ),
    );
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    handOver(application) {
      listener = application;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
