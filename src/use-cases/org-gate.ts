import type { OrgId, PbxId } from '../domain/ids.ts';
import type { Clock } from '../ports.ts';

export interface ApiUsage {
  readonly used: number;
  readonly max: number;
}

export interface OrgGateLimits {
  /** Lookups of one org under way at Salesforce, in this process. */
  readonly concurrency: number;
  /** The share of the daily calls that lookups may use; the rest is for the org's other programs and for keeping the connection. */
  readonly quotaShare: number;
  /** When lookups have stopped, one in this time asks whether there are calls again. */
  readonly probeEveryMs: number;
}

const defaults: OrgGateLimits = { concurrency: 100, quotaShare: 0.98, probeEveryMs: 60_000 };

/** `used-up`: the daily calls are nearly gone. `over`: the signal ended the waiting. */
export type Admission =
  { readonly kind: 'in'; leave(usage?: ApiUsage): void } | { readonly kind: 'used-up' } | { readonly kind: 'over' };

export interface OrgGate {
  /**
   * Waits its turn where there is no room. Phone systems take turns, so that none waits behind all that another asks; each has first
   * come, first served.
   */
  enter(orgId: OrgId, pbxId: PbxId, signal: AbortSignal): Admission | Promise<Admission>;
}

interface Org {
  inside: number;
  /** Who waits, by phone system; the one whose turn it is stands first. */
  readonly queues: Map<PbxId, Set<() => void>>;
  usage: ApiUsage | undefined;
  probeAtMs: number;
}

/**
 * What stands between the lookups and one org: not more at once than Salesforce takes kindly, and none when the org's daily calls are
 * nearly used up, since the connection itself needs some. How many are used every answer of Salesforce tells.
 */
export function createOrgGate(clock: Clock, limits: Partial<OrgGateLimits> = {}): OrgGate {
  const { concurrency, quotaShare, probeEveryMs } = { ...defaults, ...limits };
  const orgs = new Map<OrgId, Org>();

  function isUsedUp(org: Org): boolean {
    if (org.usage === undefined || org.usage.used < org.usage.max * quotaShare) return false;
    const nowMs = clock.now();
    if (nowMs < org.probeAtMs) return true;
    org.probeAtMs = nowMs + probeEveryMs;
    return false;
  }

  function admitted(org: Org): Admission {
    org.inside += 1;
    return {
      kind: 'in',
      leave(usage) {
        if (usage !== undefined) {
          if (org.usage === undefined || org.usage.used < org.usage.max * quotaShare) {
            org.probeAtMs = clock.now() + probeEveryMs;
          }
          org.usage = usage;
        }
        org.inside -= 1;
        letNextIn(org);
      },
    };
  }

  function letNextIn({ queues }: Org): void {
    const [turn] = queues;
    if (turn === undefined) return;
    const [pbxId, waiting] = turn;
    const [next] = waiting;
    next?.();
    // Whoever has more waiting goes to the end of the row.
    if (queues.delete(pbxId)) queues.set(pbxId, waiting);
  }

  return {
    enter(orgId, pbxId, signal) {
      const org: Org = orgs.get(orgId) ?? { inside: 0, queues: new Map(), usage: undefined, probeAtMs: 0 };
      orgs.set(orgId, org);
      if (isUsedUp(org)) return { kind: 'used-up' };
      if (org.inside < concurrency) return admitted(org);
      return new Promise((resolve) => {
        const waiting = org.queues.get(pbxId) ?? new Set<() => void>();
        org.queues.set(pbxId, waiting);
        const end = (admission: Admission) => {
          waiting.delete(next);
          if (waiting.size === 0) org.queues.delete(pbxId);
          signal.removeEventListener('abort', giveUp);
          resolve(admission);
        };
        const next = () => end(admitted(org));
        const giveUp = () => end({ kind: 'over' });
        waiting.add(next);
        signal.addEventListener('abort', giveUp);
        if (signal.aborted) giveUp();
      });
    },
  };
}
