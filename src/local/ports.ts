import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import type { Settings } from '../config.ts';
import { ensurePortFree, freePort } from './network.ts';

const portSettings = [
  'PORT',
  'POSTGRES_PORT',
  'TEMPORAL_PORT',
  'TEMPORAL_UI_PORT',
  'SALESFORCE_STAND_IN_PORT',
  'METRICS_PORT',
] as const;
type PortSetting = (typeof portSettings)[number];
export type Ports = Record<PortSetting, number>;

/** Settings for a stack beside others. */
export const anyFreePorts: Readonly<Record<string, string>> = Object.fromEntries(
  portSettings.map((name) => [name, '0']),
);

/**
 * Where each part listens that is started here. What a browser or a phone system talks to follows `HOST`; the database and Temporal with
 * its UI, which asks nobody who they are, are for this machine alone.
 */
function listeners(settings: Settings, usesStandIn: boolean): Record<PortSetting, string | undefined> {
  const temporal = settings.TEMPORAL_ADDRESS === undefined ? '127.0.0.1' : undefined;
  return {
    PORT: settings.HOST,
    POSTGRES_PORT: settings.DATABASE_URL === undefined ? '127.0.0.1' : undefined,
    TEMPORAL_PORT: temporal,
    TEMPORAL_UI_PORT: temporal,
    SALESFORCE_STAND_IN_PORT: usesStandIn ? settings.HOST : undefined,
    METRICS_PORT: settings.HOST,
  };
}

/** Replaces 0 by a free port, and makes sure of the others: before anything is started, so that the sentence comes at once. */
export async function choosePorts(settings: Settings, usesStandIn: boolean): Promise<Ports> {
  const ports: Ports = { ...settings };
  const hosts = listeners(settings, usesStandIn);
  for (const name of portSettings) {
    const host = hosts[name];
    if (host === undefined) continue;
    if (ports[name] !== 0) {
      const span = name === 'METRICS_PORT' ? 4 : 1; // server, worker, and the Temporal SDK of each
      for (let port = ports[name]; port < ports[name] + span; port++) await ensurePortFree(port, host, name);
    } else if (name !== 'METRICS_PORT') {
      ports[name] = await freePort();
    }
  }
  return ports;
}

const everyAddress: readonly string[] = ['0.0.0.0', '::'];

/**
 * How browsers write the host of what listens on `host`: as it is, or, where that is every address, as they write the portal's.
 * `public` goes into a URL, `local` leads there from this machine.
 */
export function namesOf(host: string, publicUrl: string): { readonly public: string; readonly local: string } {
  if (everyAddress.includes(host)) return { public: new URL(publicUrl).hostname, local: '127.0.0.1' };
  const name = isIPv6(host) ? `[${host}]` : host;
  return { public: name, local: name };
}

/** A sentence for a `HOST` that others can reach, while every browser would be sent on to `localhost`. */
export function missingPublicUrl(
  { HOST: host, PUBLIC_URL: given }: Settings,
  { PORT: port }: Ports,
): string | undefined {
  if (given !== undefined || ['127.0.0.1', '::1', 'localhost'].includes(host)) return undefined;
  const example = everyAddress.includes(host) ? hostname() : namesOf(host, '').public;
  return `HOST is ${host}, and without PUBLIC_URL every browser is sent to http://localhost:${port}: set PUBLIC_URL to the address of this machine, such as http://${example}:${port}.`;
}
