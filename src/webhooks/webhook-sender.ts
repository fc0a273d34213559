import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { Agent, request } from 'undici';
import { readWebhookUrl } from '../domain/alert-address.ts';
import type { DeliveryFailure } from '../domain/alerts.ts';
import type { WebhookSender } from '../ports.ts';
import { isPublicAddress, mayBePublic } from '../use-cases/public-address.ts';

/** From resolving the name to the end of the answer. */
const limitMs = 10_000;
/** More of an answer than this is not waited for. */
const answerBytes = 16 * 1024;

type LookupAll = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

const notAllowed = 'TRUNKLINE_ADDRESS_NOT_ALLOWED';

/**
 * Posts what is signed already. The name is resolved once, every address is checked, and the connection goes to one that was: a name
 * that changes its mind in between leads nowhere else. Redirects are not followed, connections are not kept.
 */
export function createWebhookSender(options: {
  /** Lets messages go into private networks, and without encryption. */
  readonly allowPrivate: boolean;
  /** Resolves names; for tests. */
  readonly lookup?: LookupAll;
  /** Believed beside nobody else (PEM); for tests. Operators name theirs in `NODE_EXTRA_CA_CERTS`. */
  readonly certificateAuthority?: string;
  readonly limitMs?: number;
}): WebhookSender & { close(): Promise<void> } {
  const { allowPrivate, lookup = systemLookup, certificateAuthority } = options;
  const isAllowed = (address: string): boolean => allowPrivate || isPublicAddress(address);

  const agent = new Agent({
    pipelining: 0,
    connect: {
      ...(certificateAuthority === undefined ? {} : { ca: certificateAuthority }),
      lookup(hostname, lookupOptions, callback) {
        lookup(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
          const failure = error ?? (addresses.every(({ address }) => isAllowed(address)) ? null : refusal());
          if (failure || lookupOptions.all === true) callback(failure, addresses);
          else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
        });
      },
    },
  });

  return {
    async send({ url, body, headers }) {
      const target = readWebhookUrl(url, { allowPrivate });
      if (!target) return 'address-not-allowed';
      // An address that is written out is not resolved, so the check above never sees it.
      if (!allowPrivate && !mayBePublic(target)) return 'address-not-allowed';
      try {
        const signal = AbortSignal.timeout(options.limitMs ?? limitMs);
        const answer = await request(target, {
          dispatcher: agent,
          method: 'POST',
          headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'Trunkline', ...headers },
          body,
          signal,
        });
        const { statusCode } = answer;
        // The status is the answer; what else comes is of no interest.
        await answer.body.dump({ limit: answerBytes, signal }).catch(() => undefined);
        return statusCode >= 200 && statusCode < 300 ? undefined : `answered-${statusCode}`;
      } catch (error) {
        return failureOf(error);
      }
    },
    close: () => agent.close(),
  };
}

const refusal = () => Object.assign(new Error('This is not a public address.'), { code: notAllowed });

function failureOf(error: unknown): DeliveryFailure {
  const { code = '', name = '' } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (code === notAllowed) return 'address-not-allowed';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'host-unknown';
  if (name === 'TimeoutError' || String(code).includes('TIMEOUT')) return 'no-answer';
  if (/CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_/.test(String(code))) return 'certificate-refused';
  return 'unreachable';
}
