import { amazonConnect } from './amazon-connect.ts';
import { asterisk } from './asterisk.ts';
import { curl } from './curl.ts';
import { freepbx } from './freepbx.ts';
import { freeswitch } from './freeswitch.ts';
import { genesys } from './genesys.ts';
import { kamailio } from './kamailio.ts';
import type { Setup } from './setup.ts';
import { threeCx } from './three-cx.ts';
import { twilio } from './twilio.ts';

/** The clients that a set-up is at hand for; what each is called and where it goes stands in the texts. */
export const setups = {
  asterisk,
  freeswitch,
  kamailio,
  '3cx': threeCx,
  freepbx,
  genesys,
  'amazon-connect': amazonConnect,
  twilio,
  curl,
} as const satisfies Record<string, Setup>;

export type SetupName = keyof typeof setups;
export const setupNames = Object.keys(setups) as SetupName[];
