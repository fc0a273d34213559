import ipaddr from 'ipaddr.js';

/** Where a token may be used from: addresses and networks (CIDR), IPv4 and IPv6. Undefined when one of them is neither. */
export function readAddresses(text: string): readonly string[] | undefined {
  const given = text.split(/[\s,;]+/).filter((part) => part !== '');
  return given.every((part) => networkOf(part) !== undefined) ? [...new Set(given)] : undefined;
}

/** Whether an address lies in one of the networks; an empty list allows every address. */
export function isAllowedAddress(allowed: readonly string[], address: string): boolean {
  if (allowed.length === 0) return true;
  // An IPv4 client of a socket that listens on both is told as ::ffff:192.0.2.1.
  const from = ipaddr.isValid(address) ? ipaddr.process(address) : undefined;
  return allowed.some((part) => {
    const network = networkOf(part);
    if (!from || !network) return false;
    const [base, bits] = network;
    return base.kind() === from.kind() && from.match(base, bits);
  });
}

function networkOf(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  // 10.1 and 0x7f000001 are addresses, too, but nobody means them here.
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
