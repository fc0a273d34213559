import ipaddr from 'ipaddr.js';

/** The part of IPv6 that is routed in public; everything outside has a special meaning, or none. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an IP address is a public one. Everything that leads to this machine, its network or its cloud is none: loopback, private,
 * link-local, shared, reserved, and IPv6 addresses that carry such an IPv4 address inside.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(globalUnicast);
}

/** Whether a URL can lead to a public address, as far as its host tells: an address, or a name for this machine. Other names are resolved first. */
export function mayBePublic({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return ipaddr.isValid(host) ? isPublicAddress(host) : host !== 'localhost' && !host.endsWith('.localhost');
}
