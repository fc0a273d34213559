import type { AccountMails } from '../src/ports.ts';
import type { StatusStreams } from './live/status-streams.ts';
import type { AppOptions, PortalServices } from './options.ts';
import type { Pages } from './pages.ts';
import type { Cookies } from './plugins/cookies.ts';
import type { Flashes } from './plugins/flash.ts';
import type { Texts } from './texts.ts';

/** What every route of the portal is given. */
export interface Portal extends Pick<
  AppOptions,
  'publicUrl' | 'standIn' | 'countries' | 'exampleCallerId' | 'allowPrivateWebhooks'
> {
  readonly services: PortalServices & { readonly mails: AccountMails };
  readonly texts: Texts;
  readonly cookies: Cookies;
  readonly flashes: Flashes;
  readonly pages: Pages;
  readonly streams: StatusStreams;
}

/** Options of a route module. */
export interface PortalRoutes {
  readonly portal: Portal;
}
