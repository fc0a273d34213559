import type { DialingRules } from '../src/domain/dialing-rules.ts';
import type { Pbx } from '../src/domain/lookup.ts';
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
  | 'publicUrl'
  | 'standIn'
  | 'countries'
  | 'exampleCallerId'
  | 'allowPrivateWebhooks'
  | 'checkNowEveryMs'
  | 'numbers'
  | 'executionUrl'
> {
  readonly services: PortalServices & { readonly mails: AccountMails };
  readonly texts: Texts;
  readonly cookies: Cookies;
  readonly flashes: Flashes;
  readonly pages: Pages;
  readonly streams: StatusStreams;
  /** By which the phone system's numbers are read: its own set, else its country's. */
  readonly rulesOf: (pbx: Pick<Pbx, 'accountId' | 'country' | 'dialingRulesId'>) => Promise<DialingRules>;
}

/** Options of a route module. */
export interface PortalRoutes {
  readonly portal: Portal;
}
