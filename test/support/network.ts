import { networkInterfaces } from 'node:os';

/** An IPv4 address of this machine beside 127.0.0.1. Linux has a whole network of them; elsewhere a card has to have one. */
export function anotherAddress(): string {
  if (process.platform === 'linux') return '127.0.0.2';
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, address }) => family === 'IPv4' && address !== '127.0.0.1');
  if (!found) throw new Error('This machine has no address beside 127.0.0.1: connect it to a network.');
  return found.address;
}
