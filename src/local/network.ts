import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { AppError } from '../errors.ts';

/**
 * A port of this machine that nobody uses, and that the system will hand out to nobody else for a while: a connection closed from this
 * side keeps it in TIME_WAIT, which a listener may ignore.
 */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1').resume();
  const [accepted] = (await once(server, 'connection')) as [Socket];
  accepted.end();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
  return port;
}

/** Throws a sentence that names the setting when the port is taken. */
export async function ensurePortFree(port: number, host: string, setting: string): Promise<void> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new AppError('LOCAL_SERVICE_FAILED', refusal(port, host, setting, error), { cause: error });
  }
  server.close();
  await once(server, 'close');
}

function refusal(port: number, host: string, setting: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is taken by another program: end it, or set ${setting} to a free port.`;
    case 'EACCES':
      return `Port ${port} may not be used by this user: set ${setting} to a port above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine: set HOST to one that is, such as 127.0.0.1.`;
    default:
      return `Port ${port} cannot be used (${String(code)}): set ${setting} to another one.`;
  }
}
