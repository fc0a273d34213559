import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Account } from '../src/ports.ts';
import type { Connection } from '../src/domain/connection.ts';
import { renderRegions, type Regions } from './live/regions.ts';
import type { PortalServices } from './options.ts';
import { presentConnection, type ConnectionView } from './presenters/connection.ts';
import { createTimes, icon } from './presenters/html.ts';
import { timelineActions, timelineLength } from './presenters/timeline.ts';
import type { Flash, Flashes } from './plugins/flash.ts';
import { language, locale, type Texts } from './texts.ts';

/** How an account's connection stands, as data and as the HTML that is kept live. */
export interface LiveStatus {
  readonly connection: Connection | undefined;
  readonly view: ConnectionView;
  readonly regions: Regions;
}

export interface Pages {
  /** Answers with a page in the portal's frame. `status` and `flash` spare reading them again. */
  send(
    request: FastifyRequest,
    reply: FastifyReply,
    page: {
      view: string;
      title: string;
      data?: Readonly<Record<string, unknown>>;
      status?: LiveStatus | undefined;
      flash?: Flash | undefined;
    },
  ): Promise<FastifyReply>;
  /** A piece of a page. */
  fragment(account: Account, view: string, data: Readonly<Record<string, unknown>>): Promise<string>;
  liveStatus(account: Account): Promise<LiveStatus>;
}

export function createPages(
  app: FastifyInstance,
  services: PortalServices,
  options: { t: Texts; flashes: Flashes; standIn: { readonly url: string } | undefined },
): Pages {
  const { t, flashes, standIn } = options;
  const helpers = (account: Account | undefined) => ({
    t,
    icon,
    language,
    locale,
    time: createTimes(locale, account?.timeZone ?? 'UTC', t('connection.refresh-due')).time,
  });
  const fragment: Pages['fragment'] = (account, view, data) => app.view(view, { ...helpers(account), ...data });

  const liveStatus = async (account: Account): Promise<LiveStatus> => {
    const [connection, attempt, events] = await Promise.all([
      services.connections.ofAccount(account.id),
      services.authorizations.latestOf(account.id),
      services.audit.list(account.id, timelineLength, timelineActions),
    ]);
    const view = presentConnection({ connection, attempt, events }, services.clock.now(), t);
    const regions = await renderRegions((name) => fragment(account, `live/${name}`, { connection: view }));
    return { connection, view, regions };
  };

  return {
    fragment,
    liveStatus,
    async send(request, reply, { view, title, data, status, flash }) {
      const account = request.signedIn?.account;
      // One for all forms of a page: for a browser without the cookie each call would set another one.
      let csrfToken: string | undefined;
      const html = await app.view(view, {
        ...helpers(account),
        ...data,
        title,
        account,
        standIn,
        path: request.url.split('?', 1)[0],
        nowMs: services.clock.now(),
        // An error page comes without the status when that is what cannot be read.
        status: account ? (status ?? (await liveStatus(account).catch(() => undefined))) : undefined,
        flash: flash ?? (request.method === 'GET' ? flashes.take(request, reply) : undefined),
        csrf: () => (csrfToken ??= reply.generateCsrf()),
      });
      return reply.header('cache-control', 'no-store').type('text/html; charset=utf-8').send(html);
    },
  };
}
