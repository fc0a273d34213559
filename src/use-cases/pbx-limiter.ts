import type { PbxId } from '../domain/ids.ts';
import type { Pbx } from '../domain/lookup.ts';
import { AppError } from '../errors.ts';
import type { Clock } from '../ports.ts';

export interface PbxLimiter {
  /**
   * Lets a question of a phone system in; what it gives back is called when the question is answered. Throws `TOO_MANY_REQUESTS` with
   * the time after which the next one has a chance.
   */
  enter(pbx: Pick<Pbx, 'id' | 'limits'>): () => void;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
  inFlight: number;
}

/** A question that waits for another to be answered has no better time to come back. */
const retryInFlightMs = 1_000;
/** Buckets of phone systems that have gone quiet are full: forgetting them changes nothing. */
const forgetBeyond = 10_000;

/**
 * Holds each phone system to its own limits, in this process, so that a loop in one dial plan takes nothing from the others: a bucket
 * that fills at the rate and holds the burst, and a number of questions under way.
 */
export function createPbxLimiter(clock: Clock): PbxLimiter {
  const buckets = new Map<PbxId, Bucket>();

  function bucketOf({ id, limits: { perSecond, burst } }: Pick<Pbx, 'id' | 'limits'>): Bucket {
    const nowMs = clock.now();
    const bucket = buckets.get(id) ?? { tokens: burst, filledAtMs: nowMs, inFlight: 0 };
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.filledAtMs) * perSecond) / 1_000);
    bucket.filledAtMs = nowMs;
    buckets.set(id, bucket);
    return bucket;
  }

  return {
    enter(pbx) {
      if (buckets.size > forgetBeyond) for (const [id, { inFlight }] of buckets) if (inFlight === 0) buckets.delete(id);
      const bucket = bucketOf(pbx);
      const { perSecond, inFlight } = pbx.limits;
      if (bucket.inFlight >= inFlight) throw tooMany(retryInFlightMs);
      if (bucket.tokens < 1) throw tooMany(((1 - bucket.tokens) * 1_000) / perSecond);
      bucket.tokens -= 1;
      bucket.inFlight += 1;
      return () => {
        bucket.inFlight -= 1;
      };
    },
  };
}

const tooMany = (retryAfterMs: number) =>
  new AppError('TOO_MANY_REQUESTS', 'This phone system asks more than its limits allow; they are set on its page.', {
    retryAfterMs,
  });
