export const productionLoginHost = 'https://login.salesforce.com';
export const sandboxLoginHost = 'https://test.salesforce.com';

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const salesforceHost = new RegExp(
  `^(?:login\\.salesforce\\.(?:com|mil)|test\\.salesforce\\.com|${label}(?:\\.${label})?\\.my\\.salesforce\\.(?:com|mil))$`,
);

/**
 * The origin of a Salesforce login host, from what an administrator typed: `acme.my.salesforce.com` with or without `https://` and a
 * closing slash. Undefined for everything else (another scheme, a port, a path, user info, a look-alike host), because the code and our
 * secret are sent there. `standIn` is the one origin that is accepted beside Salesforce's own.
 */
export function readLoginHost(text: string, standIn?: string): string | undefined {
  const typed = text.trim().toLowerCase();
  if (standIn !== undefined && typed === standIn) return standIn;
  const host = /^(?:https:\/\/)?([^/]+)\/?$/.exec(typed)?.[1];
  return host !== undefined && salesforceHost.test(host) ? `https://${host}` : undefined;
}
