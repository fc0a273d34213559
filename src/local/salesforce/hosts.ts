import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Larger than what Salesforce takes, so that the stand-in itself can refuse what is too long. */
export const serverOptions = { maxHeaderSize: 65_536, keepAliveTimeout: 72_000 };

const portsTried = 200;

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Listens on the first free port from `from` upward; on any when `from` is 0 or none is left. */
async function listenNear(server: Server, host: string, from: number): Promise<number> {
  for (let port = from; port > 0 && port < Math.min(from + portsTried, 65_536); port++) {
    try {
      return await listen(server, host, port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  return listen(server, host, 0);
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export interface OrgHostOptions {
  readonly host: string;
  /** How clients write the host. */
  readonly publicHost: string;
  /** The port of the last run, or where to begin looking. */
  readonly port: number;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onPort: (port: number) => void;
}

/**
 * An org's own (My Domain) host: a listener that can be closed as if Salesforce refused connections, and that can move to another port
 * while the old one redirects for a while.
 */
export async function openOrgHost({ host, publicHost, port: wanted, handle, onPort }: OrgHostOptions) {
  const former = new Map<Server, NodeJS.Timeout>();
  let server = createServer(serverOptions, handle);
  let port = await listenNear(server, host, wanted);
  onPort(port);
  const url = (): string => `http://${publicHost}:${port}`;

  return {
    url,
    /** No connection is accepted any more; open ones are cut. */
    refuse: (): Promise<void> => (server.listening ? shut(server) : Promise.resolve()),
    async accept(): Promise<void> {
      if (server.listening) return;
      port = await listenNear(server, host, port);
      onPort(port);
    },
    /** Opens another port; the old one redirects (301) for `redirectMs`. */
    async move(redirectMs: number): Promise<void> {
      const old = server;
      const redirect: RequestListener = (request, response) => {
        response.writeHead(301, { location: url() + (request.url ?? '/') }).end();
      };
      server = createServer(serverOptions, handle);
      port = await listenNear(server, host, port === 65_535 ? 0 : port + 1);
      onPort(port);
      old.removeAllListeners('request').on('request', redirect);
      const timer = setTimeout(() => {
        former.delete(old);
        void shut(old);
      }, redirectMs).unref();
      former.set(old, timer);
    },
    async close(): Promise<void> {
      for (const timer of former.values()) clearTimeout(timer);
      await Promise.all([server, ...former.keys()].filter((each) => each.listening).map(shut));
    },
  };
}

export type OrgHost = Awaited<ReturnType<typeof openOrgHost>>;
