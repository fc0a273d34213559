import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PbxId } from '../../src/domain/ids.ts';
import type { Sealer } from '../../src/ports.ts';
import type { Cookies } from './cookies.ts';

/** What a form that was sent tells the page that comes next, once. */
export interface Flash {
  readonly notice?: string;
  /** What did not work. */
  readonly problem?: string;
  /** A secret just made: it is shown now and never again. */
  readonly secret?: { readonly kind: 'account-token' | 'webhook'; readonly name: string; readonly value: string };
  /** A token just made: it is shown now and never again. */
  readonly pbxToken?: { readonly pbxId: PbxId; readonly name: string; readonly jwt: string };
}

export interface Flashes {
  set(reply: FastifyReply, flash: Flash): void;
  take(request: FastifyRequest, reply: FastifyReply): Flash | undefined;
}

const lifeSeconds = 60;
const context = 'flash cookie';

/** Carries it in a sealed cookie, so that any server process can show what another one did. */
export function createFlashes(sealer: Sealer, cookies: Cookies): Flashes {
  return {
    set(reply, flash) {
      const value = sealer.seal(JSON.stringify(flash), context);
      void reply.setCookie(cookies.flash, value, { ...cookies.options, maxAge: lifeSeconds });
    },
    take(request, reply) {
      const value = request.cookies[cookies.flash];
      if (value === undefined) return undefined;
      void reply.clearCookie(cookies.flash, cookies.options);
      try {
        return JSON.parse(sealer.open(value, context)) as Flash;
      } catch {
        // Sealed by a key that has gone, or made up: nothing to show.
        return undefined;
      }
    },
  };
}
