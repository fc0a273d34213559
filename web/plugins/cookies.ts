import type { CookieSerializeOptions } from '@fastify/cookie';

/** How the portal names and marks its cookies. Lax, or they would be missing on the way back from Salesforce. */
export interface Cookies {
  readonly session: string;
  readonly csrf: string;
  readonly flash: string;
  readonly authorization: (stateHash: string) => string;
  readonly options: CookieSerializeOptions & { path: string };
}

export function createCookies(publicUrl: string): Cookies {
  const secure = publicUrl.startsWith('https:');
  // The prefix makes browsers refuse the cookie from another host name or an unencrypted page.
  const name = (word: string) => `${secure ? '__Host-' : ''}trunkline-${word}`;
  return {
    session: name('session'),
    csrf: name('csrf'),
    flash: name('flash'),
    authorization: (stateHash) => name(`authorization-${stateHash.slice(0, 16)}`),
    options: { path: '/', httpOnly: true, sameSite: 'lax', secure },
  };
}
