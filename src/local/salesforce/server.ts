import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import Fastify from 'fastify';
import { authorizeRoutes, createSessions } from './authorize.ts';
import { controlRoutes, createControl } from './control.ts';
import type { Control } from './control.ts';
import { dataFrame } from './data-frame.ts';
import { createFaults } from './faults.ts';
import type { AtOnceFault } from './faults.ts';
import { installFrame } from './frame.ts';
import type { Frame } from './frame.ts';
import { openOrgHost, serverOptions } from './hosts.ts';
import type { OrgHost } from './hosts.ts';
import { createIdTokens } from './id-tokens.ts';
import { identityRoutes } from './identity.ts';
import { createJournal } from './journal.ts';
import { plainPage } from './pages.ts';
import { openState } from './state.ts';
import type { OrgState } from './state.ts';
import { tokenRoutes } from './token.ts';
import type { Clock } from './types.ts';

export { standInClientId, standInClientSecret } from './policies.ts';

export interface StandInOptions {
  /** Of the login host; 0 for any free port. The orgs' own hosts take others. */
  readonly port: number;
  readonly host?: string | undefined;
  /** How clients write the host, where that differs from what is listened on. */
  readonly publicHost?: string | undefined;
  /** Where state outlives the process; without it nothing does. */
  readonly dataDir?: string | undefined;
  /** About how many contacts each org gets, for benchmarks. */
  readonly records?: number | undefined;
  /** Of the product, wherever it is; any on localhost is taken besides, and those in an org's policies. */
  readonly callbackUrls?: readonly string[] | undefined;
  /** Newest API version served, such as `67.0`. */
  readonly apiVersion?: string | undefined;
  readonly clock?: Clock | undefined;
}

export interface StandIn {
  /** The login host, which also carries `/__control` and serves every org. */
  readonly url: string;
  /** The org's own host, which is its `instance_url`. */
  orgUrl(orgId: string): string;
  readonly control: Control;
  close(): Promise<void>;
}

/** An org's own host is looked for so far above the login host's port. */
const orgPortOffset = 10_000;
const redirectMs = 600_000;

/**
 * Starts a Salesforce that is none: OAuth, identity and the data API over HTTP, as they look on the wire. A taken port is the listener's
 * own `EADDRINUSE`; nothing is left open when starting fails.
 */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const { port, host = '127.0.0.1', dataDir, records, clock = Date.now } = options;
  const { callbackUrls = [], apiVersion = '67.0' } = options;
  const publicHost = options.publicHost ?? (/^(?:0\.0\.0\.0|::)$/.test(host) ? 'localhost' : host);
  const state = await openState({ clock, dataDir, contacts: records });
  const faults = createFaults(clock);
  const journal = createJournal();
  const sessions = createSessions(clock);
  const idTokens = createIdTokens();
  const hosts = new Map<OrgState, OrgHost>();
  const ownHosts = new WeakMap<IncomingMessage, OrgState>();

  const app = Fastify({
    ...serverOptions,
    http: { maxHeaderSize: serverOptions.maxHeaderSize },
    forceCloseConnections: true,
    bodyLimit: 50 * 1024 * 1024,
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: true },
    ajv: { customOptions: { removeAdditional: false } },
  });

  const hostFor = (org: OrgState): OrgHost => {
    const found = hosts.get(org);
    if (found === undefined) throw new Error(`The host of org ${org.id} is not open.`);
    return found;
  };
  const known = (orgId: string): OrgState => {
    const org = state.org(orgId);
    if (org === undefined) throw new Error(`No such org: ${orgId}.`);
    return org;
  };
  let loginUrl = '';

  const strike = async (fault: AtOnceFault, org: OrgState, delayMs: number | undefined): Promise<void> => {
    switch (fault) {
      case 'expire-access':
        state.grants.expireAccess(org.id);
        break;
      case 'revoke':
        state.grants.revokeAll(org.id);
        break;
      case 'move-host':
        await hostFor(org).move(delayMs ?? redirectMs);
        break;
    }
    await state.save();
  };

  const frame: Frame = {
    state,
    clock,
    faults,
    journal,
    apiVersion,
    callbackUrls,
    loginUrl: () => loginUrl,
    orgUrl: (org) => hostFor(known(org.id)).url(),
    hostOf: (request) => ownHosts.get(request.raw),
    sessionOrgOf: (request) => sessions.of(request)?.org,
    strike,
  };
  const control = createControl({
    frame,
    setRefusing: (org, isRefusing) => (isRefusing ? hostFor(org).refuse() : hostFor(org).accept()),
    clearSessions: sessions.clear,
  });

  await app.register(cookie);
  await app.register(formbody);
  // Clients send `Content-Type: application/json` with nothing to say; Salesforce does not mind.
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch (error) {
      done(Object.assign(error as Error, { statusCode: 400 }));
    }
  });

  // Somebody may be waiting for a restart: nothing is answered before every host is open.
  const opened = Promise.withResolvers<undefined>();
  app.addHook('onRequest', () => opened.promise);
  const exchanges = installFrame(app, frame);
  app.setNotFoundHandler(async (_request, reply) =>
    reply
      .code(404)
      .header('content-type', 'text/html;charset=UTF-8')
      .send(plainPage('Page not found', 'There is no such page in the Salesforce stand-in.')),
  );
  await app.register(authorizeRoutes, { frame, sessions });
  await app.register(tokenRoutes, { frame, exchanges, idTokens });
  await app.register(identityRoutes, { frame, idTokens });
  await app.register(dataFrame, { prefix: '/services/data', frame, exchanges });
  await app.register(controlRoutes, { prefix: '/__control', control, frame });

  const close = async (): Promise<void> => {
    control.close();
    await Promise.all([...hosts.values()].map((each) => each.close()));
    await app.close();
    await state.close();
  };

  try {
    await app.listen({ port, host });
    const mainPort = (app.server.address() as AddressInfo).port;
    loginUrl = `http://${publicHost}:${mainPort}`;
    let next = port === 0 ? 0 : port + orgPortOffset;
    for (const org of state.orgs) {
      const ownHost = await openOrgHost({
        host,
        publicHost,
        port: state.ports[org.id] ?? next,
        handle: (request, response) => {
          ownHosts.set(request, org);
          app.routing(request, response);
        },
        onPort: (found) => {
          state.ports[org.id] = found;
          state.saveSoon();
        },
      });
      hosts.set(org, ownHost);
      if (next !== 0) next++;
    }
    opened.resolve(undefined);
  } catch (error) {
    await close();
    throw error;
  }

  return { url: loginUrl, orgUrl: (orgId) => frame.orgUrl(known(orgId)), control, close };
}
