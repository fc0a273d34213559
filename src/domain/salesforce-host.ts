import { readLoginHost } from './login-host.ts';

/**
 * The origin of an address that Salesforce gave (`instance_url`, `id`), when it is Salesforce's own: the rule of the login hosts.
 * Undefined for anything else, since code, secret and tokens are never sent there. With the stand-in, its orgs live on other ports of
 * its host.
 */
export function salesforceOrigin(address: string, standIn?: string): string | undefined {
  const url = URL.parse(address);
  if (url?.username !== '' || url.password !== '') return undefined;
  if (standIn === undefined) return readLoginHost(url.origin);
  const own = URL.parse(standIn);
  return url.protocol === own?.protocol && url.hostname === own.hostname ? url.origin : undefined;
}
