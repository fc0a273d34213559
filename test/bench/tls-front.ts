import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { generate } from 'selfsigned';

/*
 * What a proxy in front of Trunkline does: ends TLS 1.3 and passes the bytes on. In a thread of its own, so that it does not share the
 * load generator's.
 */

export interface TlsFront {
  readonly url: string;
  close(): Promise<void>;
}

export async function openTlsFront(target: string): Promise<TlsFront> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { targetPort: Number(new URL(target).port) } });
  const [port] = (await once(worker, 'message')) as [number];
  return {
    url: `https://localhost:${port}`,
    async close() {
      await worker.terminate();
    },
  };
}

if (!isMainThread) {
  const { targetPort } = workerData as { targetPort: number };
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
  const server = createServer({ cert, key, minVersion: 'TLSv1.3' }, (secure) => {
    const plain = connect(targetPort, '127.0.0.1');
    plain.setNoDelay(true);
    secure.setNoDelay(true);
    secure.pipe(plain).pipe(secure);
    for (const socket of [secure, plain]) {
      socket.on('error', () => {
        secure.destroy();
        plain.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
}
