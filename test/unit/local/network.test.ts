import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { ensurePortFree, freePort } from '../../../src/local/network.ts';

test('a free port can be listened on, and is not handed out twice', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) await ensurePortFree(port, '127.0.0.1', 'PORT');
});

test('a taken port is said in a sentence with the setting to change', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await expect(ensurePortFree(port, '127.0.0.1', 'TEMPORAL_UI_PORT')).rejects.toThrow(
    `Port ${port} is taken by another program: end it, or set TEMPORAL_UI_PORT to a free port.`,
  );
  server.close();
});

test('an address that is not of this machine is said in a sentence', async () => {
  await expect(ensurePortFree(45_000, '192.0.2.1', 'PORT')).rejects.toThrow(
    '192.0.2.1 is not an address of this machine: set HOST',
  );
});
